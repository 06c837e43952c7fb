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
