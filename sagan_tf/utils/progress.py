"""Progress bars in a terminal."""

import sys
import time

import keras


def progress_bar(what, count=None):
    """Returns a function of the number of images done that draws a bar.

    It draws nothing if standard output is not a terminal.

    Args:
        what: String, the title.
        count: Integer, number of images in all, or None if unknown.
    """
    if not sys.stdout.isatty():
        return lambda done: None
    sys.stdout.write(f"{what}:\n")
    bar = keras.utils.Progbar(
        count, unit_name="image", stateful_metrics=["images/s"]
    )
    began = time.monotonic()

    def progress(done):
        bar.update(done, [("images/s", done / (time.monotonic() - began))])

    return progress
