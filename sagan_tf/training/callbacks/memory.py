"""Memory that the process holds without need."""

import ctypes

import keras


class MemoryTrimmer(keras.callbacks.Callback):
    """Gives memory that is free back to the system, at each window's end.

    glibc takes memory where an evaluation or a picture needs it and keeps
    it, in pieces between others that are in use. Other C libraries are left
    alone.
    """

    def __init__(self):
        super().__init__()
        self.trim = getattr(ctypes.CDLL(None), "malloc_trim", None)

    def on_epoch_end(self, epoch, logs=None):
        if self.trim is not None:
            self.trim(0)
