"""Tests of training: the loop, resuming, what is left in the workdir."""

import dataclasses
import json
import os
import shutil
import signal

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import Config, data, evaluation, training
from sagan_tf.training import callbacks
from sagan_tf.workdir import Workdir, load_generator, lock
from sagan_tf.workdir.checkpoints import step_of


@pytest.fixture
def config(small_run):
    return dataclasses.replace(small_run)


@pytest.fixture(scope="module", autouse=True)
def _quick_classifier():
    """A classifier that is not trained: these tests do not ask it much."""
    from sagan_tf.evaluation import extractors

    patch = pytest.MonkeyPatch()
    epochs = extractors._EPOCHS
    patch.setattr(extractors, "_EPOCHS", 1)
    patch.setattr(extractors, "_CLASSIFIER_FILE", "quick.keras")
    assert epochs > 1
    yield
    patch.undo()


@pytest.fixture(scope="module")
def finished(small_run, tmp_path_factory):
    """A finished run with evaluations, and its weights."""
    config = dataclasses.replace(small_run, eval_every_steps=2)
    workdir = tmp_path_factory.mktemp("finished") / "run"
    gan = training.train(config, workdir)
    return config, workdir, _weights(gan)


@pytest.fixture
def copied(finished, tmp_path):
    """The finished run, to be spoiled."""
    config, workdir, _ = finished
    shutil.copytree(workdir, tmp_path / "copy")
    return config, tmp_path / "copy"


def _weights(gan):
    optimizers = (gan.generator_optimizer, gan.discriminator_optimizer)
    variables = [*gan.variables, *(v for o in optimizers for v in o.variables)]
    return {
        f"{index} {variable.path}": variable.value.numpy()
        for index, variable in enumerate(variables)
    }


def _assert_equal(first, second):
    for (name, value), other in zip(
        first.items(), second.values(), strict=True
    ):
        np.testing.assert_array_equal(value, other, err_msg=name)


def _metrics(workdir):
    return (workdir / "metrics.jsonl").read_text()


def test_what_a_run_leaves(finished):
    config, workdir, _ = finished
    saved = Config.load(workdir / "config.json")
    assert saved == dataclasses.replace(config, num_classes=10)
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
    left = {path.name for path in workdir.rglob("*")}
    assert not [name for name in left if name.endswith(".tmp")]


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
def test_stopped_within_a_window(finished, tmp_path, tensorboard_events):
    """The step is finished and saved; the end is that of an untouched run.

    Bitwise: weights, optimizers, average, `u`; metrics of the window,
    TensorBoard's curves, pictures.
    """
    config, whole, weights = finished
    stop = _At(3, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit):
        training.train(config, tmp_path, callbacks=[stop])
    assert Workdir(tmp_path).checkpoint().endswith("ckpt-3")
    assert len(_metrics(tmp_path).splitlines()) == 1
    assert not (tmp_path / "lock").exists()
    gan = training.train(config, tmp_path)
    _assert_equal(weights, _weights(gan))
    assert _metrics(whole) == _metrics(tmp_path)
    assert tensorboard_events(whole) == tensorboard_events(tmp_path)
    names = sorted(path.name for path in (whole / "samples").iterdir())
    assert names == sorted(p.name for p in (tmp_path / "samples").iterdir())
    for name in names:
        first, second = (
            (path / "samples" / name).read_bytes() for path in (whole, tmp_path)
        )
        assert first == second


def test_damaged_checkpoint_is_passed_over(
    copied, finished, caplog, tensorboard_events
):
    """What comes after the one before is made again, not written twice."""
    config, workdir = copied
    _, whole, weights = finished
    path = workdir / "checkpoints" / "ckpt-4.data-00000-of-00001"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert load_generator(workdir)[2] == 2
    with pytest.raises(ValueError, match="ckpt-4 is damaged"):
        load_generator(workdir, step=4)
    gan = training.train(config, workdir)
    assert "ckpt-4 is damaged" in caplog.text
    _assert_equal(weights, _weights(gan))
    assert _metrics(whole) == _metrics(workdir)
    assert tensorboard_events(whole) == tensorboard_events(workdir)
    assert load_generator(workdir)[2] == 4


