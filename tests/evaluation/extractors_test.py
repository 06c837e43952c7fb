"""Tests of the feature extractors."""

import keras
import numpy as np
import pytest
import tensorflow as tf

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
    with pytest.raises(ValueError, match="as --inception=PATH"):
        extractors.inception()


def test_address_on_tensorflow_hub(inception_path, monkeypatch):
    asked = []

    def get_file(name, origin, extract):
        asked.append(origin)
        return inception_path

    monkeypatch.setattr(keras.utils, "get_file", get_file)
    extractors.inception()
    extractors.inception("https://tfhub.dev/mine/1")
    assert asked == [
        "https://tfhub.dev/tensorflow/tfgan/eval/inception/1"
        "?tf-hub-format=compressed",
        "https://tfhub.dev/mine/1?tf-hub-format=compressed",
    ]


def _network():
    inputs = keras.Input((20, 20, 3))
    features = keras.layers.GlobalAveragePooling2D(name="features")(inputs)
    logits = keras.layers.Dense(7, name="logits")(features)
    return keras.Model(inputs, logits)


@pytest.mark.parametrize("kind", ["keras", "saved_model"])
def test_custom_network(tmp_path, random, kind):
    model = _network()
    if kind == "keras":
        path = tmp_path / "network.keras"
        model.save(path)
    else:
        path = tmp_path / "network"
        outputs = [model.get_layer("features").output, model.output]
        names = dict(zip(("features", "logits"), outputs, strict=True))
        keras.Model(model.inputs, names).export(path, verbose=False)
    extractor = extractors.custom(path)
    images = random.uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    features, logits = extractor.run(images)
    resized = tf.image.resize(images, (20, 20))
    np.testing.assert_allclose(logits, model(resized), atol=1e-5)
    np.testing.assert_allclose(
        features, tf.reduce_mean(resized, axis=(1, 2)), atol=1e-5
    )
    assert extractor.metric_prefix == "custom" and len(extractor.sha256) == 64
    with pytest.raises(
        ValueError, match=r"must have the outputs \['pool', 'lo"
    ):
        extractors.custom(path, ("pool", "logits"))


def test_outputs_of_a_network_are_listed(tmp_path):
    path = tmp_path / "network.keras"
    _network().save(path)
    with pytest.raises(ValueError, match=r"It has: \['features', 'logits'\]"):
        extractors.custom(path, ("a", "b"))


def test_output_must_be_a_vector(tmp_path):
    inputs = keras.Input((20, 20, 3))
    maps = keras.layers.Conv2D(2, 3, name="features")(inputs)
    logits = keras.layers.Dense(7, name="logits")(keras.layers.Flatten()(maps))
    path = tmp_path / "network.keras"
    keras.Model(inputs, logits).save(path)
    run = extractors.custom(path).run
    with pytest.raises(ValueError, match="`features` .* of shape"):
        run(tf.zeros((1, 20, 20, 3)))


def test_network_of_an_unknown_class(tmp_path):
    class Mine(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    inputs = keras.Input((20, 20, 3))
    path = tmp_path / "network.keras"
    keras.Model(inputs, Mine()(inputs)).save(path)
    with pytest.raises(ValueError, match="`extractor` must be a SavedModel"):
        extractors.custom(path)


def test_missing_custom_network(tmp_path):
    for name in ("missing.keras", "missing"):
        with pytest.raises(ValueError, match="`extractor` must be a SavedM"):
            extractors.custom(tmp_path / name)
    tf.saved_model.save(tf.Module(), str(tmp_path / "other"))
    with pytest.raises(ValueError, match="`extractor` must be a SavedModel"):
        extractors.custom(tmp_path / "other")


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
    extractor = extractors.inception(path)
    images = tf.random.uniform((4, 32, 32, 3), -1, 1)
    features, logits = extractor.run(images)
    assert features.shape == (4, 2048) and logits.shape == (4, 1008)
    expected = module(tf.compat.v1.image.resize(images, (299, 299)))
    np.testing.assert_allclose(logits, expected["logits"], atol=1e-4)
