"""Tests of the losses."""

import numpy as np
import pytest

from sagan_tf import losses

REAL = np.array([[2.0], [0.5], [-1.0]], "float32")
FAKE = np.array([[-3.0], [0.0], [1.5]], "float32")


def test_hinge():
    # max(0, 1 - real) is 0, 0.5, 2 and max(0, 1 + fake) is 0, 1, 2.5.
    np.testing.assert_allclose(
        losses.discriminator_hinge(REAL, FAKE), 2.5 / 3 + 3.5 / 3, rtol=1e-6
    )
    np.testing.assert_allclose(losses.generator_hinge(FAKE), 0.5, rtol=1e-6)


def test_non_saturating():
    def log_sigmoid(x):
        return -np.log1p(np.exp(-x.astype("float64")))

    np.testing.assert_allclose(
        losses.discriminator_non_saturating(REAL, FAKE),
        -log_sigmoid(REAL).mean() - log_sigmoid(-FAKE).mean(),
        rtol=1e-6,
    )
    np.testing.assert_allclose(
        losses.generator_non_saturating(FAKE),
        -log_sigmoid(FAKE).mean(),
        rtol=1e-6,
    )


def test_auxiliary_classifier():
    logits = np.array([[0.0, 1.0, -1.0], [2.0, 0.0, 0.5]], "float32")
    share = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(
        losses.auxiliary_classifier(logits, np.array([1, 2])),
        -np.log([share[0, 1], share[1, 2]]).mean(),
        rtol=1e-6,
    )


def test_get():
    assert losses.get("hinge") == (
        losses.discriminator_hinge,
        losses.generator_hinge,
    )
    with pytest.raises(ValueError, match="`loss` must be one of"):
        losses.get("least_squares")


def test_lecam():
    # max(0, real + 1) is 3, 1.5, 0 and max(0, 2 - fake) is 5, 2, 0.5.
    np.testing.assert_allclose(
        losses.lecam(REAL, FAKE, 2.0, -1.0),
        (9 + 2.25) / 3 + (25 + 4 + 0.25) / 3,
        rtol=1e-6,
    )
