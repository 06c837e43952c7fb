"""Progress, for a person at a terminal."""

import sys
import time

import keras


def progress_bar(what, count=None):
    """Returns a function of the number of images done, which draws a bar.

    Where standard output is no terminal it draws nothing.

    Args:
        what: String, what is counted.
        count: Integer, how many there will be, or None.
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
