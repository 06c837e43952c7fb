"""Compares two functions, outputs and gradients."""

import numpy as np
import tensorflow as tf


def assert_equal(inputs, ours, expected, atol=2e-6):
    """Compares outputs, and gradients of the inputs and of weights.

    Args:
        inputs: Float tensor.
        ours, expected: A function of `inputs`, and the list of its weights.
        atol: Largest difference, as a part of the largest value expected.
    """
    results = []
    for function, weights in (ours, expected):
        sources = [inputs, *(weight.value for weight in weights)]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = function(inputs)
            loss = tf.reduce_sum(tf.sin(outputs))
        results.append([outputs, *tape.gradient(loss, sources)])
    for found, value in zip(*results, strict=True):
        scale = np.abs(value).max()
        np.testing.assert_allclose(found / scale, value / scale, atol=atol)
