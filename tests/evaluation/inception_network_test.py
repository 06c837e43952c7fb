"""Tests of TF-GAN's Inception network."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf.evaluation.inception_network import inception


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
    extractor = inception(inception_path)
    images = random.uniform(-1, 1, (3, 32, 32, 3)).astype("float32")
    features, logits = extractor.run(images)
    assert features.shape == (3, 2048) and logits.shape == (3, 1008)
    # TensorFlow 1's pixel grid, without antialiasing.
    resized = tf.compat.v1.image.resize_bilinear(
        images, (299, 299), half_pixel_centers=False
    )
    expected = tf.reduce_mean(resized, axis=(1, 2))
    np.testing.assert_allclose(features[:, :3], expected, atol=1e-5)
    assert not extractor.predicts_labels


def test_missing_module(tmp_path):
    with pytest.raises(ValueError, match="`inception` must be a SavedModel"):
        inception(str(tmp_path / "missing"))


def test_module_with_other_outputs(tmp_path):
    path = str(tmp_path / "other")
    tf.saved_model.save(FakeInception(("a", "b")), path)
    with pytest.raises(ValueError, match=r"whose outputs are \['a', 'b'\]"):
        inception(path)


def test_saved_model_of_something_else(tmp_path):
    path = str(tmp_path / "dense")
    tf.saved_model.save(tf.Module(), path)
    with pytest.raises(ValueError, match="`inception` must be a SavedModel"):
        inception(path)


def test_no_network(monkeypatch):
    def get_file(*args, **kwargs):
        raise Exception("URL fetch failure: no route to host")

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    with pytest.raises(ValueError, match="as --inception=PATH"):
        inception()


def test_address_on_tensorflow_hub(inception_path, monkeypatch):
    asked = []

    def get_file(name, origin, extract):
        asked.append(origin)
        return inception_path

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    inception()
    inception("https://tfhub.dev/mine/1")
    assert asked == [
        "https://tfhub.dev/tensorflow/tfgan/eval/inception/1"
        "?tf-hub-format=compressed",
        "https://tfhub.dev/mine/1?tf-hub-format=compressed",
    ]


@pytest.mark.slow
def test_inception_of_the_real_size(tmp_path):
    """InceptionV3 with random weights, behind the module's interface."""

    class Inception(tf.Module):
        def __init__(self):
            super().__init__()
            network = keras.applications.InceptionV3(
                weights=None, include_top=False, pooling="avg"
            )
            self.dense = keras.layers.Dense(1008)
            self.dense.build((None, 2048))
            self.network = network

        @tf.function(input_signature=[tf.TensorSpec([None, 299, 299, 3])])
        def __call__(self, images):
            features = self.network(images, training=False)
            return {
                "pool_3": features[:, None, None],
                "logits": self.dense(features),
            }

    module = Inception()
    path = str(tmp_path / "inception")
    tf.saved_model.save(module, path)
    extractor = inception(path)
    images = tf.random.uniform((4, 32, 32, 3), -1, 1)
    features, logits = extractor.run(images)
    assert features.shape == (4, 2048) and logits.shape == (4, 1008)
    expected = module(tf.compat.v1.image.resize(images, (299, 299)))
    np.testing.assert_allclose(logits, expected["logits"], atol=1e-4)
