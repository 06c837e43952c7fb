"""Tests of what all sets of images share."""

import numpy as np

from sagan_tf.evaluation.sets import image_set


def test_keys_are_those_of_the_pixels(random):
    pictures = random.integers(0, 256, (5, 8, 8, 3), np.uint8)
    keys = image_set.keys_of(pictures)
    assert len(set(keys.tolist())) == 5
    np.testing.assert_array_equal(image_set.keys_of(pictures[::-1]), keys[::-1])
