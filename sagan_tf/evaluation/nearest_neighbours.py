"""Precision, recall, density and coverage, from nearest neighbours."""

import numpy as np

from sagan_tf.evaluation.accumulators import as_rows, row_blocks

# Rows and columns of a block of squared distances in memory.
_ROWS, _COLUMNS = 1024, 4096


def precision_recall(real_activations, fake_activations, k=3):
    """Improved precision and recall.

    The ball of an activation reaches to its k-th nearest neighbour of the
    same kind, real or generated. Precision is the fraction of generated
    activations that are in the ball of a real activation. Recall is the
    fraction of real activations that are in the ball of a generated
    activation. Both ignore how many activations are in a ball, so the large
    ball of an outlier counts fully.

    Args:
        real_activations: (count, features) floating point.
        fake_activations: (count, features) floating point.
        k: Integer of at least 1. Kynkaanniemi et al.: 3.

    Returns:
        Precision and recall, two floats in [0, 1].

    Raises:
        ValueError: If a count is not above `k`, or features differ.

    Reference:
        - Kynkaanniemi et al., https://arxiv.org/abs/1904.06991, equations 1
          and 2.
    """
    found = manifold_metrics(real_activations, fake_activations, k, k)
    return found["precision"], found["recall"]


def density_coverage(real_activations, fake_activations, k=5):
    """Density and coverage, which outliers affect less.

    The balls are those of `precision_recall` around real activations. Density
    is the mean number of balls that a generated activation is in, divided by
    `k`. Coverage is the fraction of balls with a generated activation in
    them. Both ignore where generated activations are dense.

    Args:
        real_activations: (count, features) floating point.
        fake_activations: (count, features) floating point.
        k: Integer of at least 1. Naeem et al.: 5.

    Returns:
        Density, a float of at least 0, which is 1 on average for equal
        distributions; and coverage, a float in [0, 1].

    Raises:
        ValueError: As for `precision_recall`.

    Reference:
        - Naeem et al., https://arxiv.org/abs/2002.09797, equations 3 and 4.
    """
    found = manifold_metrics(real_activations, fake_activations, k, k)
    return found["density"], found["coverage"]


def manifold_metrics(
    real_activations, fake_activations, k_precision=3, k_density=5
):
    """Computes all four metrics, at the cost of two of them.

    Args:
        real_activations: (count, features) floating point.
        fake_activations: (count, features) floating point.
        k_precision: Integer, `k` of `precision_recall`.
        k_density: Integer, `k` of `density_coverage`.

    Returns:
        A dictionary of `precision`, `recall`, `density` and `coverage`.

    Raises:
        ValueError: If a count is not above the larger k, or features differ.
    """
    memberships = manifold_memberships(
        real_activations, fake_activations, k_precision, k_density
    )
    return {name: float(each.mean()) for name, each in memberships.items()}


def manifold_memberships(
    real_activations, fake_activations, k_precision=3, k_density=5
):
    """Computes what the metrics are means of.

    Args:
        real_activations, fake_activations, k_precision, k_density: As in
            `manifold_metrics`.

    Returns:
        A dictionary of arrays. `precision` and `density` have a value for
        each generated activation, `recall` and `coverage` for each real one.

    Raises:
        ValueError: As for `manifold_metrics`.
    """
    real, fake = as_rows(real_activations), as_rows(fake_activations)
    most = max(k_precision, k_density)
    if min(k_precision, k_density) < 1:
        raise ValueError(
            f"`k` must be at least 1. Received: k={min(k_precision, k_density)}"
        )
    if {len(real.shape), len(fake.shape)} != {2} or (
        real.shape[1] != fake.shape[1]
    ):
        raise ValueError(
            "`real_activations` and `fake_activations` must be of shape "
            "(count, features) with equal features. "
            f"Received: {real.shape} and {fake.shape}"
        )
    for name, count in (("real", len(real)), ("fake", len(fake))):
        if count <= most:
            raise ValueError(
                f"`{name}_activations` must have more than k={most} rows, "
                "for precision, recall, density and coverage. "
                f"Received: {count}"
            )
    # Distances far from the origin would lose digits.
    sums = [real[rows].sum(0, np.float64) for rows in row_blocks(len(real))]
    centre = sum(sums) / len(real)
    real, fake = _Centred(real, centre), _Centred(fake, centre)
    real_radii = _neighbours(real, most)
    precise = real_radii[:, k_precision - 1]
    dense = real_radii[:, k_density - 1]
    recalled = _neighbours(fake, most)[:, k_precision - 1]
    is_precise = np.zeros(len(fake), bool)
    is_recalled = np.zeros(len(real), bool)
    is_covered = np.zeros(len(real), bool)
    balls = np.zeros(len(fake), int)
    for rows, columns, distances in _blocks(real, fake):
        is_precise[columns] |= (distances <= precise[rows, None]).any(0)
        is_recalled[rows] |= (distances <= recalled[None, columns]).any(1)
        inside = distances <= dense[rows, None]
        is_covered[rows] |= inside.any(1)
        balls[columns] += inside.sum(0)
    return {
        "precision": is_precise,
        "recall": is_recalled,
        "density": balls / k_density,
        "coverage": is_covered,
    }


def _neighbours(activations, k):
    """Returns squared distances to the k nearest others: (count, k)."""
    nearest = np.full((len(activations), k), np.inf, np.float32)
    for rows, columns, distances in _blocks(activations, activations):
        itself = np.arange(
            max(rows.start, columns.start), min(rows.stop, columns.stop)
        )
        distances[itself - rows.start, itself - columns.start] = np.inf
        candidates = np.concatenate([nearest[rows], distances], axis=1)
        nearest[rows] = np.partition(candidates, k - 1, axis=1)[:, :k]
    return np.sort(nearest, axis=1)


class _Centred:
    """Rows less a vector, as float32, computed when they are read."""

    def __init__(self, rows, centre):
        self._rows = rows
        self._centre = centre.astype(np.float32)

    def __len__(self):
        return len(self._rows)

    def blocks(self, size):
        """Yields slices, the rows in them, and their squared lengths."""
        for chosen in row_blocks(len(self), size):
            rows = np.asarray(self._rows[chosen], np.float32) - self._centre
            yield chosen, rows, np.einsum("ij,ij->i", rows, rows)


def _blocks(first, second):
    """Yields slices of rows and columns, and their squared distances."""
    for columns, others, squares_of_others in second.blocks(_COLUMNS):
        for rows, these, squares in first.blocks(_ROWS):
            distances = these @ others.T
            distances *= -2
            distances += squares[:, None]
            distances += squares_of_others[None, :]
            yield rows, columns, np.maximum(distances, 0, out=distances)
