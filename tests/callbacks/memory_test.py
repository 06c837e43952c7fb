"""Tests of giving memory back."""

import pathlib

import numpy as np
import pytest

from sagan_tf.callbacks import MemoryTrimmer


def _resident_megabytes():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def test_free_memory_between_used_is_given_back():
    trimmer = MemoryTrimmer()
    if trimmer.trim is None:
        pytest.skip("of the C libraries, glibc gives memory back when asked")
    # Below the size that has pages of its own.
    arrays = [np.ones(100_000, np.uint8) for _ in range(3000)]
    used = arrays[::100]
    del arrays
    before = _resident_megabytes()
    trimmer.on_epoch_end(0)
    assert _resident_megabytes() < before - 200
    assert all(array.all() for array in used)


def test_other_c_libraries_are_left_alone():
    trimmer = MemoryTrimmer()
    trimmer.trim = None
    trimmer.on_epoch_end(0)
