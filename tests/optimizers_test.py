"""Tests of FusedAdam."""

import keras
import numpy as np
import pytest
import tensorflow as tf

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
