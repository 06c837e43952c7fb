"""Tests of precision, recall, density and coverage."""

import numpy as np
import pytest

from sagan_tf import evaluation
from sagan_tf.evaluation import nearest_neighbours


def _by_definition(real, fake, k):
    """Computes the metrics in float64, from whole matrices of distances."""

    def distances(a, b):
        return np.linalg.norm(a[:, None] - b[None], axis=-1)

    real_radii, fake_radii = (
        # The nearest neighbour is the point itself.
        np.sort(distances(a, a), axis=1)[:, k]
        for a in (real, fake)
    )
    across = distances(real, fake)
    inside = across <= real_radii[:, None]
    return {
        "precision": inside.any(0).mean(),
        "recall": (across <= fake_radii[None]).any(1).mean(),
        "density": inside.sum() / (k * len(fake)),
        "coverage": inside.any(1).mean(),
    }


@pytest.mark.parametrize("blocks", [(1024, 8192), (7, 5)])
def test_definition(random, monkeypatch, blocks):
    monkeypatch.setattr(nearest_neighbours, "_ROWS", blocks[0])
    monkeypatch.setattr(nearest_neighbours, "_COLUMNS", blocks[1])
    real = random.normal(size=(60, 3))
    fake = random.normal(0.4, 0.8, size=(50, 3))
    for k in (1, 3):
        expected = _by_definition(real, fake, k)
        assert 0 < expected["recall"] < 1 and 0 < expected["precision"] < 1
        np.testing.assert_allclose(
            evaluation.precision_recall(real, fake, k),
            (expected["precision"], expected["recall"]),
        )
        np.testing.assert_allclose(
            evaluation.density_coverage(real, fake, k),
            (expected["density"], expected["coverage"]),
        )
    found = nearest_neighbours.manifold_metrics(real, fake)
    np.testing.assert_allclose(
        (found["precision"], found["recall"]),
        evaluation.precision_recall(real, fake, k=3),
    )
    np.testing.assert_allclose(
        (found["density"], found["coverage"]),
        evaluation.density_coverage(real, fake, k=5),
    )


def test_equal_and_distant_sets(random):
    real = random.normal(100, 1, size=(200, 8))
    assert evaluation.precision_recall(real, real) == (1, 1)
    assert evaluation.density_coverage(real, real)[1] == 1
    assert evaluation.precision_recall(real, real + 50) == (0, 0)
    assert evaluation.density_coverage(real, real + 50) == (0, 0)


def test_density_of_equal_distributions_is_one(random):
    real, fake = random.normal(size=(2, 3000, 4))
    density, _ = evaluation.density_coverage(real, fake)
    np.testing.assert_allclose(density, 1, atol=0.05)


def test_one_repeated_image_has_almost_no_recall(random):
    real = random.normal(size=(200, 8))
    fake = np.repeat(real[:1], 100, axis=0)
    precision, recall = evaluation.precision_recall(real, fake)
    assert precision == 1 and recall < 0.05


@pytest.mark.parametrize(
    ("real", "fake", "k", "message"),
    [
        ((3, 2), (9, 2), 3, r"`real_activations` must have more than k=3 rows"),
        ((9, 2), (2, 2), 3, r"`fake_activations`.*Received: 2$"),
        ((9, 2), (9, 3), 3, "with equal features"),
        ((9, 2), (9, 2), 0, "`k` must be at least 1"),
    ],
)
def test_bad_arguments(real, fake, k, message):
    with pytest.raises(ValueError, match=message):
        evaluation.precision_recall(np.ones(real), np.ones(fake), k)
