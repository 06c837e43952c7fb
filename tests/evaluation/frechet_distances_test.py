"""Tests of Frechet distances of few samples."""

import numpy as np
import pytest

from sagan_tf import evaluation


@pytest.mark.parametrize(
    ("real", "fake", "features"),
    [(20, 30, 64), (100, 20, 64), (100, 200, 16), (2, 2, 3)],
    ids=["few", "few generated", "many", "two"],
)
def test_equals_tensorflow_gan(random, real, fake, features):
    mixing = random.normal(size=(features, features))
    real = random.normal(size=(real, features)) @ mixing
    fake = random.normal(0.3, 1.2, size=(fake, features)) @ mixing
    np.testing.assert_allclose(
        evaluation.frechet_distance_of_few(real, fake),
        evaluation.frechet_distance(real, fake),
        rtol=1e-3,
    )


@pytest.mark.parametrize("count", [10, 300])
def test_zero_for_equal_sets(random, count):
    activations = random.normal(5, 3, size=(count, 40))
    distance = evaluation.frechet_distance_of_few(activations, activations)
    assert abs(distance) < 1e-3


def test_by_class(random):
    real, fake = random.normal(size=(2, 40, 8))
    real_labels, fake_labels = np.arange(40) % 2, np.arange(40) // 20
    found = evaluation.intra_frechet_distance(
        real, real_labels, fake, fake_labels
    )
    assert found == {
        0: evaluation.frechet_distance_of_few(real[::2], fake[:20]),
        1: evaluation.frechet_distance_of_few(real[1::2], fake[20:]),
    }


def test_sees_classes_swapped(random):
    """Which the distance of all classes together does not."""
    real = random.normal(size=(200, 4))
    labels = np.arange(200) % 2
    real[labels == 1] += 5
    swapped = 1 - labels
    assert abs(evaluation.frechet_distance(real, real)) < 1e-3
    found = evaluation.intra_frechet_distance(real, labels, real, swapped)
    assert min(found.values()) > 50


@pytest.mark.parametrize(
    ("real_labels", "fake_labels", "message"),
    [
        ([0, 0, 1, 1], [0, 0, 2, 2], "Fewer real ones have the classes 2$"),
        ([0, 0, 1, 1], [0, 0, 0, 1], "Fewer generated ones .* classes 1$"),
    ],
)
def test_classes_without_images(real_labels, fake_labels, message):
    with pytest.raises(ValueError, match=message):
        evaluation.intra_frechet_distance(
            np.eye(4), real_labels, np.eye(4), fake_labels
        )
