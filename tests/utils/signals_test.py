"""Tests of signals that ask to stop."""

import ctypes
import os
import signal
import threading

import pytest

from sagan_tf.utils import signals


@pytest.fixture(autouse=True)
def _usual_handlers():
    """Handles SIGINT as usual, even if the tests were started without."""
    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_ignored_signal_stays_ignored():
    """A shell starts background processes so."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with signals.deferred() as request:
        os.kill(os.getpid(), signal.SIGINT)
        assert request.signal is None


def test_handlers_are_kept():
    """Even if C code sets one that ignores the signal."""
    called = []
    usual = signal.signal(signal.SIGTERM, lambda *_: called.append("ours"))
    library = ctypes.CDLL(None)
    library.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
    library.signal.restype = ctypes.c_void_p
    with signals.handlers_kept():
        library.signal(signal.SIGTERM, int(signal.SIG_IGN))
        os.kill(os.getpid(), signal.SIGTERM)
    assert not called
    os.kill(os.getpid(), signal.SIGTERM)
    signal.signal(signal.SIGTERM, usual)
    assert called == ["ours"]


@pytest.mark.parametrize(
    ("number", "raised"),
    [(signal.SIGTERM, SystemExit), (signal.SIGINT, KeyboardInterrupt)],
)
def test_first_signal_is_a_request(number, raised, capfd):
    usual = signal.getsignal(number)
    finished = False
    with pytest.raises(raised) as caught, signals.deferred() as request:
        assert request.signal is None
        os.kill(os.getpid(), number)
        assert request.signal == number
        finished = True
    assert finished
    assert f"{number.name}: stopping" in capfd.readouterr().err
    if raised is SystemExit:
        assert caught.value.code == 143
    assert signal.getsignal(number) is usual


def test_second_signal_has_its_usual_effect():
    with pytest.raises(KeyboardInterrupt), signals.deferred() as request:
        os.kill(os.getpid(), signal.SIGINT)
        assert request.signal == signal.SIGINT
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("was not interrupted")


def test_without_a_signal_nothing_is_raised():
    usual = signal.getsignal(signal.SIGTERM)
    with signals.deferred() as request:
        assert signal.getsignal(signal.SIGTERM) is not usual
    assert request.signal is None
    assert signal.getsignal(signal.SIGTERM) is usual


def test_an_error_is_raised_instead_of_the_request():
    with pytest.raises(OSError, match="full"), signals.deferred():
        os.kill(os.getpid(), signal.SIGTERM)
        raise OSError("full")


def test_other_threads_are_left_alone():
    seen = []

    def work():
        with signals.deferred() as request:
            seen.append(request.signal)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [None]
