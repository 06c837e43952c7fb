"""Tests of evaluations: protocol, cached real images, warnings."""

import dataclasses
import json
import logging

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import Config, data, models
from sagan_tf.evaluation import Evaluator, Protocol, references
from sagan_tf.evaluation.accumulators import Activations, Statistics
from sagan_tf.evaluation.extractors import Extractor
from sagan_tf.evaluation.replicas import OnReplicas
from sagan_tf.evaluation.standing_statistics import with_standing_statistics
from sagan_tf.images import to_float
from sagan_tf.latents import draw_inputs

CONFIG = Config(
    dataset="digits",
    image_size=32,
    num_classes=10,
    latent_dim=8,
    attention_resolutions=(16,),
)
PROTOCOL = Protocol(generated_images=60, real_images=300)


@tf.function(reduce_retracing=True)
def _rows_and_columns(images):
    means = tf.reduce_mean(images[..., 0], axis=1)
    # As many logits as no label of digits has.
    return means, tf.reduce_mean(images[..., 0], axis=2)[:, :12]


def _extractor(run=_rows_and_columns, sha256="1"):
    return Extractor("means", "custom", run, sha256, ("a", "b"))


def _generator():
    generator = models.build_generator(
        32, 2, 10, 8, attention_resolutions=(16,)
    )
    # Statistics and vectors other than at the start.
    for _ in range(3):
        generator([tf.random.normal((20, 8)), tf.range(20) % 10], training=True)
    return generator


@pytest.fixture(scope="module")
def generator():
    keras.utils.set_random_seed(0)
    return _generator()


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "sagan_tf"


def _evaluate(generator, seed=0, config=CONFIG, protocol=PROTOCOL, **options):
    options.setdefault("extractor", _extractor())
    evaluator = Evaluator(config, protocol, batch_size=25, **options)
    return evaluator(generator, seed)


def test_metrics_and_protocol(generator):
    before = [np.array(weight) for weight in generator.weights]
    result = _evaluate(generator)
    assert list(result["metrics"]) == [
        "frechet_custom_distance",
        "custom_score_mean",
        "custom_score_standard_deviation",
        "custom_score_without_splits",
        "kernel_custom_distance",
        "precision",
        "recall",
        "density",
        "coverage",
        "intra_frechet_custom_distance",
    ]
    assert all(np.isfinite(v) for v in result["metrics"].values())
    protocol = result["protocol"]
    assert dataclasses.asdict(PROTOCOL).items() <= {
        **protocol, "split": "",
    }.items()  # fmt: skip
    assert protocol["split"] == "train" and protocol["preset"] is None
    assert protocol["real_images"] == 300 and protocol["seed"] == 0
    assert len(result["classes"]["worst"]) == 10
    assert [w[:8] for w in result["warnings"]] == ["Only 60 ", "Only 300"]
    json.dumps(result)
    for weight, value in zip(generator.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)


def test_second_evaluation_reads_no_real_image(generator, monkeypatch):
    first = _evaluate(generator)

    def read(*args, **kwargs):
        raise AssertionError("real images are read")

    monkeypatch.setattr(references.data, "ordered_dataset", read)
    second = _evaluate(generator)
    assert second["metrics"] == first["metrics"]
    assert second["provenance"]["real_images_from_cache"]
    assert not first["provenance"]["real_images_from_cache"]


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": dataclasses.replace(PROTOCOL, real_images=299)},
        {"protocol": dataclasses.replace(PROTOCOL, resize="area")},
        {"protocol": dataclasses.replace(PROTOCOL, split="test")},
        {"extractor": _extractor(sha256="2")},
        {"extractor": dataclasses.replace(_extractor(), outputs=("c", "b"))},
    ],
    ids=["count", "resize", "split", "extractor", "outputs"],
)
def test_other_real_images_are_cached_apart(generator, cache, change):
    _evaluate(generator)
    assert len(list(cache.glob("real_images_*.npz"))) == 1
    result = _evaluate(generator, **change)
    assert not result["provenance"]["real_images_from_cache"]
    assert len(list(cache.glob("real_images_*.npz"))) == 2


