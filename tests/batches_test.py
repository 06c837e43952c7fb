"""Tests of batches of any size, on one replica and on two."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import SAGAN, batches


def _make(normalized=False, **kwargs):
    """A SAGAN of dense layers, trained by plain gradient descent."""
    keras.utils.set_random_seed(0)
    latents = keras.Input((8,))
    features = keras.layers.Dense(6, "tanh")(latents)
    if normalized:
        features = keras.layers.BatchNormalization()(features)
    images = keras.Input((12,))
    gan = SAGAN(
        keras.Model(latents, keras.layers.Dense(12)(features)),
        keras.Model(images, keras.layers.Dense(1)(images)),
        loss="non_saturating",
        **kwargs,
    )
    gan.compile(keras.optimizers.SGD(1.0), keras.optimizers.SGD(1.0))
    return gan


def _images(count):
    return np.random.default_rng(0).normal(size=(count, 12)).astype("float32")


def _values(gan):
    metrics = gan.get_metrics_result().values()
    return [np.array(value) for value in (*gan.get_weights(), *metrics)]


def _assert_close(first, second):
    for one, two in zip(first, second, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_micro_batches_of_unequal_size(count):
    """Every image weighs the same, even if a micro-batch has none."""
    results = []
    for steps in (1, 2, 4):
        gan = _make(accumulation_steps=steps)
        gan.fit(_images(count), batch_size=8, verbose=0, shuffle=False)
        results.append(_values(gan))
    _assert_close(results[0], results[1])
    _assert_close(results[0], results[2])


@pytest.mark.parametrize("count", [1, 3, 4, 7])
def test_two_replicas_with_unequal_batches(mirrored, count):
    """The second replica may have no image at all."""
    results = []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        with strategy.scope():
            gan = _make(ema_decay=0.5, accumulation_steps=2)
        dataset = tf.data.Dataset.from_tensor_slices(_images(count)).batch(4)
        iterator = iter(strategy.experimental_distribute_dataset(dataset))

        @tf.function(autograph=False)
        def step(batch, strategy=strategy, gan=gan):
            return strategy.run(gan.train_step, args=(batch,))

        for batch in iterator:
            step(batch)
        results.append(_values(gan))
    _assert_close(*results)


@pytest.mark.parametrize(
    "parts", [{"discriminator_steps": 2}, {"accumulation_steps": 2}]
)
def test_last_batch_of_one_image(parts):
    gan = _make(normalized=True, ema_decay=0.9, **parts)
    gan.fit(_images(5), batch_size=4, verbose=0)
    assert all(np.isfinite(value).all() for value in _values(gan))


def test_empty_batch_moves_nothing():
    gan = _make()
    before = gan.get_weights()

    @tf.function(input_signature=[tf.TensorSpec((None, 12))])
    def step(images):
        gan.train_step(images)

    step(tf.zeros((0, 12)))
    # The first is the counter of steps.
    _assert_close(before[1:], gan.get_weights()[1:])


def test_metrics_are_means_over_images():
    """A batch of one image counts a fourth of a batch of four."""
    images = _images(5)
    gan = _make()
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    history = gan.fit(images, batch_size=4, verbose=0, shuffle=False).history
    expected = np.mean(gan.discriminator(images))
    assert history["real_logits"] == [pytest.approx(expected, rel=1e-5)]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((_images(4), [0] * 4, [1.0] * 4), "weights of samples are not used"),
        ((_images(4).astype("uint8"),), "Images must be floats in"),
        ((_images(4)[:, :6],), r"of the shape of generated images, \(12,\)"),
        ((_images(4),), "must be a pair of images and labels"),
        ((_images(4), np.eye(4)), "of one-hot labels, pass the `argmax`"),
        ((_images(4), [0, 1, 2, 3]), r"whole numbers in \[0, 3\)"),
        ((_images(4), [0, 1, 2, -1]), r"whole numbers in \[0, 3\)"),
        ((_images(4), [0, 1, 2, 1.5]), r"whole numbers in \[0, 3\)"),
    ],
)
def test_refused(data, message):
    data = tuple(tf.constant(part) for part in data)
    with pytest.raises(ValueError, match=message):
        batches.unpack(data, (12,), 3)


@pytest.mark.parametrize("labels", [[1, 3], [-1, 0], [0.5, 1.0]])
def test_labels_refused_in_a_compiled_function(labels):
    @tf.function
    def run(labels):
        return batches.unpack((tf.zeros((2, 12)), labels), (12,), 3)[1]

    assert run(tf.constant([0, 2])).numpy().tolist() == [0, 2]
    with pytest.raises(tf.errors.InvalidArgumentError, match="whole numbers"):
        run(tf.constant(labels))


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int64", "float32"])
@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_labels(dtype, shape):
    labels = tf.reshape(tf.constant([2, 0, 1], dtype), shape)
    _, found = batches.unpack((tf.zeros((3, 12)), labels), (12,), 3)
    assert found.dtype == tf.int32 and found.numpy().tolist() == [2, 0, 1]
