"""Tests of Frechet distances."""

import numpy as np
import pytest
import scipy.linalg

from sagan_tf import evaluation
from sagan_tf.evaluation import frechet_distances


def _frechet(first, second):
    """Computes the definition in float64, with SciPy's matrix root."""
    means = [array.mean(0) for array in (first, second)]
    covariances = [np.cov(array, rowvar=False) for array in (first, second)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    return (
        np.sum((means[0] - means[1]) ** 2)
        + np.trace(covariances[0])
        + np.trace(covariances[1])
        - 2 * np.trace(root.real)
    )


def _statistics(activations):
    return activations.mean(0), np.cov(activations, rowvar=False)


def test_frechet_distance(random):
    first = random.normal(size=(500, 8)) @ random.normal(size=(8, 8))
    second = random.normal(1, 2, size=(400, 8))
    expected = _frechet(first, second)
    distance = evaluation.frechet_distance(first, second)
    np.testing.assert_allclose(distance, expected, rtol=1e-5)
    assert abs(evaluation.frechet_distance(first, first)) < 1e-3
    distance = frechet_distances.frechet_distance_from_statistics(
        *_statistics(first), *_statistics(second)
    )
    np.testing.assert_allclose(distance, expected, rtol=1e-7)


def test_frechet_distance_of_gaussians(random):
    """The distance approaches the exact distance with more samples."""
    scales, shift = np.array([0.5, 1, 2, 3]), np.array([1, 0, -2, 0.5])
    analytic = np.sum(shift**2) + np.sum((scales - 1) ** 2)
    for count, tolerance in ((1_000, 0.1), (100_000, 0.01)):
        first = random.normal(size=(count, 4))
        second = shift + scales * random.normal(size=(count, 4))
        np.testing.assert_allclose(
            evaluation.frechet_distance(first, second), analytic, rtol=tolerance
        )


def test_frechet_distance_grows_with_noise(random):
    images = random.normal(size=(300, 8))
    distances = [
        evaluation.frechet_distance(
            images, images + random.normal(0, noise, images.shape)
        )
        for noise in (0.1, 0.5, 1.0, 2.0)
    ]
    assert distances == sorted(distances) and distances[0] > 0


@pytest.mark.parametrize(
    ("real", "fake", "features"),
    [(20, 30, 64), (100, 20, 64), (100, 200, 16), (2, 2, 3)],
    ids=["few", "few generated", "many", "two"],
)
def test_distance_of_few_equals_frechet_distance(random, real, fake, features):
    mixing = random.normal(size=(features, features))
    real = random.normal(size=(real, features)) @ mixing
    fake = random.normal(0.3, 1.2, size=(fake, features)) @ mixing
    np.testing.assert_allclose(
        evaluation.frechet_distance_of_few(real, fake),
        evaluation.frechet_distance(real, fake),
        rtol=1e-3,
    )


@pytest.mark.parametrize("overwrite", [False, True])
def test_distance_by_cholesky_factor(random, overwrite):
    real = random.normal(size=(300, 40)) @ random.normal(size=(40, 40))
    fake = random.normal(0.1, 1.2, size=(200, 40))
    statistics = *_statistics(real), *_statistics(fake)
    before = statistics[-1].copy()
    expected = frechet_distances.frechet_distance_from_statistics(*statistics)
    np.testing.assert_allclose(
        frechet_distances.gaussian_distance(*statistics, overwrite),
        expected,
        rtol=1e-9,
    )
    assert np.array_equal(statistics[-1], before) != overwrite


def test_distance_with_a_feature_that_never_changes(random):
    real = random.normal(size=(300, 40))
    real[:, 7] = 3
    fake = random.normal(0.1, 1.2, size=(200, 40))
    statistics = *_statistics(real), *_statistics(fake)
    np.testing.assert_allclose(
        frechet_distances.gaussian_distance(*statistics),
        frechet_distances.frechet_distance_from_statistics(*statistics),
        rtol=1e-4,
    )


@pytest.mark.parametrize("count", [10, 300])
def test_distance_of_few_is_zero_for_equal_sets(random, count):
    activations = random.normal(5, 3, size=(count, 40))
    distance = evaluation.frechet_distance_of_few(activations, activations)
    assert abs(distance) < 1e-3


def test_distance_of_each_class(random):
    real, fake = random.normal(size=(2, 40, 8))
    real_labels, fake_labels = np.arange(40) % 2, np.arange(40) // 20
    found = evaluation.intra_frechet_distance(
        real, real_labels, fake, fake_labels
    )
    assert found == {
        0: evaluation.frechet_distance_of_few(real[::2], fake[:20]),
        1: evaluation.frechet_distance_of_few(real[1::2], fake[20:]),
    }


def test_swapped_classes_are_seen(random):
    """The distance of all classes together does not change."""
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
        ([0, 0, 1, 1], [0, 0, 2, 2], "Classes with fewer real images: 2$"),
        ([0, 0, 1, 1], [0, 0, 0, 1], "Classes with fewer generated images: 1$"),
    ],
)
def test_classes_with_too_few_images(real_labels, fake_labels, message):
    with pytest.raises(ValueError, match=message):
        evaluation.intra_frechet_distance(
            np.eye(4), real_labels, np.eye(4), fake_labels
        )
