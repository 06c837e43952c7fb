"""Tests of FusedAdam and of learning rates that change."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import Config, optimizers, training
from sagan_tf.optimizers import FusedAdam

ARGUMENTS = {"beta_1": 0.3, "beta_2": 0.9, "epsilon": 1e-4}


def _steps(optimizer, gradients, start):
    variable = keras.Variable(start)
    optimizer.build([variable])
    for gradient in gradients:
        optimizer.apply([gradient], [variable])
    return [np.array(variable), *(np.array(v) for v in optimizer.variables)]


@pytest.mark.parametrize("amsgrad", [False, True])
def test_equals_keras_adam(random, amsgrad):
    """After five steps: weights, both averages, the counter."""
    start = random.normal(size=(7, 5)).astype("float32")
    gradients = random.normal(size=(5, 7, 5)).astype("float32")
    found, expected = (
        _steps(
            optimizer(
                keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.9),
                amsgrad=amsgrad,
                **ARGUMENTS,
            ),
            map(tf.constant, gradients),
            start,
        )
        for optimizer in (FusedAdam, keras.optimizers.Adam)
    )
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)
    assert np.abs(found[0] - start).min() > 0


def test_rows_without_gradient_decay_too(random):
    start = random.normal(size=(4, 3)).astype("float32")
    sparse = tf.IndexedSlices(tf.ones((1, 3)), tf.constant([2]), (4, 3))
    gradients = [tf.ones((4, 3)), sparse, sparse]
    found, expected = (
        _steps(optimizer(0.1, **ARGUMENTS), gradients, start)
        for optimizer in (FusedAdam, keras.optimizers.Adam)
    )
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-7)


def test_gradients_of_replicas_add_up(mirrored):
    with mirrored.scope():
        variable = keras.Variable(np.ones(3, "float32"))
        optimizer = FusedAdam(0.1, **ARGUMENTS)
        optimizer.build([variable])
    expected = _steps(
        keras.optimizers.Adam(0.1, **ARGUMENTS),
        [tf.constant([3.0, -3.0, 6.0])],
        np.ones(3, "float32"),
    )

    @tf.function
    def run():
        def step():
            replica = tf.distribute.get_replica_context()
            share = tf.cast(1 + replica.replica_id_in_sync_group, tf.float32)
            gradient = share * tf.constant([1.0, -1.0, 2.0])
            optimizer.apply([gradient], [variable])

        mirrored.run(step)

    run()
    for ours, theirs in zip(
        [variable, *optimizer.variables], expected, strict=True
    ):
        for replica in mirrored.experimental_local_results(ours.value):
            np.testing.assert_allclose(replica, theirs, rtol=1e-5, atol=1e-7)


def test_loads_from_its_configuration():
    optimizer = FusedAdam(0.1, **ARGUMENTS)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(optimizer)
    )
    assert type(again) is FusedAdam
    assert again.get_config() == optimizer.get_config()


def test_linear_decay():
    rate = optimizers.LinearDecay(0.5, updates=100, decay_updates=20)
    steps = [0, 79, 80, 85, 99, 100, 120]
    expected = [0.5, 0.5, 0.5, 0.375, 0.025, 0, 0]
    np.testing.assert_allclose([rate(step) for step in steps], expected)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(rate)
    )
    np.testing.assert_allclose([again(step) for step in steps], expected)


@pytest.mark.parametrize("decay_updates", [0, 11])
def test_out_of_range(decay_updates):
    with pytest.raises(ValueError, match="`decay_updates` must be in"):
        optimizers.LinearDecay(0.5, 10, decay_updates)


def test_both_rates_end_at_zero():
    """The discriminator has several updates a step."""
    config = Config(
        image_size=32, base_channels=2, num_classes=2, latent_dim=4,
        attention_resolutions=(), steps=10, linear_decay_steps=4,
        discriminator_steps=3, generator_learning_rate=1.0,
        discriminator_learning_rate=2.0,
    )  # fmt: skip
    strategy = training.make_strategy(config)
    gan = training.build_gan(config, strategy)
    for step, share in ((6, 1), (8, 0.5), (10, 0)):
        gan.generator_optimizer.iterations.assign(step)
        gan.discriminator_optimizer.iterations.assign(3 * step)
        rates = [
            float(optimizer.learning_rate)
            for optimizer in (
                gan.generator_optimizer, gan.discriminator_optimizer,
            )
        ]  # fmt: skip
        np.testing.assert_allclose(rates, [share, 2 * share])


def test_a_micro_batch_waits_for_the_previous_one():
    """Otherwise the activations of all of them are in memory at once."""
    weights = tf.Variable(tf.ones((3, 3)))
    parts = []

    def gradients_of(examples):
        graph = tf.compat.v1.get_default_graph()
        first = len(graph.get_operations())
        only_weights = tf.square(weights)
        gradients = [tf.matmul(examples, only_weights)]
        parts.append((graph.get_operations()[first:], gradients))
        return gradients, {"loss": tf.reduce_sum(only_weights)}

    @tf.function
    def run(batch):
        return optimizers.accumulated(gradients_of, [batch], 2)

    run.get_concrete_function(tf.ones((4, 3)))
    # TensorFlow may trace the function more than once.
    (_, gradients), (operations, _) = parts[-2:]
    waiting = {gradient.op for gradient in gradients}
    for operation in operations[0].graph.get_operations():
        before = [each.op for each in operation.inputs]
        if not waiting.isdisjoint([*before, *operation.control_inputs]):
            waiting.add(operation)
    assert operations and waiting.issuperset(operations)


def test_accumulated_sums_gradients_and_restores_variables():
    state = keras.Variable(5.0)

    def gradients_of(examples, labels):
        assert labels is None
        state.assign(state + examples[0])
        return [tf.reduce_sum(examples), None], {"first": examples[0]}

    gradients, logs = optimizers.accumulated(
        gradients_of, [tf.constant([1.0, 2.0, 3.0, 4.0]), None], 2, [state]
    )
    assert float(gradients[0]) == 10 and gradients[1] is None
    assert float(logs["first"]) == 3
    # 5, and the first example of the second micro-batch.
    assert float(state.value) == 7
