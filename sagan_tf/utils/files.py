"""Reading files, and writing them whole or not at all."""

import contextlib
import hashlib
import json
import os
import pathlib
import tempfile


def read_json(path):
    """Returns the content of a JSON file.

    Raises:
        ValueError: If the file does not exist, or is not JSON.
    """
    if not os.path.isfile(path):
        raise ValueError(f"{path}: there is no such file")
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON ({error})") from None


def write_text(path, text):
    """Writes a text file, whole or not at all.

    Args:
        path: Path of the file. An existing file is replaced.
        text: String.
    """
    with (
        replacing(path) as temporary,
        open(temporary, "w", encoding="utf-8") as file,
    ):
        file.write(text)


def append_text(path, text):
    """Appends to a text file.

    Raises:
        OSError: If the file cannot be written. The error names the path,
            which Python's own error lacks if the disk is full.
    """
    with _named(path), open(path, "a", encoding="utf-8") as file:
        file.write(text)


@contextlib.contextmanager
def replacing(path):
    """Writes a file whole or not at all.

    One process at a time may write a path. For several, see `creating`.

    Args:
        path: Path of the file. An existing file is replaced when the context
            ends without an error.

    Yields:
        Path to write to, a string.

    Raises:
        OSError: As `append_text`.
    """
    temporary = f"{path}.tmp"
    try:
        with _named(path):
            yield temporary
            os.replace(temporary, path)
    except OSError:
        # A full disk leaves half a file.
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise


@contextlib.contextmanager
def creating(path):
    """Writes a file or directory whole or not at all.

    Several processes may write the same path: the last one wins. A directory
    at `path` must be empty or absent.

    Args:
        path: Path to create or replace when the context ends without an
            error. Its parent directory is created.

    Yields:
        `pathlib.Path` to write to, with the name of `path`.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{path.name}.", dir=path.parent
    ) as folder:
        temporary = pathlib.Path(folder) / path.name
        yield temporary
        os.replace(temporary, path)


@contextlib.contextmanager
def _named(path):
    """Adds the path to errors of the operating system that lack it."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def sha256(path):
    """Returns the SHA-256 of a file's content, in hexadecimal."""
    digest = hashlib.sha256()
    _add_content(digest, path)
    return digest.hexdigest()


def sha256_of_tree(path):
    """Returns one SHA-256, in hexadecimal, for all files of a directory.

    It covers each file's content and its path relative to the directory. For
    a file, that path is ".", so the result is not `sha256` of the file.

    Raises:
        ValueError: If `path` is neither a file nor a directory with files.
    """
    path = pathlib.Path(path)
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    files = [file for file in files if file.is_file()]
    if not files:
        raise ValueError(f"{path} is not a local file or directory")
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(path)}\0".encode())
        _add_content(digest, file)
    return digest.hexdigest()


def _add_content(digest, path):
    with open(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)


def cached_path(kind, key, suffix=""):
    """Returns the path in the cache of what follows from a key.

    Args:
        kind: String, the beginning of the name.
        key: What JSON can hold; another key has another path.
        suffix: String, the end of the name.
    """
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode())
    return cache_directory() / f"{kind}_{digest.hexdigest()[:32]}{suffix}"


def cache_directory():
    """Returns this package's folder in the user's cache.

    It is below `XDG_CACHE_HOME`; if that is not set, below ~/.cache.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return pathlib.Path(cache).expanduser() / "sagan_tf"