def test_starting_over_is_said(config, tmp_path, caplog):
    """Where a run was killed before its first checkpoint."""
    workdir = Workdir(tmp_path)
    assert training.restore(None, workdir, config) == 0
    assert not caplog.text
    workdir.metrics.write_text('{"step": 2}\n')
    assert training.restore(None, workdir, config) == 0
    assert f"{tmp_path} has no checkpoint yet" in caplog.text


@pytest.mark.parametrize("deleted", ["ckpt-*.data-*", "*"])
def test_never_starts_over(copied, deleted):
    config, workdir = copied
    for path in (workdir / "checkpoints").glob(deleted):
        if path.is_file():
            path.unlink()
    before = _metrics(workdir)
    with pytest.raises(ValueError, match="put a copy of one back"):
        training.train(config, workdir)
    assert _metrics(workdir) == before


def test_divergence_stops_and_keeps_the_last_checkpoint(config, tmp_path):
    """In the midst of a window, as after a gradient that is not finite."""

    class Diverging(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.step.numpy()) == 3:
                optimizer = self.model.discriminator_optimizer
                variable = optimizer.variables[-1]
                variable.assign(np.full(variable.shape, np.inf))

    with pytest.raises(
        FloatingPointError, match="2 and by step 4: `generator_loss` is nan"
    ) as error:
        training.train(config, tmp_path, callbacks=[Diverging()])
    checkpoint = Workdir(tmp_path).checkpoint()
    assert checkpoint.endswith("ckpt-2") and checkpoint in str(error.value)
    assert len(_metrics(tmp_path).splitlines()) == 1


def test_two_runs_in_one_workdir(copied):
    """The second is refused, and changes nothing."""
    config, workdir = copied
    with lock.locked(workdir / "lock"):
        before = {p: p.stat().st_mtime_ns for p in workdir.rglob("*")}
        with pytest.raises(ValueError, match=f"process {os.getpid()} on"):
            training.train(dataclasses.replace(config, steps=6), workdir)
        assert before == {p: p.stat().st_mtime_ns for p in workdir.rglob("*")}


def test_nothing_is_left_of_a_run_that_was_refused(config, tmp_path):
    config = dataclasses.replace(config, num_classes=5)
    with pytest.raises(ValueError, match="Labels must be in"):
        training.train(config, tmp_path / "new" / "run")
    assert not (tmp_path / "new").exists()


def test_finished_run_is_left_as_it_is(finished):
    config, workdir, _ = finished
    before = {
        path: (path.read_bytes(), path.stat().st_size)
        for path in workdir.rglob("*.*")
    }
    training.train(config, workdir)
    after = {
        path: (path.read_bytes(), path.stat().st_size)
        for path in workdir.rglob("*.*")
    }
    assert before == after


class _Counter(keras.Model):
    """Has what the loop needs, and counts steps."""

    def __init__(self):
        super().__init__()
        self.step = tf.Variable(0)

    def train_step(self, batch):
        self.step.assign_add(batch)

    def get_metrics_result(self):
        return {"step": self.step}


