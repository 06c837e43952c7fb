"""Tests of minimal filtering."""

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf.ops import minimal_filtering


def _correlate(images, kernel):
    """A 3x3 convolution with zeros beyond the borders, tap by tap."""
    _, height, width, _ = images.shape
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return sum(
        padded[:, row : row + height, column : column + width]
        @ kernel[row, column]
        for row in range(3)
        for column in range(3)
    )


def _upsampled(images, kernel):
    return _correlate(images.repeat(2, 1).repeat(2, 2), kernel)


def _pooled(images, kernel):
    outputs = _correlate(images, kernel)
    batch, height, width, filters = outputs.shape
    tiles = outputs.reshape(batch, height // 2, 2, width // 2, 2, filters)
    return tiles.mean((2, 4))


@pytest.mark.parametrize(
    ("compute", "factors", "count", "expected"),
    [
        (
            minimal_filtering.convolve,
            minimal_filtering.convolution_factors,
            16,
            _correlate,
        ),
        (
            minimal_filtering.upsample,
            minimal_filtering.upsampling_factors,
            9,
            _upsampled,
        ),
        (
            minimal_filtering.downsample,
            minimal_filtering.downsampling_factors,
            9,
            _pooled,
        ),
    ],
    ids=["convolve", "upsample", "downsample"],
)
@pytest.mark.parametrize("size", [(2, 2), (6, 4), (4, 10)])
def test_against_the_definition(
    random, compute, factors, count, expected, size
):
    """In float64, where rounding hides nothing."""
    images = random.normal(size=(3, *size, 5))
    kernel = random.normal(size=(3, 3, 5, 4))
    matrices = factors(tf.constant(kernel), "float64")
    assert matrices.shape == (count, 5, 4)
    np.testing.assert_allclose(
        compute(tf.constant(images), matrices),
        expected(images, kernel),
        atol=1e-12,
    )
