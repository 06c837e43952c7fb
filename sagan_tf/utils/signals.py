"""Signals that ask a process to stop."""

import contextlib
import os
import signal
import threading

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def handlers_kept():
    """Returns a context after which signals have Python's handlers again.

    A C++ library may replace them.
    """
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                signal.signal(number, signal.getsignal(number))


class Interruption:
    """A request to stop.

    Attributes:
        signal: `signal.Signals`, the request, or None if there was none.
    """

    def __init__(self):
        self.signal = None


@contextlib.contextmanager
def deferred():
    """Returns a context in which SIGTERM and SIGINT are only noted.

    The caller reads the request and ends its work. A second signal has its
    usual effect. Ignored signals stay ignored. Outside the main thread, where
    Python handles no signals, nothing changes.

    Yields:
        `Interruption`.

    Raises:
        KeyboardInterrupt, SystemExit: At the end of the context, if there was
            a request. For SIGTERM, the exit code is that of shells, 143.
    """
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    usual = {
        number: signal.getsignal(number)
        for number in _SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN
    }

    def restore():
        for number, handler in usual.items():
            signal.signal(number, handler)

    def note(number, frame):
        interruption.signal = signal.Signals(number)
        restore()
        # Not by the log, because the signal may have interrupted a line of
        # the log. The reader of stderr may be gone, by the same signal.
        with contextlib.suppress(OSError):
            os.write(
                2,
                f"\n{interruption.signal.name}: stopping after this step. The "
                "same signal again stops at once.\n".encode(),
            )

    for number in usual:
        signal.signal(number, note)
    try:
        yield interruption
    finally:
        restore()
    if interruption.signal == signal.SIGINT:
        raise KeyboardInterrupt
    if interruption.signal is not None:
        raise SystemExit(128 + interruption.signal)