@pytest.mark.parametrize("steps_per_call", [1, 3])
def test_calls_of_the_loop(config, steps_per_call):
    """No call of several steps goes beyond the end of a window."""
    config = dataclasses.replace(
        config, steps=7, log_every_steps=5, steps_per_call=steps_per_call
    )
    calls = []

    class Recorder(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            calls.append(("window", epoch))

        def on_train_batch_begin(self, batch, logs=None):
            calls.append(("begin", batch))

        def on_train_batch_end(self, batch, logs=None):
            calls.append(("end", batch, logs["step"]))

        def on_epoch_end(self, epoch, logs=None):
            calls.append(("written", epoch, logs["step"]))

    model = _Counter()
    training.run(
        model,
        tf.distribute.get_strategy(),
        lambda _: tf.data.Dataset.from_tensors(1).repeat(),
        config,
        [Recorder()],
        first_step=0,
    )
    expected = []
    for window, first, last in ((0, 0, 5), (1, 5, 7)):
        expected.append(("window", window))
        for step in range(first, last, steps_per_call):
            end = min(step + steps_per_call, last)
            expected.append(("begin", step - first))
            expected.append(("end", end - 1 - first, end))
        expected.append(("written", window, last))
    assert calls == expected


@pytest.mark.slow
def test_steps_per_call_change_nothing(config, finished, tmp_path):
    config = dataclasses.replace(config, steps_per_call=3)
    _assert_equal(finished[2], _weights(training.train(config, tmp_path)))


@pytest.mark.slow
def test_loop_equals_fit(config):
    """The same weights, and the same calls to the same callbacks."""
    config = dataclasses.replace(config, num_classes=10, adam_epsilon=1e-3)
    source = data.open_source("digits")
    strategy = tf.distribute.get_strategy()
    results = []
    for drive in ("loop", "fit"):
        keras.utils.set_random_seed(0)
        gan = training.build_gan(config, strategy)
        calls = []

        class Recorder(keras.callbacks.Callback):
            def __init__(self, calls=calls):
                super().__init__()
                for name in (
                    "on_epoch_begin",
                    "on_train_batch_begin",
                    "on_train_batch_end",
                    "on_epoch_end",
                ):
                    setattr(self, name, self._recorder(calls, name))

            def _recorder(self, calls, name):
                return lambda index, logs=None: calls.append(
                    (
                        name,
                        index,
                        {k: float(v) for k, v in (logs or {}).items()},
                    )
                )

        dataset = data.training_dataset(source, 32, 8)
        if drive == "loop":
            training.run(gan, strategy, lambda _: dataset, config, [Recorder()])
        else:
            gan.fit(
                dataset,
                epochs=2,
                shuffle=False,
                steps_per_epoch=2,
                callbacks=[Recorder()],
                verbose=0,
            )
        results.append((gan, calls))
    (looped, loop_calls), (fitted, fit_calls) = results
    assert [call[:2] for call in loop_calls] == [call[:2] for call in fit_calls]
    assert len(loop_calls) == 12
    # TensorFlow fuses other operations inside a loop: not to the last bit.
    for (_, _, logs), (_, _, others) in zip(loop_calls, fit_calls, strict=True):
        assert logs.keys() == others.keys()
        for name, value in logs.items():
            np.testing.assert_allclose(value, others[name], rtol=1e-5)
    for (name, value), other in zip(
        _weights(looped).items(), _weights(fitted).values(), strict=True
    ):
        np.testing.assert_allclose(value, other, atol=5e-6, err_msg=name)


@pytest.mark.slow
def test_two_replicas(config, mirrored, tmp_path, monkeypatch):
    """The loop, checkpoints and files under MirroredStrategy."""
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda: mirrored)
    config = dataclasses.replace(
        config,
        strategy="mirrored",
        synchronized_batch_normalization=True,
        adam_epsilon=1e-3,
        steps=2,
    )
    double = training.train(config, tmp_path / "double")
    config = dataclasses.replace(config, strategy="one_device")
    single = training.train(config, tmp_path / "single")
    for (name, value), other in zip(
        _weights(single).items(), _weights(double).values(), strict=True
    ):
        np.testing.assert_allclose(
            value, other, rtol=1e-4, atol=5e-6, err_msg=name
        )
    assert Workdir(tmp_path / "double").checkpoint().endswith("ckpt-2")


@pytest.mark.slow
def test_unconditional(config, tmp_path):
    config = dataclasses.replace(config, num_classes=0, steps=2)
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


