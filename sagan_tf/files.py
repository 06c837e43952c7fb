"""Writing files."""

import contextlib
import os


def write_text(path, text):
    """Writes a text file, whole or not at all.

    Args:
        path: Path of the file, which is replaced if there is one.
        text: String.
    """
    temporary = f"{path}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        # A full disk leaves half of it.
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise


def append_text(path, text):
    """Appends to a text file.

    Raises:
        OSError: If it cannot be written; with the path, which Python leaves
            out where a disk is full.
    """
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
