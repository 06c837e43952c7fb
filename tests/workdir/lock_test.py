"""Tests of the lock on a workdir."""

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys

import pytest

from sagan_tf.workdir import lock

# Runs the file of the module alone, which imports nothing slow.
_HOLD = """
import runpy, sys, time
lock = runpy.run_path(sys.argv[1])
with lock["locked"](sys.argv[2]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, lock.__file__, tmp_path / "run" / "lock"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_second_process_is_refused(tmp_path, holder):
    path = tmp_path / "run" / "lock"
    before = path.read_text()
    named = f"process {holder.pid} on {socket.gethostname()}"
    with pytest.raises(ValueError, match=named), lock.locked(path):
        pass
    assert path.read_text() == before


def test_lock_of_a_killed_process_is_logged_and_taken(tmp_path, holder, caplog):
    path = tmp_path / "run" / "lock"
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with caplog.at_level("WARNING"), lock.locked(path):
        assert json.loads(path.read_text())["pid"] == os.getpid()
    assert (
        f"Process {holder.pid} on {socket.gethostname()} ended" in caplog.text
    )
    assert not path.exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"host": 1}'])
def test_free_lock_is_taken_without_a_warning(tmp_path, caplog, text):
    path = tmp_path / "lock"
    path.write_text(text)
    with caplog.at_level("WARNING"), lock.locked(path):
        pass
    assert not caplog.text and not path.exists()


def test_file_that_its_holder_removed_is_made_again(tmp_path, monkeypatch):
    """The holder removes it after it was opened and before it is locked."""
    path = tmp_path / "lock"
    flock, removed = fcntl.flock, []

    def flock_of_removed(file, operation):
        if not removed:
            removed.append(path)
            path.unlink()
        return flock(file, operation)

    monkeypatch.setattr(fcntl, "flock", flock_of_removed)
    with lock.locked(path):
        assert path.exists()


@pytest.mark.parametrize(
    ("host", "running", "refused"),
    [("here", True, True), ("here", False, False), ("elsewhere", False, True)],
)
def test_file_system_without_locks(
    tmp_path, monkeypatch, caplog, host, running, refused
):
    """The process that the file names counts, if it may be alive."""

    def flock(file, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    child = subprocess.Popen(["sleep", "60" if running else "0"])
    if not running:
        child.wait()
    here = socket.gethostname()
    path = tmp_path / "lock"
    path.write_text(
        json.dumps({"host": here if host == "here" else host, "pid": child.pid})
    )
    if refused:
        with (
            pytest.raises(ValueError, match=f"remove {path}"),
            lock.locked(path),
        ):
            pass
    else:
        with caplog.at_level("WARNING"), lock.locked(path):
            assert json.loads(path.read_text())["pid"] == os.getpid()
    child.kill()
    child.wait()
