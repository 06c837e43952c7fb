"""Tests of feature extractors that a user brings."""

import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf.evaluation.extractors import custom


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
    extractor = custom(path)
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
        custom(path, ("pool", "logits"))


def test_outputs_of_a_network_are_listed(tmp_path):
    path = tmp_path / "network.keras"
    _network().save(path)
    with pytest.raises(ValueError, match=r"It has: \['features', 'logits'\]"):
        custom(path, ("a", "b"))


@pytest.mark.parametrize(
    ("layers", "reason"),
    [
        (
            [keras.layers.Conv2D(2, 3, name="features")],
            "pool a feature map first, for example with GlobalAverage",
        ),
        (
            [
                keras.layers.Flatten(),
                keras.layers.Lambda(
                    lambda x: keras.ops.sum(x, -1), name="features"
                ),
            ],
            None,
        ),
    ],
)
def test_output_must_be_a_vector(layers, reason):
    inputs = values = keras.Input((20, 20, 3))
    for layer in layers:
        values = layer(values)
    logits = keras.layers.Dense(7, name="logits")(
        keras.layers.Flatten()(inputs)
    )
    model = keras.Model(inputs, [values, logits])
    if reason is None:
        reason = r"`features` .* Received: \(2,\)"
    with pytest.raises(ValueError, match=f"`extractor` .*{reason}"):
        custom(model)


class Subclassed(keras.Model):
    """Returns features and logits, by name or in this order."""

    def __init__(self, kind=dict):
        super().__init__()
        self.kind = kind
        self.dense = keras.layers.Dense(7)

    def call(self, images):
        features = keras.ops.mean(images, axis=(1, 2))
        logits = self.dense(features)
        if self.kind is dict:
            return {"features": features, "logits": logits}
        return [features, logits]


def _sequential():
    return keras.Sequential(
        [
            keras.Input((20, 20, 3)),
            keras.layers.GlobalAveragePooling2D(name="features"),
            keras.layers.Dense(7, name="logits"),
        ]
    )


@pytest.mark.parametrize(
    "kind", ["functional", "sequential", "named", "ordered", "layer", "file"]
)
def test_kinds_of_keras_networks(tmp_path, random, kind):
    network = {
        "functional": _network,
        "sequential": _sequential,
        "named": Subclassed,
        "ordered": lambda: Subclassed(list),
        "layer": _sequential,
        "file": _sequential,
    }[kind]()
    if kind == "file":
        network.save(tmp_path / "network.keras")
        network = tmp_path / "network.keras"
    if kind == "layer":
        outputs = {each.name: each.output for each in network.layers}
        model = keras.Model(network.inputs, outputs)
        model.export(tmp_path / "1", verbose=False)
        network = keras.layers.TFSMLayer(tmp_path / "1")
    images = random.uniform(-1, 1, (2, 20, 20, 3)).astype("float32")
    features, logits = custom(network, image_size=20).run(images)
    assert logits.shape == (2, 7)
    np.testing.assert_allclose(features, images.mean((1, 2)), atol=1e-5)


def test_a_model_within_a_model(random):
    inputs = keras.Input((20, 20, 3))
    base = keras.Sequential([keras.Input((20, 20, 3)), keras.layers.ReLU()])
    pooled = keras.layers.GlobalAveragePooling2D(name="features")(base(inputs))
    model = keras.Model(inputs, keras.layers.Dense(7, name="logits")(pooled))
    images = random.uniform(0, 1, (2, 20, 20, 3)).astype("float32")
    features, _ = custom(model).run(images)
    np.testing.assert_allclose(features, images.mean((1, 2)), atol=1e-5)


def test_names_of_layers_come_before_the_order_of_outputs(random):
    model = _network()
    layers = [model.get_layer(name).output for name in ("logits", "features")]
    images = random.uniform(-1, 1, (2, 20, 20, 3)).astype("float32")
    features, logits = custom(keras.Model(model.inputs, layers)).run(images)
    assert features.shape == (2, 3) and logits.shape == (2, 7)


def test_the_hash_has_the_weights_of_a_network_that_is_not_built():
    hashes = set()
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        hashes.add(custom(Subclassed()).sha256)
    assert len(hashes) == 2


def test_range_of_the_input(random):
    images = random.uniform(-1, 1, (2, 20, 20, 3)).astype("float32")
    for black, white in ((0, 255), (0.0, 1.0), (-1, 1)):
        extractor = custom(_network(), input_range=(black, white))
        features, _ = extractor.run(images)
        expected = (images.mean((1, 2)) + 1) / 2 * (white - black) + black
        np.testing.assert_allclose(features, expected, rtol=1e-4)
        assert extractor.input_range == (black, white)
    for wrong in ((1, 0), (0,), ("a", "b"), 3):
        with pytest.raises(ValueError, match="`extractor_range` must be two"):
            custom(_network(), input_range=wrong)


def test_the_hash_is_of_structure_and_weights(tmp_path):
    model = _network()
    hashes = set()
    for name in ("a.keras", "b.keras"):
        model.save(tmp_path / name)
        hashes.add(custom(tmp_path / name).sha256)
        # A file has the second in which it was written.
        time.sleep(1)
    hashes.add(custom(model).sha256)
    assert len(hashes) == 1
    model.layers[-1].bias.assign_add([1] + [0] * 6)
    assert custom(model).sha256 not in hashes


def test_grey_images_are_refused():
    inputs = keras.Input((20, 20, 1))
    features = keras.layers.Flatten(name="features")(inputs)
    logits = keras.layers.Dense(7, name="logits")(features)
    with pytest.raises(ValueError, match="must take .* width, 3"):
        custom(keras.Model(inputs, logits))


def test_a_single_output_is_refused_with_advice(tmp_path):
    model = keras.Sequential([keras.Input((20, 20, 3)), keras.layers.Flatten()])
    model.export(tmp_path / "1", verbose=False)
    with pytest.raises(ValueError, match="output_0.*to have both, save keras"):
        custom(tmp_path / "1")


def test_network_of_an_unknown_class(tmp_path):
    class Mine(keras.layers.Layer):
        def call(self, inputs):
            return inputs

    inputs = keras.Input((20, 20, 3))
    path = tmp_path / "network.keras"
    keras.Model(inputs, Mine()(inputs)).save(path)
    with pytest.raises(ValueError, match="`extractor` must be a .keras"):
        custom(path)


def test_missing_custom_network(tmp_path):
    for name in ("missing.keras", "missing"):
        with pytest.raises(ValueError, match="`extractor` must be a .ker"):
            custom(tmp_path / name)
    tf.saved_model.save(tf.Module(), str(tmp_path / "other"))
    with pytest.raises(ValueError, match="`extractor` must be a .keras"):
        custom(tmp_path / "other")


def test_names_with_braces_are_listed():
    with pytest.raises(ValueError, match=r"must have the outputs \['\{a\}', "):
        custom(_network(), ("{a}", "logits"))
