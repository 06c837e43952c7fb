"""Python functions that TensorFlow's threads call."""

import atexit
import functools
import threading
import time

# TensorFlow calls as long as its buffers are not full. With less than this
# between two calls, they are not.
_PAUSE_SECONDS = 0.1
_MOST_SECONDS = 10.0


class _Calls:
    """The calls of all functions: how many run, and whether they are to end."""

    def __init__(self):
        self.ending = False
        self._lock = threading.Lock()
        self._running = 0
        self._last = 0.0

    def __enter__(self):
        with self._lock:
            self._running += 1

    def __exit__(self, *error):
        with self._lock:
            self._running -= 1
            self._last = time.monotonic()

    def end(self):
        """Waits until TensorFlow calls no more.

        A thread that waits for Python's global lock while Python ends never
        gets on, and TensorFlow then waits for that thread, without end.
        """
        self.ending = True
        start = time.monotonic()
        while time.monotonic() - start < _MOST_SECONDS:
            if not self._running and (
                time.monotonic() - max(self._last, start) > _PAUSE_SECONDS
            ):
                return
            time.sleep(_PAUSE_SECONDS / 10)


_CALLS = _Calls()


def called_by_threads(function, at_exit):
    """Makes a function that `tf.data` may call until Python ends.

    Args:
        function: Function for `tf.numpy_function`.
        at_exit: What the function returns, at once, after Python begins to
            end. Nobody uses it.
    """
    # Once, and as late as possible, because it is then called early.
    atexit.unregister(_CALLS.end)
    atexit.register(_CALLS.end)

    @functools.wraps(function)
    def call(*arguments):
        with _CALLS:
            return at_exit if _CALLS.ending else function(*arguments)

    return call
