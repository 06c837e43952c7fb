"""Tests of intervals by leaving out groups of images."""

import numpy as np
import pytest

from sagan_tf import evaluation
from sagan_tf.evaluation import intervals
from sagan_tf.evaluation.extraction import summarized
from sagan_tf.evaluation.inception_scores import inception_score


def _set(features, labels=None):
    features = np.asarray(features, np.float32)
    return summarized("a", features, features[:, :2], labels)


def test_half_width_of_a_mean_is_students(random):
    """With a group for each two images it is the usual interval, nearly."""
    values = random.normal(size=(40, 2))
    left_out = intervals.without_groups(
        lambda rows: values[rows, 0].mean(), _set(values)
    )
    assert len(left_out) == intervals.GROUPS
    # The groups are images i and i + 20, in the order that they have.
    means = (values[:20, 0] + values[20:, 0]) / 2
    expected = 2.093 * np.std(means, ddof=1) / np.sqrt(20)
    assert intervals.half_width(left_out) == pytest.approx(expected, rel=1e-3)


def test_intervals_hold_the_true_value(random):
    """The variance of a normal distribution, in about 95 of 100 intervals."""
    held = 0
    for _ in range(200):
        values = random.normal(size=(100, 2))
        left_out = intervals.without_groups(
            lambda rows, values=values: np.var(values[rows, 0], ddof=1),
            _set(values),
        )
        error = np.var(values[:, 0], ddof=1) - 1
        held += abs(error) < intervals.half_width(left_out)
    assert 175 <= held <= 199


def test_groups_have_equally_many_of_each_class(random):
    labels = random.permutation(60) % 3
    groups = _set(random.normal(size=(60, 2)), labels).groups(4)
    for group in range(4):
        assert np.bincount(labels[groups == group]).tolist() == [5, 5, 5]


def test_moments_without_groups(random):
    real, generated = (_set(random.normal(size=(n, 5))) for n in (90, 70))
    found = intervals.frechet_without_groups(real, generated)
    expected = intervals.without_groups(
        lambda rows, others: evaluation.frechet_distance(
            real.features[rows], generated.features[others]
        ),
        real,
        generated,
    )
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_score_without_groups(random):
    """As of the logits that are left."""
    logits = random.normal(scale=3, size=(45, 6)).astype("float32")
    logits[0] = [1e4, 0, 0, 0, 0, 0]
    generated = summarized("generated", logits, logits)
    found = intervals.score_without_groups(generated)
    groups = generated.groups(20)
    expected = [
        inception_score(logits[groups != group], 1)[0] for group in range(20)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert not intervals.score_without_groups(generated.rows(np.arange(3)))
