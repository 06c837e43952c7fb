"""Tests of activations: their collection and their checks."""

import numpy as np
import pytest

from sagan_tf import evaluation
from sagan_tf.evaluation.accumulators import Activations, Rows, Statistics


def test_activations(random):
    activations = Activations(10)
    for _ in range(3):
        activations.add(random.normal(size=(4, 3)).astype("float32"))
    assert activations.array.shape == (10, 3) and activations.count == 10
    ordered = Activations(4, np.array([2, 0, 3, 1]))
    ordered.add(np.array([[0], [1], [2]]))
    ordered.add(np.array([[3], [4]]))
    np.testing.assert_array_equal(ordered.array.ravel(), [1, 3, 0, 2])


def test_statistics(random):
    rows = random.normal(1000, 2, size=(50, 6))
    statistics = Statistics()
    for part in np.array_split(rows, 7):
        statistics.add(part, "x")
    mean, covariance = statistics.result()
    np.testing.assert_allclose(mean, rows.mean(0))
    np.testing.assert_allclose(covariance, np.cov(rows, rowvar=False))
    with pytest.raises(ValueError, match="Activations of there are not finite"):
        statistics.add([[np.inf] * 6], "there")
    with pytest.raises(ValueError, match="needs at least 2 real and 2 gen"):
        Statistics().result()


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.zeros((5, 3)), np.zeros((5, 4)), "as many features"),
        (np.zeros(5), np.zeros((5, 4)), "`real_activations` must be"),
        (np.zeros((5, 4)), np.zeros((1, 4)), "`fake_activations` must be"),
        (
            np.zeros((5, 1)),
            np.array([[0.0], [0.0], [np.nan]]),
            "`fake_activations` must be finite. Row 2",
        ),
    ],
)
@pytest.mark.parametrize(
    "metric", [evaluation.frechet_distance, evaluation.kernel_distance]
)
def test_bad_activations(metric, first, second, message):
    with pytest.raises(ValueError, match=message):
        metric(first, second)


def test_rows_are_read_when_asked_for(random):
    array = random.normal(size=(9, 3))
    rows = Rows(array, np.array([8, 1, 5, 2]))
    of_rows = Rows(rows, slice(1, None))
    array[5] = 7
    assert rows.shape == (4, 3) and len(of_rows) == 3
    np.testing.assert_array_equal(of_rows[:], array[[1, 5, 2]])
    np.testing.assert_array_equal(
        rows[[True, False, True, False]], array[[8, 5]]
    )
    np.testing.assert_array_equal(np.asarray(rows), array[[8, 1, 5, 2]])
