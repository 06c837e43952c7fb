"""Tests of draws of latents and labels."""

import keras
import numpy as np
import pytest

from sagan_tf import SAGAN
from sagan_tf.latents import draw_inputs


def test_number_of_classes_of_a_foreign_generator():
    latents = keras.Input((4,))
    labels = keras.Input((), dtype="int32")
    classes = keras.layers.Reshape((1,))(labels)
    images = keras.layers.Dense(3)(
        keras.layers.Concatenate()([latents, classes])
    )
    generator = keras.Model([latents, labels], images)
    with pytest.raises(ValueError, match="`num_classes` must be given"):
        SAGAN(generator, generator)
    assert SAGAN(generator, generator, num_classes=7).num_classes == 7


def test_draw():
    latents, labels = draw_inputs(5, 3, 4, (7, 0))
    assert latents.shape == (4, 5) and labels.shape == (4,)
    again, _ = draw_inputs(5, 3, 4, (7, 0))
    np.testing.assert_array_equal(latents, again)
    other, _ = draw_inputs(5, 3, 4, (7, 1))
    assert not np.array_equal(latents, other)
    assert draw_inputs(5, None, 4, (7, 0))[1] is None
