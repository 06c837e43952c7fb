"""Tests of training runs: their files, and how they stop and resume."""

import dataclasses
import json
import os
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import Config, evaluation, training
from sagan_tf.training import callbacks
from sagan_tf.workdir import Workdir, load_generator, lock


@pytest.fixture
def config(small_run):
    return dataclasses.replace(small_run)


def _assert_equal(first, second):
    for (name, value), other in zip(
        first.items(), second.values(), strict=True
    ):
        np.testing.assert_array_equal(value, other, err_msg=name)


def _metrics(workdir):
    return (workdir / "metrics.jsonl").read_text()


def test_files_of_a_run(finished_run):
    config, workdir, _ = finished_run
    assert Config.load(workdir / "config.json") == config.resolved(10)
    records = [json.loads(line) for line in _metrics(workdir).splitlines()]
    assert [record["step"] for record in records] == [2, 4]
    assert records[1]["real_images"] == 32
    for name in (
        "discriminator_loss",
        "generator_attention16_gamma",
        *callbacks.stability.BOUNDS,
    ):
        assert np.isfinite(records[0][name])
    for step in (0, 2, 4):
        png = (workdir / "samples" / f"{step:07d}.png").read_bytes()
        assert tf.io.decode_png(png).shape == (320, 320, 3)
        assert (workdir / f"samples/{step:07d}_attention16.png").exists()
        assert (workdir / "eval" / f"step{step:07d}_20images.json").exists()
    assert Workdir(workdir).checkpoint().endswith("ckpt-4")
    left = {path.name for path in workdir.rglob("*")}
    assert not [name for name in left if name.endswith(".tmp")]


def test_tensorboard_of_a_run(finished_run):
    _, workdir, _ = finished_run
    tags = set()
    for path in (workdir / "tensorboard").iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            tags |= {(value.tag, event.step) for value in event.summary.value}
    for tag in (
        "generator_loss",
        "real_logits",
        "images_per_second",
        "generator_learning_rate",
        "generator_attention16_gamma",
        "discriminator_sigma/linear",
        *callbacks.stability.BOUNDS,
        "samples",
        "attention16",
        "eval/frechet_classifier_distance",
    ):
        assert {(tag, 2), (tag, 4)} <= tags


class _At(keras.callbacks.Callback):
    """Does something after a step, once."""

    def __init__(self, step, action):
        super().__init__()
        self.step = step
        self.action = action

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.step.numpy()) == self.step:
            self.action()


@pytest.mark.slow
def test_stopped_within_a_window(
    finished_run, tmp_path, tensorboard_events, weights_of
):
    """The step is saved, and the resumed run ends bit for bit the same.

    That holds for weights, optimizers, the average, `u`, metrics,
    TensorBoard's curves and images.
    """
    config, original, weights = finished_run
    stop = _At(3, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit):
        training.train(config, tmp_path, callbacks=[stop])
    assert Workdir(tmp_path).checkpoint().endswith("ckpt-3")
    assert len(_metrics(tmp_path).splitlines()) == 1
    assert not (tmp_path / "lock").exists()
    gan = training.train(config, tmp_path)
    _assert_equal(weights, weights_of(gan))
    assert _metrics(original) == _metrics(tmp_path)
    assert tensorboard_events(original) == tensorboard_events(tmp_path)
    names = sorted(path.name for path in (original / "samples").iterdir())
    assert names == sorted(p.name for p in (tmp_path / "samples").iterdir())
    for name in names:
        first, second = (
            (path / "samples" / name).read_bytes()
            for path in (original, tmp_path)
        )
        assert first == second


def test_damaged_checkpoint(
    run_copy, finished_run, caplog, tensorboard_events, weights_of
):
    """The run resumes from the checkpoint before, and repeats nothing."""
    config, workdir = run_copy
    _, original, weights = finished_run
    path = workdir / "checkpoints" / "ckpt-4.data-00000-of-00001"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert load_generator(workdir)[2] == 2
    with pytest.raises(ValueError, match="ckpt-4 is damaged"):
        load_generator(workdir, step=4)
    gan = training.train(config, workdir)
    assert "ckpt-4 is damaged" in caplog.text
    _assert_equal(weights, weights_of(gan))
    assert _metrics(original) == _metrics(workdir)
    assert tensorboard_events(original) == tensorboard_events(workdir)
    assert load_generator(workdir)[2] == 4


