"""Tests of SAGAN's training step."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import losses
from sagan_tf.batches import Sizes
from sagan_tf.optimizers import FusedAdam


def _values(weights):
    return [np.array(weight) for weight in weights]


def _dense(gradients):
    return [tf.convert_to_tensor(gradient) for gradient in gradients]


def _distance(first, second):
    return max(np.abs(a - b).max() for a, b in zip(first, second, strict=True))


def test_step_is_one_discriminator_and_one_generator_update(gan_factory, batch):
    """Redone by hand, from the same draws."""
    images, labels = batch
    gan, twin = gan_factory(seed=5), gan_factory(seed=5)
    twin.set_weights(gan.get_weights())
    logs = gan.train_step((tf.constant(images), tf.constant(labels)))

    latents, fake_labels = twin.draw(Sizes(8, [8]), 0)
    fakes = twin.generator([latents, fake_labels], training=True)
    with tf.GradientTape() as tape:
        # Real images first, fake ones with the same `u` after.
        real = twin.discriminator(
            [tf.constant(images), tf.constant(labels)], training=False
        )
        fake = twin.discriminator([fakes, fake_labels], training=True)
        loss = losses.discriminator_hinge(real, fake)
    np.testing.assert_allclose(logs["discriminator_loss"], loss, rtol=1e-5)
    np.testing.assert_allclose(
        logs["real_logits"], np.mean(real), rtol=1e-4, atol=1e-5
    )
    variables = twin.discriminator.trainable_variables
    twin.discriminator_optimizer.apply(
        _dense(tape.gradient(loss, variables)), variables
    )
    latents, fake_labels = twin.draw(Sizes(8, [8]), 1)
    variables = twin.generator.trainable_variables
    with tf.GradientTape() as tape:
        fakes = twin.generator([latents, fake_labels], training=True)
        loss = losses.generator_hinge(
            twin.discriminator([fakes, fake_labels], training=False)
        )
    np.testing.assert_allclose(logs["generator_loss"], loss, rtol=1e-4)
    twin.generator_optimizer.apply(
        _dense(tape.gradient(loss, variables)), variables
    )
    assert _distance(gan.get_weights()[1:], twin.get_weights()[1:]) < 1e-5
    assert int(gan.step.numpy()) == 1


def test_auxiliary_classifier_joins_both_losses(gan_factory, batch):
    images, labels = batch
    gan, twin = (
        gan_factory(seed=5, conditioning="auxiliary_classifier")
        for _ in range(2)
    )
    twin.set_weights(gan.get_weights())
    # The optimizers stand still, so that both updates see the same weights.
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    logs = gan.train_step((tf.constant(images), tf.constant(labels)))
    latents, fake_labels = twin.draw(Sizes(8, [8]), 0)
    fakes = twin.generator([latents, fake_labels], training=True)
    # Real images first, fake ones with the same `u` after.
    real = twin.discriminator(tf.constant(images), training=False)
    fake = twin.discriminator(fakes, training=True)
    class_losses = [
        losses.auxiliary_classifier(real[1], labels),
        losses.auxiliary_classifier(fake[1], fake_labels),
    ]
    assert min(class_losses) > 0.5
    np.testing.assert_allclose(
        logs["discriminator_loss"],
        losses.discriminator_hinge(real[0], fake[0]) + sum(class_losses),
        rtol=1e-5,
    )
    np.testing.assert_allclose(
        logs["class_loss"], sum(class_losses) / 2, rtol=1e-5
    )
    latents, fake_labels = twin.draw(Sizes(8, [8]), 1)
    fakes = twin.generator([latents, fake_labels], training=True)
    fake = twin.discriminator(fakes, training=False)
    np.testing.assert_allclose(
        logs["generator_loss"],
        losses.generator_hinge(fake[0])
        + losses.auxiliary_classifier(fake[1], fake_labels),
        rtol=1e-5,
    )


def test_u_moves_once_per_discriminator_update(gan_factory, batch):
    gan = gan_factory(compiled=False)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    layer = gan.discriminator.get_layer("block1_convolution1")
    kernel = np.array(layer.layer.kernel).reshape(-1, 4)
    v = kernel @ np.array(layer.u)
    u = kernel.T @ (v / np.linalg.norm(v))
    gan.train_step(tuple(map(tf.constant, batch)))
    np.testing.assert_allclose(layer.u, u / np.linalg.norm(u), atol=1e-6)


def test_draws_depend_on_seed_and_step_alone(gan_factory):
    first, second, other = (
        gan_factory(seed=s, compiled=False) for s in (1, 1, 2)
    )
    tf.random.normal((3,))
    np.testing.assert_array_equal(
        first.draw(Sizes(8, [8]), 0)[0], second.draw(Sizes(8, [8]), 0)[0]
    )
    assert not np.array_equal(
        first.draw(Sizes(8, [8]), 0)[0], other.draw(Sizes(8, [8]), 0)[0]
    )
    assert not np.array_equal(
        first.draw(Sizes(8, [8]), 0)[0], first.draw(Sizes(8, [8]), 1)[0]
    )
    before = first.draw(Sizes(8, [8]), 0)[0]
    first.step.assign_add(1)
    assert not np.array_equal(before, first.draw(Sizes(8, [8]), 0)[0])


def test_latents_are_normal_and_labels_uniform(gan_factory):
    latents, labels = gan_factory(compiled=False).draw(
        Sizes(30_000, [30_000]), 0
    )
    assert abs(np.mean(latents)) < 0.01 and abs(np.std(latents) - 1) < 0.01
    counts = np.bincount(labels, minlength=3)
    assert len(counts) == 3 and np.abs(counts - 10_000).max() < 400


@pytest.mark.slow
def test_two_replicas_equal_one(gan_factory, mirrored, batch):
    """Weights, `u`, statistics, average, and the logged means.

    With the networks of this package and no classes; other options, on
    networks that allow a narrower bound, are in end_to_end/parts_test.py.
    """
    data = tuple(tf.constant(array) for array in batch)
    results = []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        keras.utils.set_random_seed(3)
        with strategy.scope():
            gan = gan_factory(
                num_classes=None, ema_decay=0.5, synchronized=True
            )
        dataset = tf.data.Dataset.from_tensors(data).repeat()
        iterator = iter(strategy.experimental_distribute_dataset(dataset))

        @tf.function
        def step(iterator, strategy=strategy, gan=gan):
            return strategy.run(gan.train_step, args=(next(iterator),))

        for _ in range(2):
            step(iterator)
        results.append(
            (_values(gan.weights), _values(gan.get_metrics_result().values()))
        )
        if strategy is mirrored:
            for weight in gan.weights:
                one, two = mirrored.experimental_local_results(weight.value)
                np.testing.assert_array_equal(one, two, err_msg=weight.path)
    (weights, metrics), (mirrored_weights, mirrored_metrics) = results
    # Float32 sums in another order; after more steps a ReLU may flip.
    assert _distance(weights, mirrored_weights) < 5e-6
    np.testing.assert_allclose(metrics, mirrored_metrics, rtol=1e-4, atol=1e-5)


class _Recorder:
    """Stands for a network and keeps the inputs that it is called with."""

    def __init__(self, network):
        self.network = network
        self.inputs = []

    def __call__(self, inputs, training):
        self.inputs.append([np.array(array) for array in inputs])
        return self.network(inputs, training=training)

    def __getattr__(self, name):
        return getattr(self.network, name)


def test_every_discriminator_step_sees_other_images(gan_factory, batch):
    images, labels = batch
    gan = gan_factory(discriminator_steps=2)
    gan.discriminator = recorder = _Recorder(gan.discriminator)
    gan.train_step((tf.constant(images), tf.constant(labels)))
    for update in range(2):
        seen_images, seen_labels = recorder.inputs[update]
        np.testing.assert_array_equal(seen_images[:4], images[update::2])
        np.testing.assert_array_equal(seen_labels[:4], labels[update::2])


def test_average(gan_factory, batch):
    gan = gan_factory(ema_decay=0.9, ema_start_step=2)
    train_step = tf.function(gan.train_step, autograph=False)
    averages = []
    raw = []
    for _ in range(4):
        train_step(tuple(map(tf.constant, batch)))
        averages.append(_values(gan.ema_generator.weights))
        raw.append(_values(gan.generator.weights))
    for step in (0, 1):
        assert _distance(averages[step], raw[step]) == 0
    trainable = [weight.trainable for weight in gan.generator.weights]
    for step in (2, 3):
        for index, averaged in enumerate(trainable):
            expected = raw[step][index]
            if averaged:
                expected = 0.9 * averages[step - 1][index] + 0.1 * expected
            np.testing.assert_allclose(
                averages[step][index], expected, atol=1e-6
            )
    assert _distance(averages[3], raw[3]) > 0


def test_calling_samples_the_average(gan_factory, random):
    latents = random.normal(size=(2, 8)).astype("float32")
    labels = np.array([0, 2])
    gan = gan_factory(ema_decay=0.9)
    gan.ema_generator.get_layer("convolution").layer.bias.assign([9, 9, 9])
    np.testing.assert_allclose(gan([latents, labels]), 1, atol=1e-3)
    without = gan_factory()
    assert without.ema_generator is None
    np.testing.assert_array_equal(
        without([latents, labels]), without.generator([latents, labels])
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"discriminator_steps": 0}, "`discriminator_steps` must be"),
        ({"ema_decay": 1.0}, "`ema_decay` must be in"),
        ({"loss": "x"}, "`loss` must be one of"),
    ],
)
def test_bad_arguments(gan_factory, arguments, message):
    with pytest.raises(ValueError, match=message):
        gan_factory(**arguments)


def test_labels_missing(gan_factory, batch):
    with pytest.raises(ValueError, match="a pair of images and labels"):
        gan_factory().train_step(tf.constant(batch[0]))


def test_classes_that_a_batch_has_twice(gan_factory, batch):
    """Keras' Adam is wrong on sparse gradients with a repeated row."""
    results = []
    for optimizer in (keras.optimizers.Adam, FusedAdam):
        keras.utils.set_random_seed(0)
        gan = gan_factory(compiled=False)
        gan.compile(optimizer(1e-3, 0.0, 0.9), optimizer(4e-3, 0.0, 0.9))
        gan.train_step(tuple(map(tf.constant, batch)))
        results.append(
            _values(v.value for v in gan.generator_optimizer.variables)
        )
    assert _distance(*results) < 1e-5
