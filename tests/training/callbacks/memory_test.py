"""Tests of returning memory to the system."""

import dataclasses
import gc
import pathlib

import numpy as np
import pytest

from sagan_tf.training.callbacks import MemoryTrimmer, SampleWriter
from sagan_tf.workdir import Workdir


def _resident_megabytes():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def test_free_memory_between_used_memory_is_returned():
    trimmer = MemoryTrimmer()
    if trimmer.trim is None:
        pytest.skip("only glibc returns memory when asked")
    # Small enough to share pages with other arrays.
    arrays = [np.ones(100_000, np.uint8) for _ in range(3000)]
    used = arrays[::100]
    del arrays
    before = _resident_megabytes()
    trimmer.on_epoch_end(0)
    assert _resident_megabytes() < before - 200
    assert all(array.all() for array in used)


def test_figures_are_freed_at_once(
    small_run, gan_factory, black_images, tmp_path
):
    """And not minutes later, when Python collects reference cycles."""
    config = dataclasses.replace(small_run, num_classes=3)
    writer = SampleWriter(config, Workdir(tmp_path), black_images)
    writer.set_model(gan_factory())
    writer.on_train_begin()
    gc.collect()
    gc.disable()
    try:
        writer.write(2)
        # One figure is 29,000 objects, 4.6 MB.
        assert gc.collect() < 1000
    finally:
        gc.enable()
        writer.on_train_end()
    assert (tmp_path / "samples" / "0000002_attention16.png").exists()


def test_other_c_libraries_are_left_alone():
    trimmer = MemoryTrimmer()
    trimmer.trim = None
    trimmer.on_epoch_end(0)
