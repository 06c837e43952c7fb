"""A lock, so that only one process at a time trains in a directory."""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import socket

from absl import logging

_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextlib.contextmanager
def locked(path):
    """Returns a context that holds the lock file `path`.

    The file names the process that holds it. What counts is the operating
    system's lock on the file, so a process that was killed holds nothing. On
    a file system without locks, a process holds the file if it is still
    alive. The file is removed at the end of the context.

    Args:
        path: Path of the file. Its directory is created.

    Raises:
        ValueError: If another process holds the file.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    file, free = _opened(path)
    with file:
        file.seek(0)
        holder = _read(file.read())
        if free is None:
            free = not _is_alive(holder)
        if not free:
            raise ValueError(
                f"`workdir` {path.parent} is in use by process "
                f"{_name(holder)}: wait for it, stop it, or use another "
                f"workdir. (If that process no longer exists, remove {path})"
            )
        if holder:
            logging.warning(
                "Process %s ended without releasing its lock on %s: taking the "
                "lock.",
                _name(holder),
                path.parent,
            )
        file.seek(0)
        file.truncate()
        file.write(
            json.dumps({"host": socket.gethostname(), "pid": os.getpid()})
        )
        file.flush()
        try:
            yield
        finally:
            # Removed while it is still locked: see `_opened`.
            path.unlink(missing_ok=True)


def _opened(path):
    """Opens and locks the file.

    It opens the file again if its last holder removed it in between.

    Returns:
        The file, and the result of `_lock`.
    """
    while True:
        file = open(path, "a+", encoding="utf-8")  # noqa: SIM115
        free = _lock(file)
        if not free:
            return file, free
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file, free
        file.close()


def _lock(file):
    """Returns whether the lock was free; None if there are no locks."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno in _UNSUPPORTED:
            return None
        raise
    return True


def _read(text):
    """Returns the holder in the text of a lock file, or None."""
    try:
        holder = json.loads(text or "{}")
        return {"host": str(holder["host"]), "pid": int(holder["pid"])}
    except (ValueError, KeyError, TypeError):
        return None


def _name(holder):
    return f"{holder['pid']} on {holder['host']}" if holder else "unknown"


def _is_alive(holder):
    """Returns whether a holder may be alive: on another machine, always."""
    if holder is None:
        return False
    if holder["host"] != socket.gethostname():
        return True
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return holder["pid"] != os.getpid()