@pytest.mark.parametrize("broken", ["cut", "other", "version"])
def test_corrupt_cache_is_made_anew(generator, cache, broken, caplog):
    first = _evaluate(generator)
    (path,) = cache.glob("real_images_*.npz")
    whole = path.read_bytes()
    if broken == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif broken == "other":
        path.write_bytes(b"no archive")
    else:
        with np.load(path) as file:
            arrays = dict(file)
        key = json.loads(str(arrays["key"]))
        arrays["key"] = json.dumps({**key, "version": -1})
        np.savez(path, **arrays)
    with caplog.at_level(logging.WARNING, "absl"):
        second = _evaluate(generator)
    assert "is made anew" in caplog.text
    assert second["metrics"] == first["metrics"]
    with np.load(path) as file:
        assert file["features"].shape == (300, 32)
    assert [file.name for file in cache.iterdir()] == [path.name]


def test_full_disk_leaves_nothing(generator, cache, monkeypatch, caplog):
    def savez(path, **arrays):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", savez)
    with caplog.at_level(logging.WARNING, "absl"):
        result = _evaluate(generator)
    assert "was not cached: [Errno 28]" in caplog.text
    assert result["metrics"]["frechet_custom_distance"] > 0
    assert not list(cache.iterdir())


@pytest.mark.slow
def test_batch_size_and_replicas_change_nothing(mirrored, generator):
    first = _evaluate(generator)
    evaluator = Evaluator(CONFIG, PROTOCOL, _extractor(), batch_size=7)
    for name, value in evaluator(generator)["metrics"].items():
        np.testing.assert_allclose(
            value, first["metrics"][name], rtol=1e-3, atol=1e-6, err_msg=name
        )
    with mirrored.scope():
        copy = models.build_generator(32, 2, 10, 8, attention_resolutions=(16,))
    copy.set_weights(generator.get_weights())
    result = _evaluate(copy, strategy=mirrored)
    assert result["provenance"]["replicas"] == 2
    for name, value in result["metrics"].items():
        np.testing.assert_allclose(
            value, first["metrics"][name], rtol=1e-3, atol=1e-6, err_msg=name
        )


