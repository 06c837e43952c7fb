"""Tests that an update is the same on replicas and in micro-batches.

    python tests/end_to_end/parts_test.py REPLICAS FILE.npz

is what the test of four replicas runs: TensorFlow takes the number of devices
once for all.
"""

import os
import subprocess
import sys

import keras
import numpy as np
import pytest
import smooth_networks
import tensorflow as tf

from sagan_tf import SAGAN, layers
from sagan_tf.batches import Sizes
from sagan_tf.optimizers import FusedAdam

# Of weights, `u`, statistics, averages, gradients, optimizers and metrics,
# after each of five steps; of values beyond 1 it is relative. Float32 sums in
# another order: the largest difference seen was 3e-7. The networks are smooth,
# because where a ReLU flips a gradient jumps.
BOUND = 1e-6

# What is added to SAGAN's step for few images. No "color", which would change
# the range that the smooth networks are made for.
# Mode seeking looks at the pairs of a part, so it is not the same in parts.
ADDITIONS = {"augmentations": ("translation", "cutout"), "lecam_weight": 0.1}


def _make(
    conditioning="projection",
    synchronized=None,
    frozen_statistics=False,
    **kwargs,
):
    """Returns the same SAGAN each time.

    It has batch normalization unless `synchronized` is None; with
    `frozen_statistics` that normalizes by the moving averages.
    """
    keras.utils.set_random_seed(2)
    gan = SAGAN(
        smooth_networks.generator(conditioning is not None, synchronized),
        smooth_networks.discriminator(conditioning),
        num_classes=conditioning and 3,
        loss="non_saturating",
        ema_decay=0.5,
        **kwargs,
    )
    for network in (gan.generator, gan.discriminator):
        for layer in network.layers:
            if isinstance(layer, layers.SelfAttention):
                layer.gamma.assign(0.5)
            if frozen_statistics and "normalization" in layer.name:
                layer.trainable = "spectral" in layer.name
    # With beta_1 = 0 a momentum is the gradient, summed over all parts. A
    # large epsilon, because with the usual one a gradient that is zero but
    # for rounding moves a weight by the learning rate.
    gan.compile(
        FusedAdam(1e-2, 0.0, 0.9, epsilon=1e-3),
        FusedAdam(1e-2, 0.0, 0.9, epsilon=1e-3),
    )
    return gan


def _data():
    """Sixteen images of 8x8 pixels, and labels of three classes."""
    random = np.random.default_rng(0)
    images = random.uniform(-1, 1, (16, 8, 8, 3)).astype("float32")
    labels = random.integers(0, 3, 16, dtype="int32")
    return tf.constant(images), tf.constant(labels)


def _variables(gan):
    return [
        *gan.weights,
        *gan.generator_optimizer.variables,
        *gan.discriminator_optimizer.variables,
    ]


def _values(gan):
    metrics = gan.get_metrics_result().values()
    return [np.array(value) for value in (*_variables(gan), *metrics)]


def _train(gan, steps=5):
    """Returns the values after each step."""
    history = []
    for _ in range(steps):
        # Not compiled: building the graph takes longer.
        gan.train_step(_data())
        history.extend(_values(gan))
    return history


def _train_on(strategy, steps=5, compiled=True, **kwargs):
    """Returns the values after each step, and what differs by replica."""
    with strategy.scope():
        gan = _make(**kwargs)
    dataset = tf.data.Dataset.from_tensors(_data()).repeat()
    iterator = iter(strategy.experimental_distribute_dataset(dataset))

    def step(batch):
        return strategy.run(gan.train_step, args=(batch,))

    if compiled:
        step = tf.function(step, autograph=False)
    history = []
    for _ in range(steps):
        logs = step(next(iterator))
        history.extend(_values(gan))
    last = logs | {each.path: each.value for each in _variables(gan)}
    unequal = []
    for name, values in last.items():
        first, *others = strategy.experimental_local_results(values)
        if not all(np.array_equal(first, other) for other in others):
            unequal.append(name)
    return history, unequal


def _largest_difference(first, second):
    return max(
        np.abs(one - other).max() / max(1, np.abs(one).max())
        for one, other in zip(first, second, strict=True)
    )


@pytest.mark.slow
def test_two_replicas_equal_one(mirrored):
    """With synchronized batch statistics, even those of micro-batches."""
    kwargs = {
        "synchronized": True,
        "accumulation_steps": 2,
        "discriminator_steps": 2,
    }
    found, unequal = _train_on(mirrored, **kwargs)
    assert not unequal
    difference = _largest_difference(_train(_make(**kwargs)), found)
    assert difference < BOUND


