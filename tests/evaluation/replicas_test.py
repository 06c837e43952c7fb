"""Tests of functions that run on replicas."""

import numpy as np
import tensorflow as tf

from sagan_tf.evaluation.replicas import OnReplicas


def test_rows_keep_their_order(mirrored):
    """Any number of rows, even fewer than replicas."""
    for strategy in (tf.distribute.get_strategy(), mirrored):
        run = OnReplicas(strategy, lambda a, b: (a + b, 2 * a))
        for count in (1, 2, 5):
            array = np.arange(count, dtype="float32")
            first, second = run(array, array)
            np.testing.assert_array_equal(first, 2 * array)
            np.testing.assert_array_equal(second, 2 * array)