@pytest.mark.parametrize(
    "fields",
    [
        {"quantize": False},
        {"labels": "data"},
        {"truncation": 0.5},
        {"batch_statistics": "standing", "standing_batches": 2},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_what_the_protocol_changes(generator, fields):
    default = _evaluate(generator)["metrics"]
    protocol = dataclasses.replace(PROTOCOL, **fields)
    other = _evaluate(generator, protocol=protocol)
    assert other["metrics"] != default
    assert all(np.isfinite(v) for v in other["metrics"].values())
    assert fields.items() <= other["protocol"].items()


def test_seed_draws_other_images(generator):
    first, second = (_evaluate(generator, seed) for seed in (0, 1))
    assert first["metrics"] != second["metrics"]


def test_unconditional():
    generator = models.build_generator(
        32, 2, None, 8, attention_resolutions=(16,)
    )
    config = dataclasses.replace(CONFIG, num_classes=0)
    result = _evaluate(generator, config=config)
    assert result["classes"] == {}
    assert "intra_frechet_custom_distance" not in result["metrics"]


def test_share_of_the_asked_for_class(generator):
    @tf.function
    def run(images):
        features, _ = _rows_and_columns(images)
        return features, tf.tile(
            [[0.0] * 3 + [1.0] + [0.0] * 6], (len(images), 1)
        )

    # With as many logits as classes, they are taken for these.
    result = _evaluate(generator, extractor=_extractor(run))
    # Labels are as often each as any other.
    np.testing.assert_allclose(result["metrics"]["asked_for_class_share"], 0.1)


def test_classes_without_enough_images_are_said(generator):
    protocol = dataclasses.replace(PROTOCOL, generated_images=10)
    result = _evaluate(generator, protocol=protocol)
    assert "intra_frechet_custom_distance" not in result["metrics"]
    assert any("needs 2 images of each class" in w for w in result["warnings"])


@pytest.mark.parametrize("output", [0, 1])
def test_activations_that_are_not_finite(generator, output):
    @tf.function
    def run(images):
        found = list(_rows_and_columns(images))
        # Generated images alone are not digits' few levels of grey.
        broken = tf.reduce_any(images[0, :, :, 0] != images[0, :, :, 1])
        if broken:
            found[output] *= np.nan
        return tuple(found)

    with pytest.raises(
        ValueError, match="of generated images 0 and on are not"
    ):
        _evaluate(generator, extractor=_extractor(run))


def test_data_without_the_labels_of_the_run(generator):
    with pytest.raises(ValueError, match="must have labels below 5"):
        _evaluate(generator, config=dataclasses.replace(CONFIG, num_classes=5))


def test_image_folder_has_one_split(generator):
    config = dataclasses.replace(CONFIG, dataset="image_folder")
    protocol = dataclasses.replace(PROTOCOL, split="test")
    with pytest.raises(ValueError, match="`split` must be 'train' for an im"):
        _evaluate(generator, config=config, protocol=protocol)


def test_rows_on_replicas(mirrored):
    """Any number of rows, also fewer than replicas, in their order."""
    for strategy in (tf.distribute.get_strategy(), mirrored):
        run = OnReplicas(strategy, lambda a, b: (a + b, 2 * a))
        for count in (1, 2, 5):
            array = np.arange(count, dtype="float32")
            first, second = run(array, array)
            np.testing.assert_array_equal(first, 2 * array)
            np.testing.assert_array_equal(second, 2 * array)


def test_standing_statistics():
    """Means over batches of the batch's own, and nothing else changes."""
    generator = _generator()
    before = [np.array(weight) for weight in generator.weights]
    generator.trainable = False
    copy = with_standing_statistics(generator, 10, 3, seed=4)
    for weight, value in zip(generator.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    means = []
    for index in range(3):
        latents, _ = draw_inputs(8, 10, 64, (4, index + 1))
        # `u` moves during the passes.
        features = generator.get_layer("dense")(latents, training=True)
        means.append(
            np.array(features).reshape(64, 4, 4, -1).mean(axis=(0, 1, 2))
        )
    generator.set_weights(before)
    np.testing.assert_allclose(
        copy.get_layer("block1_normalization1").moving_mean,
        np.mean(means, 0),
        atol=1e-5,
    )
    for ours, theirs in zip(copy.weights, generator.weights, strict=True):
        if "moving" not in ours.path:
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(
        copy.get_layer("dense").u, generator.get_layer("dense").u
    )


def test_activations_are_in_memory_once(random):
    activations = Activations(10)
    for _ in range(3):
        activations.add(random.normal(size=(4, 3)).astype("float32"))
    assert activations.array.shape == (10, 3) and activations.count == 10
    ordered = Activations(4, np.array([2, 0, 3, 1]))
    ordered.add(np.array([[0], [1], [2]]))
    ordered.add(np.array([[3], [4]]))
    np.testing.assert_array_equal(ordered.array.ravel(), [1, 3, 0, 2])


def test_reference_keeps_labels_beside_features():
    """In random order, and each image's with its own."""

    @tf.function
    def run(images):
        return tf.reshape(images[:, ::8, ::8, 0], (len(images), 16)), images[
            :, 0, :10, 0
        ]

    extractor = _extractor(run)
    strategy = tf.distribute.get_strategy()
    reference, _ = references.load(CONFIG, PROTOCOL, extractor, strategy, 25)
    source = data.open_source("digits")
    expected = set()
    for images, labels, _ in data.ordered_dataset(source, 32, 100):
        features = run(to_float(images))[0].numpy()
        expected |= {
            (f.tobytes(), int(n)) for f, n in zip(features, labels, strict=True)
        }
    found = [
        (f.tobytes(), int(n))
        for f, n in zip(reference.features, reference.labels, strict=True)
    ]
    assert set(found) <= expected and len(found) == 300
    np.testing.assert_allclose(
        reference.features.mean(0), reference.mean, atol=1e-6
    )


def test_statistics(random):
    rows = random.normal(1000, 2, size=(50, 6))
    statistics = Statistics()
    for part in np.array_split(rows, 7):
        statistics.add(part, "x")
    mean, covariance = statistics.result()
    np.testing.assert_allclose(mean, rows.mean(0))
    np.testing.assert_allclose(covariance, np.cov(rows, rowvar=False))
    with pytest.raises(ValueError, match="Activations of there are not finite"):
        statistics.add([[np.inf] * 6], "there")
    with pytest.raises(ValueError, match="needs at least 2 images"):
        Statistics().result()
