"""Reading and writing files."""

import contextlib
import json
import os


def read_json(path):
    """Returns what a JSON file holds.

    Raises:
        ValueError: If there is no such file, or it is not JSON.
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
        path: Path of the file, which is replaced if there is one.
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
        OSError: If it cannot be written; with the path, which Python leaves
            out where a disk is full.
    """
    with _named(path), open(path, "a", encoding="utf-8") as file:
        file.write(text)


@contextlib.contextmanager
def replacing(path):
    """Writes a file whole or not at all, within the context.

    Args:
        path: Path of the file, which is replaced if there is one.

    Yields:
        Where to write, a string.

    Raises:
        OSError: As `append_text`.
    """
    temporary = f"{path}.tmp"
    try:
        with _named(path):
            yield temporary
            os.replace(temporary, path)
    except OSError:
        # A full disk leaves half of it.
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise


@contextlib.contextmanager
def _named(path):
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise
