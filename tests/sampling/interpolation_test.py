"""Tests of interpolation between latents and between classes."""

import numpy as np
import pytest

from sagan_tf.sampling import interpolation


class Recorder:
    """A sampler whose images are the latents that are asked for."""

    def __init__(self, ends):
        self.ends = np.array(ends)

    def latents(self, seeds, truncation):
        return self

    def numpy(self):
        return self.ends

    def images(self, latents):
        return latents


def test_between_latents_the_length_stays():
    sampler = Recorder([[3.0, 0.0], [0.0, 3.0]])
    (strip,) = interpolation.between_latents(sampler, [0, 1], [], frames=4)
    assert len(strip) == 5
    np.testing.assert_allclose(np.linalg.norm(strip, axis=1), 3)
    angles = np.arctan2(strip[:, 1], strip[:, 0])
    np.testing.assert_allclose(angles, np.linspace(0, np.pi / 2, 5))


def test_between_equal_latents_nothing_moves():
    sampler = Recorder([[3.0, 0.0]] * 2)
    (strip,) = interpolation.between_latents(sampler, [0, 0], [], frames=3)
    np.testing.assert_allclose(strip, [[3.0, 0.0]] * 4)


def test_a_mixture_of_one_class_is_that_class(generator):
    mixed = interpolation.with_classes(generator, np.eye(3)[[2, 0]])
    inputs = np.ones((2, 8), "float32")
    np.testing.assert_allclose(
        mixed([inputs, np.array([0, 1])]),
        generator([inputs, np.array([2, 0])]),
        atol=1e-6,
    )


@pytest.mark.parametrize(("count", "shape"), [(1, (2, 2)), (7, (4, 10))])
def test_animation_shows_all_strips(count, shape):
    strips = [np.full((3, 2, 2, 3), n, np.uint8) for n in range(count)]
    frames = interpolation.animation(strips)
    assert [frame.shape[:2] for frame in frames] == [shape] * 3
    for index in range(count):
        row, column = divmod(index, 5)
        assert (frames[0][2 * row, 2 * column] == index).all()
