"""One process at a time in a directory."""

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
    """Holds the lock file `path`, which names the process that has it.

    The operating system's lock on the file decides, so a process that was
    killed holds nothing; what it wrote there is then explained and replaced.
    On a file system without locks the process named there is asked after.
    The file is removed in the end.

    Args:
        path: Path of the file; its directory is made if there is none.

    Raises:
        ValueError: If another process has it.
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
                f"{_name(holder)}: wait for it, stop it, or take another "
                f"workdir. (If that process runs no more, remove {path})"
            )
        if holder:
            logging.warning(
                "The lock on %s was left by process %s, which ended without "
                "releasing it: taking it over.",
                path.parent,
                _name(holder),
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
            # Removed while it is held: see `_opened`.
            path.unlink(missing_ok=True)


def _opened(path):
    """Opens the file; not one that its last holder removed meanwhile.

    Returns:
        The file, and what `_lock` returned of it.
    """
    while True:
        file = open(path, "a+", encoding="utf-8")
        free = _lock(file)
        if not free:
            return file, free
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                return file, free
        file.close()


def _lock(file):
    """Returns whether the lock was free; None where there are no locks."""
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
    try:
        holder = json.loads(text or "{}")
        return {"host": str(holder["host"]), "pid": int(holder["pid"])}
    except (ValueError, KeyError, TypeError):
        return None


def _name(holder):
    return f"{holder['pid']} on {holder['host']}" if holder else "unknown"


def _is_alive(holder):
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
