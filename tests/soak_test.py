"""Tests that what a run holds does not grow. Hours: benchmarks/soak.py."""

import dataclasses
import os

import keras
import pytest

from sagan_tf import callbacks, training


@pytest.mark.slow
def test_windows_leave_no_memory_and_no_open_file(
    small_run, used_bytes, tmp_path, monkeypatch
):
    """With metrics, samples, a checkpoint in each, evaluations in some."""
    seen = []

    class Recorder(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            files = len(os.listdir("/proc/self/fd"))
            seen.append((used_bytes(), files))

    trimmed = []
    monkeypatch.setattr(
        callbacks.MemoryTrimmer,
        "on_epoch_end",
        lambda trimmer, epoch, logs=None: trimmed.append(epoch),
    )
    windows = 80
    config = dataclasses.replace(
        small_run,
        steps=windows,
        log_every_steps=1,
        sample_every_steps=1,
        checkpoint_every_steps=1,
        eval_every_steps=20,
    )
    training.train(config, tmp_path, callbacks=[Recorder()])
    memory, files = zip(*seen, strict=True)
    assert len(seen) == len(trimmed) == windows
    # The second and the last quarter, with two evaluations between. The least,
    # since what is under way is counted too.
    early, late = slice(20, 40), slice(60, 80)
    assert max(files[late]) <= max(files[early])
    kept = (min(memory[late]) - min(memory[early])) / (late.start - early.start)
    assert kept < 3000, f"{kept:.0f} bytes are kept in a window"
