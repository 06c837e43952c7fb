"""Signals that ask a process to stop."""

import contextlib
import os
import signal
import threading

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextlib.contextmanager
def handlers_kept():
    """Restores Python's handlers, which a C++ library may replace within."""
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                signal.signal(number, signal.getsignal(number))


class Interruption:
    """Which signal asked to stop.

    Attributes:
        signal: `signal.Signals`, or None while there was none.
    """

    def __init__(self):
        self.signal = None


@contextlib.contextmanager
def deferred():
    """Takes the first SIGTERM or SIGINT as a request, within the context.

    A second one has its usual effect. One that is ignored stays so. In
    another thread than the main one, where Python has no signals, nothing is
    changed.

    Yields:
        `Interruption`, which says whether there was a request. It is the
        caller's to end what it does.

    Raises:
        KeyboardInterrupt, SystemExit: At the end of the context, if there was
            a request: what the signal would have raised, or the exit code
            that shells have for it.
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
        # Not by the log: the signal may have come in the midst of a line.
        # Who reads it may have been stopped by the same signal.
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
