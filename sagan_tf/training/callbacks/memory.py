"""Free memory that the process still holds."""

import ctypes

import keras


class MemoryTrimmer(keras.callbacks.Callback):
    """Returns free memory to the system at the end of each window.

    glibc keeps the memory that an evaluation or a figure needed, in pieces
    between memory that is still in use. With other C libraries nothing
    happens.
    """

    def __init__(self):
        super().__init__()
        self.trim = getattr(ctypes.CDLL(None), "malloc_trim", None)

    def on_epoch_end(self, epoch, logs=None):
        if self.trim is not None:
            self.trim(0)