@pytest.mark.parametrize("deleted", ["ckpt-*.data-*", "*"])
def test_never_starts_again(run_copy, deleted):
    config, workdir = run_copy
    for path in (workdir / "checkpoints").glob(deleted):
        if path.is_file():
            path.unlink()
    before = _metrics(workdir)
    with pytest.raises(ValueError, match="restore a copy of one"):
        training.train(config, workdir)
    assert _metrics(workdir) == before


def test_divergence_keeps_the_last_checkpoint(config, tmp_path):
    """A gradient within a window is not finite."""

    class Diverging(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.step.numpy()) == 3:
                optimizer = self.model.discriminator_optimizer
                variable = optimizer.variables[-1]
                variable.assign(np.full(variable.shape, np.inf))

    # Without attention, the graph is built faster.
    config.attention_resolutions = ()
    with pytest.raises(
        FloatingPointError, match="2 and by step 4: `generator_loss` is nan"
    ) as error:
        training.train(config, tmp_path, callbacks=[Diverging()])
    checkpoint = Workdir(tmp_path).checkpoint()
    assert checkpoint.endswith("ckpt-2") and checkpoint in str(error.value)
    assert len(_metrics(tmp_path).splitlines()) == 1


def test_two_runs_in_one_workdir(run_copy):
    """The second run is refused, and changes nothing."""
    config, workdir = run_copy
    with lock.locked(workdir / "lock"):
        before = {p: p.stat().st_mtime_ns for p in workdir.rglob("*")}
        with pytest.raises(ValueError, match=f"process {os.getpid()} on"):
            training.train(dataclasses.replace(config, steps=6), workdir)
        assert before == {p: p.stat().st_mtime_ns for p in workdir.rglob("*")}


def test_refused_run_leaves_nothing(config, tmp_path):
    config = dataclasses.replace(config, num_classes=5)
    with pytest.raises(ValueError, match="Labels must be in"):
        training.train(config, tmp_path / "new" / "run")
    assert not (tmp_path / "new").exists()


def test_finished_run_does_not_change(finished_run):
    config, workdir, _ = finished_run

    def content():
        return {p: p.read_bytes() for p in workdir.rglob("*.*")}

    before = content()
    training.train(config, workdir)
    assert before == content()


@pytest.mark.slow
def test_steps_per_call_change_nothing(
    small_run, finished_run, tmp_path, weights_of
):
    config = dataclasses.replace(small_run, steps_per_call=3)
    gan = training.train(config, tmp_path)
    _assert_equal(finished_run[2], weights_of(gan))


@pytest.mark.slow
def test_unconditional(config, tmp_path):
    config = dataclasses.replace(config, labels=False, steps=2)
    gan = training.train(config, tmp_path)
    assert gan.num_classes is None and len(gan.generator.inputs) == 1
    evaluated = evaluation.evaluate(tmp_path)
    assert "asked_for_class_share" not in evaluated["metrics"]


@pytest.mark.slow
def test_callbacks_of_a_user_can_stop(config, tmp_path):
    class Stopper(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    gan = training.train(config, tmp_path, callbacks=[Stopper()])
    assert int(gan.step.numpy()) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_size": 48}, "`image_size` must be one of"),
        ({"attention_resolutions": (64,)}, "`attention_resolutions` must be"),
        ({"attention_resolutions": (32,)}, "sizes of the discriminator"),
        ({"dataset": "image_folder"}, "which is no folder"),
        ({"image_size": 64}, "smaller than `image_size` 64"),
        ({"loss": "x"}, "`loss` must be one of"),
    ],
)
def test_refused_before_anything_is_written(config, tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        training.train(dataclasses.replace(config, **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_workdir_of_another_configuration(run_copy):
    config, workdir = run_copy
    before = (workdir / "config.json").read_text()
    changed = dataclasses.replace(config, batch_size=4, seed=3)
    with pytest.raises(ValueError, match="batch_size: 8 there, 4 now; seed"):
        training.train(changed, workdir)
    assert (workdir / "config.json").read_text() == before


def test_more_classes_than_the_data_has(config, tmp_path):
    """No names are kept, because some classes have none."""
    config = dataclasses.replace(
        config, num_classes=12, steps=1, attention_resolutions=()
    )
    training.train(config, tmp_path / "run")
    assert not (tmp_path / "run" / "classes.json").exists()
