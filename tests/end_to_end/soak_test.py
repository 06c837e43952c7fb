"""Tests that what a run holds does not grow. Hours: benchmarks/soak.py."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
from itertools import pairwise
from unittest import mock

import allocation
import keras
import pytest

from sagan_tf import Config, training
from sagan_tf.training import callbacks


@pytest.mark.slow
@pytest.mark.skipif(not allocation.IS_KNOWN, reason=allocation.REASON)
def test_windows_leave_no_memory_and_no_open_file(small_run, tmp_path):
    """With metrics, samples, a checkpoint in each, evaluations in some."""
    windows = 40
    part = windows // 4
    config = dataclasses.replace(
        small_run,
        steps=windows,
        log_every_steps=1,
        sample_every_steps=1,
        checkpoint_every_steps=1,
        eval_every_steps=part,
    )
    # Each thread keeps some of what it freed, and glibc counts that as used:
    # how much differs between runs by more than is looked for here. For that
    # reason a process of its own, and on one core.
    environment = os.environ | {
        "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    result = tmp_path / "result.json"
    subprocess.run(
        [sys.executable, __file__, config.to_json(), tmp_path / "run", result],
        env=environment,
        check=True,
    )
    memory, files, trimmed = json.loads(result.read_text())
    assert len(memory) == trimmed == windows
    # The least memory, since what is under way is counted too. The buffer that
    # shuffles gets shorter by 1.7 kB in a window.
    kept = _growth(memory, part, min) / part
    assert kept < 1000, f"{kept:.0f} bytes are kept in a window: {memory}"
    opened = _growth(files, part, max)
    assert opened <= 0, f"more and more files are open: {files}"


def _growth(values, part, extreme):
    """The least from a part to the next, of the extremes of each.

    What every window keeps grows with each part; what is made once does not.
    """
    extremes = [
        extreme(values[first : first + part])
        for first in range(0, len(values), part)
    ]
    return min(after - before for before, after in pairwise(extremes))


class _Recorder(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.memory, self.files = [], []

    def on_epoch_end(self, epoch, logs=None):
        self.memory.append(allocation.used_bytes())
        self.files.append(len(os.listdir("/proc/self/fd")))


def _train(config, workdir, result):
    recorder = _Recorder()
    trimmer = callbacks.MemoryTrimmer
    with mock.patch.object(trimmer, "on_epoch_end") as trim:
        training.train(Config.from_json(config), workdir, callbacks=[recorder])
    text = json.dumps([recorder.memory, recorder.files, trim.call_count])
    pathlib.Path(result).write_text(text)


if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    _train(*sys.argv[1:])
