"""Tests of the feature extractors."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import data
from sagan_tf.evaluation import extractors


class FakeInception(tf.Module):
    """The interface of TF-GAN's module; features are means of the input."""

    def __init__(self, names=("logits", "pool_3")):
        super().__init__()
        self.names = names

    @tf.function(input_signature=[tf.TensorSpec([None, 299, 299, 3])])
    def __call__(self, images):
        means = tf.reduce_mean(images, axis=(1, 2))
        outputs = {
            "logits": tf.pad(means, [[0, 0], [0, 1005]]),
            "pool_3": tf.tile(means, (1, 683))[:, None, None, :2048],
        }
        return dict(
            zip(self.names, (outputs["logits"], outputs["pool_3"]), strict=True)
        )


@pytest.fixture
def inception_path(tmp_path):
    path = str(tmp_path / "inception")
    tf.saved_model.save(FakeInception(), path)
    return path


def test_inception(inception_path, random):
    extractor = extractors.inception(inception_path)
    images = random.integers(0, 255, (3, 32, 32, 3), "uint8")
    features, logits = extractor.run(images)
    assert features.shape == (3, 2048) and logits.shape == (3, 1008)
    resized = tf.image.resize(data.to_float(images), (299, 299))
    expected = tf.reduce_mean(resized, axis=(1, 2))
    np.testing.assert_allclose(features[:, :3], expected, atol=1e-5)
    assert not extractor.predicts_labels


def test_what_is_no_module(tmp_path):
    with pytest.raises(ValueError, match="`inception` must be a SavedModel"):
        extractors.inception(str(tmp_path / "missing"))


def test_module_with_other_outputs(tmp_path):
    path = str(tmp_path / "other")
    tf.saved_model.save(FakeInception(("a", "b")), path)
    with pytest.raises(ValueError, match=r"whose outputs are \['a', 'b'\]"):
        extractors.inception(path)


def test_saved_model_of_something_else(tmp_path):
    path = str(tmp_path / "dense")
    tf.saved_model.save(tf.Module(), path)
    with pytest.raises(ValueError, match="`inception` must be a SavedModel"):
        extractors.inception(path)


def test_no_network(monkeypatch):
    def get_file(*args, **kwargs):
        raise Exception("URL fetch failure: no route to host")

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    with pytest.raises(ValueError, match="pass --inception=PATH"):
        extractors.inception()


def test_digits_classifier_is_good_and_cached(monkeypatch):
    first = extractors.digits_classifier()
    assert first.accuracy >= 0.97 and first.predicts_labels

    def train():
        raise AssertionError("trained twice")

    monkeypatch.setattr(extractors, "_train_classifier", train)
    second = extractors.digits_classifier()
    assert second.accuracy == first.accuracy
    images = np.random.default_rng(0).integers(0, 255, (2, 32, 32, 3), "uint8")
    features, logits = second.run(images)
    assert features.shape == (2, 64) and logits.shape == (2, 10)
    np.testing.assert_array_equal(features, first.run(images)[0])


def test_corrupt_cache_is_trained_again(monkeypatch, tmp_path):
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Flatten(),
            keras.layers.Dense(64, name="features"),
            keras.layers.Dense(10, name="logits"),
        ]
    )
    monkeypatch.setattr(extractors, "_train_classifier", lambda: model)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = tmp_path / "sagan_tf" / "digits_classifier_v1.keras"
    path.parent.mkdir()
    path.write_bytes(b"no model")
    extractors.digits_classifier()
    assert keras.models.load_model(path).count_params() == model.count_params()
