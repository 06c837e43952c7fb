"""Tests of the Inception score."""

import numpy as np
import pytest

from sagan_tf import evaluation


def test_definition(random):
    logits = random.normal(0, 3, size=(100, 5))
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(1, keepdims=True)
    scores = []
    for part in np.split(probabilities, 4):
        divergence = part * (np.log(part) - np.log(part.mean(0)))
        scores.append(np.exp(divergence.sum(1).mean()))
    mean, deviation = evaluation.inception_score(logits, splits=4)
    np.testing.assert_allclose(mean, np.mean(scores), rtol=1e-5)
    np.testing.assert_allclose(deviation, np.std(scores), rtol=1e-4)


def test_bounds():
    sure = np.eye(5).repeat(4, 0) * 100
    np.testing.assert_allclose(
        evaluation.inception_score(sure, splits=1)[0], 5, rtol=1e-5
    )
    same = np.zeros((20, 5))
    np.testing.assert_allclose(
        evaluation.inception_score(same, splits=2)[0], 1, rtol=1e-5
    )


@pytest.mark.parametrize("splits", [0, 21])
def test_bad_splits(splits):
    with pytest.raises(ValueError, match=r"`splits` must be in \[1, 20\]"):
        evaluation.inception_score(np.zeros((20, 5)), splits)
