"""Tests of standing statistics."""

import numpy as np

from sagan_tf.evaluation.standing_statistics import with_standing_statistics
from sagan_tf.latents import draw_inputs


def test_statistics_are_means_over_batches(make_generator):
    """Only the statistics change, and only those of the copy."""
    generator = make_generator()
    before = [np.array(weight) for weight in generator.weights]
    generator.trainable = False
    copy = with_standing_statistics(generator, 10, 3, seed=4)
    for weight, value in zip(generator.weights, before, strict=True):
        np.testing.assert_array_equal(weight, value)
    means = []
    for index in range(3):
        latents, _ = draw_inputs(8, 10, 64, (4, index + 1))
        # `u` moves with each call.
        features = generator.get_layer("dense")(latents, training=True)
        means.append(
            np.array(features).reshape(64, 4, 4, -1).mean(axis=(0, 1, 2))
        )
    generator.set_weights(before)
    np.testing.assert_allclose(
        copy.get_layer("block1_normalization1").moving_mean,
        np.mean(means, 0),
        atol=1e-5,
    )
    for ours, theirs in zip(copy.weights, generator.weights, strict=True):
        if "moving" not in ours.path:
            np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(
        copy.get_layer("dense").u, generator.get_layer("dense").u
    )
