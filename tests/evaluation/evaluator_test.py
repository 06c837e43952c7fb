"""Tests of Evaluator: a generator, a protocol, a result."""

import dataclasses
import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import models
from sagan_tf.evaluation import Evaluator, references


def test_metrics_and_protocol(result, protocol):
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
    described = result["protocol"]
    expected = {**protocol.to_dict(), "split": "train"}
    assert expected.items() <= described.items()
    assert described["batch_statistics"] == "moving"
    assert described["preset"] is None and described["seed"] == 0
    assert len(result["classes"]["worst"]) == 10
    assert [w[:8] for w in result["warnings"]] == ["Only 60 ", "Only 300"]
    json.dumps(result)


def test_real_images_are_read_once(evaluator, generator, result, monkeypatch):
    monkeypatch.setattr(references, "load", None)
    before = [np.array(weight) for weight in generator.weights]
    assert evaluator(generator)["metrics"] == result["metrics"]
    # Another seed gives other images.
    assert evaluator(generator, 1)["metrics"] != result["metrics"]
    # The generator does not change.
    for weight, value in zip(generator.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_batch_size_and_replicas_change_only_rounding(
    mirrored, generator, result, make_evaluator
):
    with mirrored.scope():
        copy = models.build_generator(32, 2, 10, 8, attention_resolutions=(16,))
    copy.set_weights(generator.get_weights())
    on_replicas = make_evaluator(strategy=mirrored)(copy)
    assert on_replicas["provenance"]["replicas"] == 2
    smaller = make_evaluator(batch_size=7)(generator)
    for other in (smaller, on_replicas):
        for name, value in other["metrics"].items():
            np.testing.assert_allclose(
                value,
                result["metrics"][name],
                rtol=1e-3,
                atol=1e-6,
                err_msg=name,
            )


@pytest.mark.parametrize(
    "fields",
    [
        {"quantize": False},
        {"labels": "data"},
        {"truncation": 0.5},
        {"standing_batches": 2},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_protocol_changes_the_metrics(
    generator, result, make_evaluator, protocol, fields
):
    other = make_evaluator(protocol=dataclasses.replace(protocol, **fields))(
        generator
    )
    assert other["metrics"] != result["metrics"]
    assert all(np.isfinite(v) for v in other["metrics"].values())
    assert fields.items() <= other["protocol"].items()
    assert fields.items() <= (
        other["provenance"]["fields_of_protocol_set"].items()
    )


def test_unconditional(config, make_evaluator):
    generator = models.build_generator(
        32, 2, None, 8, attention_resolutions=(16,)
    )
    result = make_evaluator(config.resolved(None))(generator)
    assert result["classes"] == {}
    assert "intra_frechet_custom_distance" not in result["metrics"]
    assert result["protocol"]["conditional"] is False


def test_class_accuracy(generator, make_evaluator, make_extractor):
    @tf.function
    def run(images):
        features = tf.reduce_mean(images[..., 0], axis=1)
        logits = tf.one_hot(tf.fill([len(images)], 3), 10)
        return features, logits

    # There are as many logits as classes, so they predict the class. All
    # requested labels are equally frequent.
    result = make_evaluator(extractor=make_extractor(run))(generator)
    accuracy = result["metrics"]["asked_for_class_share"]
    np.testing.assert_allclose(accuracy, 0.1)


def test_logits_must_be_finite(generator, make_evaluator, make_extractor):
    @tf.function
    def run(images):
        features, logits = images[:, :, 0, 0], images[:, 0, :12, 0]
        # The digits are grey; only generated images have colours.
        if tf.reduce_any(images[0, :, :, 0] != images[0, :, :, 1]):
            logits *= np.nan
        return features, logits

    evaluator = make_evaluator(extractor=make_extractor(run))
    with pytest.raises(
        ValueError, match="Logits of generated images 0 and on are not"
    ):
        evaluator(generator)


def test_extractor_of_the_configuration(config, tmp_path):
    network = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.GlobalAveragePooling2D(name="features"),
            keras.layers.Dense(4, name="logits"),
        ]
    )
    path = str(tmp_path / "network.keras")
    network.save(path)
    extractor = Evaluator(dataclasses.replace(config, extractor=path)).extractor
    assert extractor.name == f"custom ({path})"
    config = dataclasses.replace(config, extractor="vgg")
    with pytest.raises(ValueError, match="`extractor` must be a .keras file"):
        Evaluator(config)