@pytest.mark.slow
def test_four_replicas_equal_one(tmp_path):
    path = str(tmp_path / "values.npz")
    subprocess.run(
        [sys.executable, __file__, "4", path],
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    with np.load(path) as arrays:
        found = list(arrays.values())
    difference = _largest_difference(_train(_make(synchronized=True), 2), found)
    assert difference < BOUND


def test_whole_step_on_two_replicas_without_batch_statistics(mirrored):
    kwargs = {"accumulation_steps": 2, **ADDITIONS}
    found, unequal = _train_on(mirrored, 1, compiled=False, **kwargs)
    assert not unequal
    assert _largest_difference(_train(_make(**kwargs), 1), found) < BOUND


def test_without_synchronization_only_batch_statistics_differ(mirrored):
    differences = []
    for frozen in (True, False):
        kwargs = {"synchronized": False, "frozen_statistics": frozen}
        found, unequal = _train_on(mirrored, 1, compiled=False, **kwargs)
        # Only moving averages are each replica's own.
        assert all("normalization" in name for name in unequal)
        expected = _train(_make(**kwargs), 1)
        differences.append(_largest_difference(expected, found))
    assert differences[0] < BOUND
    assert differences[1] > 1e-3


@pytest.mark.parametrize(
    ("conditioning", "discriminator_steps"),
    [
        ("projection", 2),
        pytest.param(None, 1, marks=pytest.mark.slow),
        pytest.param("auxiliary_classifier", 1, marks=pytest.mark.slow),
    ],
)
def test_micro_batches_equal_the_whole(conditioning, discriminator_steps):
    kwargs = {
        "conditioning": conditioning,
        "discriminator_steps": discriminator_steps,
        **ADDITIONS,
    }
    start = _values(_make(**kwargs))
    expected = _train(_make(**kwargs), 2)
    assert _largest_difference(start, expected[-len(start) :]) > 1e-2
    for steps in (2, 4):
        found = _train(_make(accumulation_steps=steps, **kwargs), 2)
        difference = _largest_difference(expected, found)
        assert difference < BOUND


@pytest.mark.slow
def test_micro_batches_by_xla():
    gan, twin = _make(accumulation_steps=2), _make()
    for each in (gan, twin):
        tf.function(each.train_step, jit_compile=True)(_data())
    difference = _largest_difference(_values(twin), _values(gan))
    assert difference < BOUND


def test_batch_statistics_are_those_of_a_micro_batch():
    """The moving ones move at each, and `u` but once."""
    gan = _make(synchronized=False, accumulation_steps=2)
    twin = _make(synchronized=False)
    # The optimizers stand still, so that both updates see the same weights.
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    images, labels = _data()
    logs = gan.train_step((images, labels))
    vectors = [v for v in twin.generator.variables if v.name == "u"]
    losses = []
    for update in range(2):
        latents, fake_labels = twin.draw(Sizes(16, [16]), update)
        before = [np.array(vector) for vector in vectors]
        for part in range(2):
            for vector, value in zip(vectors, before, strict=True):
                vector.assign(value)
            fakes = twin.generator(
                [latents[part::2], fake_labels[part::2]], training=True
            )
            if update == 0:
                real, fake = (
                    twin.discriminator([batch, classes[part::2]])
                    for batch, classes in (
                        (images[part::2], labels),
                        (fakes, fake_labels),
                    )
                )
                losses.append(twin.discriminator_loss(real, fake))
    np.testing.assert_allclose(
        logs["discriminator_loss"], np.mean(losses), rtol=1e-5
    )
    for found, expected in zip(
        gan.generator.variables, twin.generator.variables, strict=True
    ):
        np.testing.assert_allclose(
            found, expected, rtol=1e-5, atol=1e-6, err_msg=found.path
        )


def test_accumulation_steps_in_config():
    config = _make(accumulation_steps=2).get_config()
    assert config["accumulation_steps"] == 2


def test_less_than_one():
    with pytest.raises(ValueError, match="`accumulation_steps` must be an"):
        _make(accumulation_steps=0)


def main(replicas, path):
    """Trains on so many replicas, and writes the values."""
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * int(replicas)
    )
    strategy = tf.distribute.MirroredStrategy(
        [f"CPU:{index}" for index in range(int(replicas))]
    )
    values, unequal = _train_on(strategy, 2, compiled=False, synchronized=True)
    if unequal:
        raise RuntimeError(f"Not the same on all replicas: {unequal}")
    np.savez(path, *values)


if __name__ == "__main__":
    main(*sys.argv[1:])
