"""A run that is killed, stopped, or out of space resumes where it was."""

import os
import pathlib
import random as python_random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from sagan_tf.workdir import checkpoints

pytestmark = pytest.mark.slow

ROOT = pathlib.Path(__file__).parents[2]
# Before a release: 30.
KILLS = int(os.environ.get("SAGAN_KILLS", "3"))
_KINDS = ("starting", "training", "saving")
STEPS = 24
SMALL = (
    "--config.base_channels=2",
    "--config.latent_dim=8",
    "--config.batch_size=8",
    f"--config.steps={STEPS}",
    "--config.log_every_steps=2",
    "--config.sample_every_steps=4",
    "--config.checkpoint_every_steps=2",
    "--config.eval_every_steps=12",
    "--config.eval_images=20",
)


def _start(workdir, arguments=SMALL):
    """Starts the demo's training, by default made small."""
    return subprocess.Popen(
        [
            sys.executable,
            "train.py",
            "--config=configs/digits.py",
            f"--workdir={workdir}",
            *arguments,
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A background process of a shell would ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.fixture(scope="module")
def untouched(tmp_path_factory):
    """The workdir of a run that nothing disturbed."""
    workdir = tmp_path_factory.mktemp("untouched") / "run"
    process = _start(workdir)
    output, _ = process.communicate(timeout=400)
    assert process.returncode == 0, output
    return workdir


@pytest.fixture
def assert_equal(checkpoint_variables, tensorboard_events):
    """To the bit: all variables, metrics, curves, pictures, evaluations."""

    def check(first, second):
        expected, found = (
            checkpoint_variables(workdir, STEPS) for workdir in (first, second)
        )
        assert expected.keys() == found.keys() and len(expected) > 300
        for name, value in expected.items():
            np.testing.assert_array_equal(value, found[name], err_msg=name)
        assert (first / "metrics.jsonl").read_text() == (
            second / "metrics.jsonl"
        ).read_text()
        assert tensorboard_events(first) == tensorboard_events(second)
        for pattern in ("samples/*", "eval/*.png"):
            names = {path.relative_to(first) for path in first.glob(pattern)}
            others = {path.relative_to(second) for path in second.glob(pattern)}
            assert names == others and names
            for name in names:
                assert (first / name).read_bytes() == (
                    second / name
                ).read_bytes()
        best = {path.name for path in (first / "checkpoints/best").iterdir()}
        assert best == {
            path.name for path in (second / "checkpoints/best").iterdir()
        }

    return check


def _wait_for(process, condition, timeout=400):
    """Waits until `condition`, unless the process ends before."""
    end = time.monotonic() + timeout
    while process.poll() is None and not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def _end(workdir):
    """Starts the run again and waits for its end.

    It checks that the run resumed from the last checkpoint, because a run
    that starts again ends at the same bits.
    """
    last = checkpoints.newest_intact(workdir / "checkpoints")
    process = _start(workdir)
    output, _ = process.communicate(timeout=400)
    assert process.returncode == 0, output
    if last is not None:
        step = checkpoints.step_of(last)
        assert f"Resuming {workdir} at step {step}." in output


def _kill_at_random(process, workdir, kind, random):
    """Kills at a moment of a kind; returns whether it was within a save.

    It returns None if the process ended before.
    """
    directory = workdir / "checkpoints"
    if kind == "starting":
        delay = time.monotonic() + random.uniform(0.5, 10)
        _wait_for(process, lambda: time.monotonic() > delay)
    else:
        saved = set(checkpoints.listed(directory))
        _wait_for(process, lambda: set(checkpoints.listed(directory)) != saved)
        if kind == "training":
            delay = time.monotonic() + random.uniform(0, 1)
            _wait_for(process, lambda: time.monotonic() > delay)
        else:
            _wait_for(process, lambda: any(directory.glob("*_temp*")))
            time.sleep(random.uniform(0, 0.002))
    if process.poll() is not None:
        return None
    within_save = any(directory.glob("*_temp*"))
    process.send_signal(signal.SIGKILL)
    return within_save


def test_killed_at_any_moment(untouched, tmp_path, assert_equal):
    """SIGKILL at random moments, over as many runs as it takes.

    The same command resumes the run each time. Each run ends like the
    untouched one.
    """
    random = python_random.Random(0)
    kills, runs = [], 0
    while len(kills) < KILLS:
        workdir = tmp_path / str(runs)
        while len(kills) < KILLS:
            kind = _KINDS[len(kills) % len(_KINDS)]
            process = _start(workdir)
            within_save = _kill_at_random(process, workdir, kind, random)
            output, _ = process.communicate(timeout=400)
            if within_save is None:
                assert process.returncode == 0, output
                break
            assert process.returncode == -signal.SIGKILL, output
            kills.append(f"{kind}{', within a save' * within_save}")
        _end(workdir)
        assert_equal(untouched, workdir)
        runs += 1
    print(f"{len(kills)} kills in {runs} runs: {kills}")


def _stop(process, number):
    """Sends the signal; returns the output of a run that stopped as it does."""
    start = time.monotonic()
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    seconds = time.monotonic() - start
    assert process.returncode == 128 + number, output
    assert "Saved at step" in output and "Traceback" not in output
    assert seconds < 30
    print(f"{number.name}: stopped after {seconds:.1f} s")
    return output


def test_asked_to_stop(untouched, tmp_path, assert_equal):
    """Twice. It saves and exits with the documented code, soon."""
    workdir = tmp_path / "run"
    for number, step in ((signal.SIGTERM, 2), (signal.SIGINT, 6)):
        process = _start(workdir)
        path = workdir / "checkpoints" / f"ckpt-{step}.index"
        _wait_for(process, path.exists)
        _stop(process, number)
    _end(workdir)
    assert_equal(untouched, workdir)


def test_asked_to_stop_at_the_size_of_the_demo(tmp_path):
    """Even if an evaluation has just begun."""
    workdir = tmp_path / "run"
    options = ("--config.log_every_steps=10", "--config.eval_every_steps=10")
    process = _start(workdir, options)
    _wait_for(process, (workdir / "metrics.jsonl").exists)
    output = _stop(process, signal.SIGTERM)
    assert "Step 10: frechet" in output and "Saved at step 10:" in output


def test_disk_full(untouched, disk, assert_equal):
    """The error names the path, and the same command resumes later."""
    disk = disk("16m")
    workdir = disk / "run"
    process = _start(workdir)
    _wait_for(process, (workdir / "checkpoints" / "ckpt-4.index").exists)
    with open(disk / "other", "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(65536))
        except OSError:
            pass
    output, _ = process.communicate(timeout=400)
    assert process.returncode == 1, output
    (error,) = [x for x in output.splitlines() if x.startswith("error: ")]
    assert str(workdir) in error and "space" in error.lower()
    assert "Traceback" not in output
    kept = checkpoints.newest_intact(workdir / "checkpoints")
    assert checkpoints.step_of(kept) >= 4
    os.remove(disk / "other")
    _end(workdir)
    assert_equal(untouched, workdir)
