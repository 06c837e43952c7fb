"""Tests of the kernel distance."""

import numpy as np
import pytest

from sagan_tf import evaluation


def test_definition(random):
    first, second = random.normal(size=(2, 60, 4))
    second = second + 0.5

    def kernel(a, b):
        return (a @ b.T / 4 + 1) ** 3

    within = [
        (kernel(array, array).sum() - np.trace(kernel(array, array)))
        / (60 * 59)
        for array in (first, second)
    ]
    expected = sum(within) - 2 * kernel(first, second).mean()
    np.testing.assert_allclose(
        evaluation.kernel_distance(first, second), expected, rtol=1e-3
    )


def test_too_few_images(random):
    """With one image in a block, the estimate would be NaN."""
    real = random.normal(size=(3000, 2))
    with pytest.raises(ValueError, match="needs at least 6 real.* 5 gen"):
        evaluation.kernel_distance(real, real[:5])
    assert np.isfinite(evaluation.kernel_distance(real, real[:6]))
