"""Tests of several machines: processes on this one, by train.py.

A machine of the cluster is a process with its own `TF_CONFIG`.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from cluster import ARGUMENTS, ROOT, Cluster, overridden

from sagan_tf.images import save_png

pytestmark = pytest.mark.slow

# One machine with two devices, in the place of two GPUs.
TWO_DEVICES = """
import functools, runpy, sys
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)
tf.distribute.MirroredStrategy = functools.partial(
    tf.distribute.MirroredStrategy, ["CPU:0", "CPU:1"]
)
sys.argv = ["train.py", *sys.argv[1:]]
runpy.run_path("train.py", run_name="__main__")
"""
SECONDS_TO_STOP = 60


def _errors(output):
    return [
        [line for line in text.splitlines() if line.startswith("error: ")]
        for text in output
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """The workdir of an uninterrupted run on two workers."""
    directory = tmp_path_factory.mktemp("trained")
    cluster = Cluster(directory, directory / "run")
    pids = [process.pid for process in cluster.processes]
    codes, output = cluster.wait()
    assert codes == [0, 0], output
    return directory / "run", pids, output


def _train_on_two_devices(workdir, steps):
    """Returns what was logged."""
    result = subprocess.run(
        [
            sys.executable, "-c", TWO_DEVICES,
            *overridden(ARGUMENTS, f"--config.steps={steps}"),
            f"--workdir={workdir}", "--config.strategy=mirrored",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=400,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "2 replica(s) of 1 worker(s)" in result.stderr
    return result.stderr


def _assert_close(first, second):
    # Sums in another order round otherwise. After few steps, because where
    # that moves a ReLU's input across zero, gradients part.
    assert first.keys() == second.keys() and len(first) > 300
    for name, value in first.items():
        np.testing.assert_allclose(
            value, second[name], rtol=1e-4, atol=2e-5, err_msg=name
        )


def _assert_metrics_close(first, second):
    """Those that the second run has; the first one went on."""
    records, others = (
        [
            json.loads(line)
            for line in (run / "metrics.jsonl").read_text().splitlines()
        ]
        for run in (first, second)
    )
    assert len(records) >= len(others) > 1
    for record, other in zip(records, others, strict=False):
        assert record.keys() == other.keys()
        for name, value in record.items():
            assert value == pytest.approx(other[name], rel=1e-3, abs=1e-4)


def test_the_first_worker_alone_writes(trained):
    """The other one, where this can be arranged, sees a read-only workdir."""
    workdir, pids, output = trained
    assert "2 replica(s) of 2 worker(s)" in output[1]
    assert "Epoch" in output[0] and "Epoch" not in output[1]
    events = list((workdir / "tensorboard").iterdir())
    assert events and all(f".{pids[0]}." in path.name for path in events)
    for name in ("0000012.png", "0000012_attention16.png"):
        assert (workdir / "samples" / name).exists()
    assert len(list((workdir / "eval").glob("*.json"))) == 3


def test_killed_and_stopped_workers(trained, tmp_path, checkpoint_variables):
    """The others stop, soon and with a clear line, and the run goes on.

    SIGKILL of each worker, then SIGTERM of one; the end is that of the
    uninterrupted run, bitwise. If one machine with two devices goes on in
    their place, only rounding differs.
    """
    run = tmp_path / "run"
    checkpoints = run / "checkpoints"
    for victim, step in ((1, 2), (0, 4)):
        cluster = Cluster(tmp_path, run)
        cluster.wait_for((checkpoints / f"ckpt-{step}.index").exists)
        cluster.processes[victim].kill()
        start = time.monotonic()
        codes, output = cluster.wait(SECONDS_TO_STOP)
        assert time.monotonic() - start < SECONDS_TO_STOP
        assert codes[victim] == -signal.SIGKILL
        assert codes[1 - victim] == 75, output
        (error,) = _errors(output)[1 - victim]
        assert "another worker was lost" in error
        assert "Traceback" not in output[1 - victim]
    cluster = Cluster(tmp_path, run)
    cluster.wait_for((checkpoints / "ckpt-8.index").exists)
    cluster.processes[1].terminate()
    codes, output = cluster.wait(SECONDS_TO_STOP)
    assert codes == [143, 143], output
    (step,) = re.findall(r"Saved at step (\d+)", output[0])
    alone = shutil.copytree(run, tmp_path / "alone")
    codes, output = Cluster(tmp_path, run).wait()
    assert codes == [0, 0], output
    # The same would come of starting over.
    for text in output:
        assert f"Resuming {run} at step {step}." in text
    workdir, _, _ = trained
    first, second = (checkpoint_variables(path, 12) for path in (workdir, run))
    assert first.keys() == second.keys()
    for name, value in first.items():
        np.testing.assert_array_equal(value, second[name], err_msg=name)
    assert (workdir / "metrics.jsonl").read_text() == (
        run / "metrics.jsonl"
    ).read_text()
    # The checkpoint after the one of the stop, which may be at an odd step.
    later = (int(step) // 2 + 1) * 2
    output = _train_on_two_devices(alone, later)
    assert f"Resuming {alone} at step {step}." in output
    _assert_close(
        checkpoint_variables(run, later), checkpoint_variables(alone, later)
    )
    _assert_metrics_close(run, alone)


def test_stopped_before_training(tmp_path):
    """SIGTERM has its usual effect, and the other worker ends too."""
    cluster = Cluster(tmp_path, tmp_path / "run")
    cluster.wait_for(lambda: "Training on" in cluster.logs[1].read_text())
    cluster.processes[1].terminate()
    codes, output = cluster.wait(SECONDS_TO_STOP)
    assert codes == [75, -signal.SIGTERM], output


def test_workers_with_different_checkpoints(trained, tmp_path):
    workdir, _, _ = trained
    longer = ["--config.steps=14"]
    cluster = Cluster(tmp_path, workdir, tmp_path / "other", arguments=longer)
    codes, output = cluster.wait()
    assert codes == [1, 1], output
    for (error,) in _errors(output):
        assert "`--workdir` must be one directory that all workers" in error


def test_workers_with_different_configurations(tmp_path):
    cluster = Cluster(tmp_path, tmp_path / "run", own=((), ["--config.seed=1"]))
    codes, output = cluster.wait()
    assert codes == [1, 1], output
    for (error,) in _errors(output):
        assert "configuration must be the same on all workers" in error


def test_workers_with_different_data(tmp_path, random):
    """One has an image less."""
    folders = [tmp_path / "first", tmp_path / "second"]
    pictures = random.integers(0, 256, (17, 32, 32, 3), "uint8")
    for folder, count in zip(folders, (17, 16), strict=True):
        for index in range(count):
            path = folder / "images" / str(index % 2) / f"{index:02}.png"
            save_png(pictures[index], path)
    arguments = ["--config.dataset=image_folder", "--config.data_dir=images"]
    cluster = Cluster(
        tmp_path, tmp_path / "run", arguments=arguments, folders=folders
    )
    codes, output = cluster.wait()
    assert codes == [1, 1], output
    for (error,) in _errors(output):
        assert "data must be the same on all workers" in error


def test_first_worker_refuses_alone(trained, tmp_path):
    """The other one does not wait for it."""
    workdir, _, _ = trained
    cluster = Cluster(tmp_path, workdir, arguments=["--config.seed=1"])
    codes, output = cluster.wait()
    assert codes == [1, 75], output
    (first,), (second,) = _errors(output)
    assert "has a run of another configuration" in first
    assert "another worker was lost" in second