def test_best_checkpoint_is_of_the_least_distance(
    config, gan_factory, black_pictures, tmp_path, monkeypatch
):
    """Also where an evaluation of a step to come was left by a kill."""
    distances = iter([3.0, 5.0, 7.0, 5.0, 4.0, 4.5])

    class Evaluator:
        def __init__(self, config, **options):
            self.protocol = dataclasses.asdict(
                evaluation.Protocol(generated_images=config.eval_images)
            )

        def __call__(self, generator, seed=0):
            return {
                "metrics": {"frechet_classifier_distance": next(distances)},
                "protocol": {
                    **self.protocol,
                    "split": "train",
                    "preset": None,
                    "seed": seed,
                    "extractor_kind": "classifier",
                    "extractor_sha256": "",
                    "extractor_outputs": [],
                },
                "provenance": {"fields_of_protocol_set": {}},
            }

    monkeypatch.setattr(evaluation, "Evaluator", Evaluator)
    config = dataclasses.replace(
        config, eval_every_steps=2, steps=8, num_classes=3
    )
    workdir = Workdir(tmp_path)
    gan = gan_factory(ema_decay=0.9)
    manager = training.checkpoint_managers(gan, workdir)[1]
    writer = callbacks.EvaluationWriter(
        config,
        workdir,
        manager,
        None,
        sample=black_pictures,
    )
    writer.set_model(gan)
    writer.on_train_begin()
    # Of eval.py, at a step at which training does not evaluate.
    (first,) = workdir.evaluations.glob("*.json")
    result = json.loads(first.read_text())
    result["metrics"]["frechet_classifier_distance"] = 1.0
    result["protocol"]["step"] = 3
    path = workdir.evaluations / first.name.replace("0000000", "0000003")
    path.write_text(json.dumps(result))
    best = []
    for step in (2, 4, 2, 8):
        gan.step.assign(step)
        writer.on_epoch_end(0)
        best.append(step_of(workdir.checkpoint(best=True)))
    assert best == [2, 2, 2, 8]
    # Where 8 was due as the last step only, and `steps` was raised.
    writer.config = dataclasses.replace(config, eval_every_steps=5, steps=20)
    gan.step.assign(10)
    writer.on_epoch_end(0)
    assert step_of(workdir.checkpoint(best=True)) == 8


def test_sign_of_collapse_is_warned_of_once(
    config, gan_factory, black_pictures, tmp_path, caplog
):
    """Also where the run is resumed in between."""
    for step in (2, 4):
        writer = callbacks.MetricsWriter(
            dataclasses.replace(config, num_classes=3),
            Workdir(tmp_path),
            black_pictures,
        )
        gan = gan_factory()
        writer.set_model(gan)
        writer.on_train_begin()
        writer.on_epoch_begin(0)
        gan.step.assign(step)
        writer.on_epoch_end(0, {"real_logits": 9.0, "fake_logits": -9.0})
        writer.on_train_end()
        assert caplog.text.count("logits_gap is 18, above 6") == 1
    assert len(_metrics(tmp_path).splitlines()) == 2


def test_load_generator(finished):
    _, workdir, weights = finished
    weights = list(weights.values())
    found = {}
    for averaged in (None, True, False):
        generator, _, step = load_generator(workdir, averaged=averaged)
        assert step == 4
        found[averaged] = generator.get_weights()
    for index, weight in enumerate(found[None]):
        np.testing.assert_array_equal(weight, found[True][index])
    # The weights of each are among the run's, and not all the same.
    for averaged in (True, False):
        for found_weight in found[averaged]:
            assert any(np.array_equal(found_weight, w) for w in weights)
    assert not all(
        np.array_equal(first, second)
        for first, second in zip(found[True], found[False], strict=True)
    )


def test_evaluate(finished):
    _, workdir, _ = finished
    result = evaluation.evaluate(workdir, num_images=100, seed=1)
    assert set(result["metrics"]) == {
        "frechet_classifier_distance",
        "classifier_score_mean",
        "classifier_score_standard_deviation",
        "classifier_score_without_splits",
        "kernel_classifier_distance",
        "precision",
        "recall",
        "density",
        "coverage",
        "asked_for_class_share",
        "intra_frechet_classifier_distance",
    }
    protocol = result["protocol"]
    assert protocol["generated_images"] == 100 and protocol["step"] == 4
    assert protocol["weights"] == "averaged" and protocol["seed"] == 1
    assert protocol["real_images"] == 1437
    with open(result["path"]) as file:
        assert json.load(file)["metrics"] == result["metrics"]
    again = evaluation.evaluate(workdir, num_images=100, seed=1)
    assert again["metrics"] == result["metrics"]
    other = evaluation.evaluate(workdir, num_images=100, seed=2)
    assert other["metrics"] != result["metrics"]
    table = evaluation.compare(result["path"], other["path"])
    assert f"{other['metrics']['precision']:.6g}" in table
    raw = evaluation.evaluate(workdir, num_images=100, seed=1, averaged=False)
    assert raw["protocol"]["weights"] == "raw"
    with pytest.raises(
        ValueError,
        match=r"different protocols.*\(weights: 'averaged' and 'raw'\)",
    ):
        evaluation.compare(result["path"], raw["path"])


