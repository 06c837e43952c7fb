"""Tests of ConditionalBatchNormalization."""

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import layers


@pytest.fixture
def layer(random):
    layer = layers.ConditionalBatchNormalization(4, momentum=0.9, epsilon=1e-3)
    layer.build([(None, 5, 5, 3), (None,)])
    for weight in layer.weights:
        weight.assign(random.uniform(0.5, 1.5, weight.shape))
    return layer


def _expected(layer, features, labels, mean, variance):
    gamma, beta = np.array(layer.gamma), np.array(layer.beta)
    normalized = (features - mean) / np.sqrt(variance + layer.epsilon)
    shape = (-1, *[1] * (features.ndim - 2), features.shape[-1])
    return normalized * gamma[labels].reshape(shape) + beta[labels].reshape(
        shape
    )


@pytest.mark.parametrize("shape", [(6, 3), (6, 5, 3), (6, 5, 5, 3)])
def test_training_against_numpy(random, layer, shape):
    features = random.normal(2, 3, shape).astype("float32")
    labels = random.integers(0, 4, 6)
    axes = tuple(range(features.ndim - 1))
    mean, variance = features.mean(axes), features.var(axes)
    moving_mean = np.array(layer.moving_mean)
    moving_variance = np.array(layer.moving_variance)
    outputs = layer([features, labels], training=True)
    np.testing.assert_allclose(
        outputs, _expected(layer, features, labels, mean, variance), atol=1e-5
    )
    np.testing.assert_allclose(
        layer.moving_mean, 0.9 * moving_mean + 0.1 * mean, atol=1e-6
    )
    np.testing.assert_allclose(
        layer.moving_variance, 0.9 * moving_variance + 0.1 * variance, rtol=1e-6
    )


def test_inference_against_numpy(random, layer):
    features = random.normal(2, 3, (6, 5, 5, 3)).astype("float32")
    labels = random.integers(0, 4, 6)
    statistics = [np.array(layer.moving_mean), np.array(layer.moving_variance)]
    outputs = layer([features, labels])
    np.testing.assert_allclose(
        outputs, _expected(layer, features, labels, *statistics), atol=1e-5
    )
    np.testing.assert_array_equal(layer.moving_mean, statistics[0])
    np.testing.assert_array_equal(layer.moving_variance, statistics[1])


def test_starts_as_plain_batch_normalization():
    layer = layers.ConditionalBatchNormalization(4)
    layer.build([(None, 3), (None,)])
    for weight, value in zip(layer.weights, (1, 0, 0, 1), strict=True):
        np.testing.assert_array_equal(weight, np.full(weight.shape, value))


def test_frozen_layer_keeps_its_statistics(random, layer):
    layer.trainable = False
    features = random.normal(2, 3, (6, 5, 5, 3)).astype("float32")
    labels = random.integers(0, 4, 6)
    np.testing.assert_array_equal(
        layer([features, labels], training=True), layer([features, labels])
    )


@pytest.mark.parametrize("synchronized", [True, False])
def test_statistics_of_two_replicas(random, mirrored, synchronized):
    """Synchronized: the whole batch's; else each replica's own."""
    features = random.normal(2, 3, (8, 4, 4, 3)).astype("float32")
    labels = random.integers(0, 4, 8, dtype="int32")
    with mirrored.scope():
        layer = layers.ConditionalBatchNormalization(
            4, synchronized=synchronized
        )
        layer.build([features.shape, labels.shape])

    @tf.function
    def run():
        def replica():
            index = tf.distribute.get_replica_context()
            start = 4 * index.replica_id_in_sync_group
            return layer(
                [features[start:][:4], labels[start:][:4]], training=True
            )

        return mirrored.experimental_local_results(mirrored.run(replica))

    features, labels = tf.constant(features), tf.constant(labels)
    outputs = tf.concat(run(), 0)
    axes = (0, 1, 2)
    parts = [features] if synchronized else tf.split(features, 2)
    expected = [
        (part - tf.reduce_mean(part, axes))
        / tf.sqrt(tf.math.reduce_variance(part, axes) + layer.epsilon)
        for part in parts
    ]
    np.testing.assert_allclose(outputs, tf.concat(expected, 0), atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_classes": 0}, "`num_classes` must be at least 1"),
        ({"num_classes": 3, "momentum": 1.5}, "`momentum` must be in"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        layers.ConditionalBatchNormalization(**arguments)


def test_labels_missing():
    layer = layers.ConditionalBatchNormalization(3)
    with pytest.raises(ValueError, match="list of features and labels"):
        layer(np.ones((2, 3), "float32"))


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32"])
@pytest.mark.parametrize("rank", [2, 4])
def test_labels_as_a_column_and_of_any_type(layer, random, dtype, rank):
    features = random.normal(size=(3, *[5] * (rank - 2), 3)).astype("float32")
    labels = np.array([2, 0, 3], dtype)
    expected = layer([features, labels.astype("int32")])
    np.testing.assert_array_equal(layer([features, labels]), expected)
    np.testing.assert_array_equal(layer([features, labels[:, None]]), expected)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1, 4], r"whole numbers in \[0, 4\)"),
        ([0, 1, -1], r"whole numbers in \[0, 4\)"),
        ([0, 1, 2.5], r"whole numbers in \[0, 4\)"),
        (np.eye(4)[:3], "pass the `argmax`"),
        ([1], "as many as `features`"),
    ],
)
def test_labels_refused(layer, labels, message):
    features = np.zeros((3, 5, 5, 3), "float32")
    with pytest.raises(ValueError, match=message):
        layer([features, np.array(labels)])


def test_label_of_no_class_in_a_compiled_function(layer):
    """Its outputs are NaN, those of the others are as ever."""
    features = np.ones((4, 2, 2, 3), "float32")
    run = tf.function(lambda labels: layer([features, labels]))
    outputs = run(tf.constant([1, 4, -1, 3])).numpy()
    assert np.isnan(outputs[1:3]).all()
    np.testing.assert_allclose(
        outputs[[0, 3]],
        layer([features[:2], np.array([1, 3])]),
        rtol=1e-6,
    )