@pytest.mark.slow
def test_evaluations_of_other_protocols_are_kept_apart(finished):
    _, workdir, _ = finished
    options = (
        {},
        {"quantize": False},
        {"truncation": 0.5},
        {"preset": "paper", "real_images": 300},
        {"split": "test"},
    )
    paths = [
        evaluation.evaluate(workdir, num_images=30, **option)["path"]
        for option in options
    ]
    assert len(set(paths)) == len(paths)


@pytest.mark.parametrize("content", ["{", "{}", "[1]", None])
def test_no_evaluation_to_compare(tmp_path, content):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match="a.json is not an evaluation"):
        evaluation.compare(path, path)


def test_evaluation_in_training_is_that_of_the_checkpoint(copied):
    _, workdir = copied
    path = workdir / "eval" / "step0000004_20images.json"
    metrics = json.loads(path.read_text())["metrics"]
    assert evaluation.evaluate(workdir)["metrics"] == metrics


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image_size": 48}, "`image_size` must be one of"),
        ({"attention_resolutions": (64,)}, "`attention_resolutions` must be"),
        ({"attention_resolutions": (32,)}, "the discriminator of"),
        ({"dataset": "image_folder"}, "which is no folder"),
        ({"num_classes": 5}, r"Labels must be in \[0, 5\)"),
        ({"image_size": 64}, "above the resolution of the data"),
        ({"loss": "x"}, "`loss` must be one of"),
    ],
)
def test_refused_before_anything_is_written(config, tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        training.train(dataclasses.replace(config, **changes), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_batch_not_divisible_by_replicas(config, mirrored, monkeypatch):
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda: mirrored)
    config = dataclasses.replace(config, strategy="mirrored", batch_size=7)
    with pytest.raises(ValueError, match="multiple of the 2 replicas"):
        training.make_strategy(config)
    config = dataclasses.replace(config, batch_size=10, accumulation_steps=2)
    with pytest.raises(ValueError, match="2 replicas times `accumulation"):
        training.make_strategy(config)
    config = dataclasses.replace(config, batch_size=8, jit_compile=True)
    with pytest.raises(ValueError, match="`jit_compile` needs a single"):
        training.make_strategy(config)


def test_workdir_of_another_configuration(copied):
    config, workdir = copied
    before = (workdir / "config.json").read_text()
    changed = dataclasses.replace(config, batch_size=4, seed=3)
    with pytest.raises(ValueError, match="batch_size: 8 there, 4 now; seed"):
        training.train(changed, workdir)
    assert (workdir / "config.json").read_text() == before


def test_workdir_of_something_else(config, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match="something else .*thesis.tex"):
        training.train(config, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_workdir_is_a_file(config, tmp_path):
    (tmp_path / "file").write_text("text")
    with pytest.raises(ValueError, match="is not a directory"):
        training.train(config, tmp_path / "file")


def test_run_killed_while_starting(config, tmp_path):
    (tmp_path / "config.json.tmp").write_text("{")
    Workdir(tmp_path).claim(config)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_checkpoint_of_another_network_is_named(copied):
    config, workdir = copied
    config = dataclasses.replace(config, base_channels=4, num_classes=10)
    config.save(workdir / "config.json")
    with pytest.raises(ValueError, match="ckpt-4 cannot be read, or is not"):
        load_generator(workdir)


def test_nothing_to_load(config, tmp_path):
    with pytest.raises(ValueError, match="holds no run"):
        load_generator(tmp_path)
    dataclasses.replace(config, num_classes=10).save(tmp_path / "config.json")
    with pytest.raises(ValueError, match="has no checkpoint in"):
        load_generator(tmp_path)
    with pytest.raises(ValueError, match="no checkpoint of step 3"):
        load_generator(tmp_path, step=3)


def test_no_average_to_load(copied):
    config, workdir = copied
    config = dataclasses.replace(config, ema_decay=0.0, num_classes=10)
    config.save(workdir / "config.json")
    with pytest.raises(ValueError, match="has no averaged generator"):
        load_generator(workdir, averaged=True)
