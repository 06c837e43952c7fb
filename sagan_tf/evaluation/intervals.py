"""Intervals of metrics, by leaving out groups of images."""

import numpy as np

from sagan_tf.evaluation.accumulators import row_blocks
from sagan_tf.evaluation.frechet_distances import gaussian_distance

GROUPS = 20
CONFIDENCE = 0.95


def number_of_groups(*counts):
    """Returns how many groups sets are divided into; 0 if they are too small.

    At least 2 images must be left of each.
    """
    groups = min(GROUPS, min(counts) // 2)
    return groups if groups > 1 else 0


def half_width(left_out):
    """Returns the half width of the interval of a metric.

    With the values t_g of the metric without group g of G, its standard error
    is `sqrt((G - 1) / G * sum((t_g - mean(t))^2))` (delete-a-group jackknife).
    Unlike images drawn with replacement, the images that are left are as
    different from each other as the whole set's, which matters because the
    Frechet distance depends on how many different images there are.

    Args:
        left_out: Floats, the values without each group.

    Returns:
        A float, the standard error times the quantile of Student's t; None if
        there are fewer than 2 groups.

    Reference:
        - Kott, The Delete-a-Group Jackknife, Journal of Official Statistics
          17 (2001).
    """
    count = len(left_out)
    if count < 2:
        return None
    error = np.sqrt((count - 1) * np.var(np.asarray(left_out, np.float64)))
    return float(error * _quantile(count))


def half_width_of_mean(values):
    """Returns the half width of the interval of a mean of independent values.

    Args:
        values: Floats, at least 2.
    """
    count = len(values)
    error = np.std(values, ddof=1) / np.sqrt(count)
    return float(error * _quantile(count))


def _quantile(count):
    """Returns the quantile of Student's t for so many values."""
    # Imported here because it takes time, and few commands need it.
    import scipy.stats

    return scipy.stats.t.ppf((1 + CONFIDENCE) / 2, count - 1)


def without_groups(metric, *sets):
    """Returns the values of a metric without each group of images.

    Args:
        metric: Function of the chosen rows of each set, to a float.
        *sets: `Extracted`.
    """
    groups = number_of_groups(*(each.count for each in sets))
    if not groups:
        return []
    assigned = [each.groups(groups) for each in sets]
    return [
        metric(*(np.flatnonzero(each != group) for each in assigned))
        for group in range(groups)
    ]


def frechet_without_groups(real, generated):
    """Returns the Frechet distances without each group of images.

    The moments of the others follow from those of all images and the group's.

    Args:
        real, generated: `Extracted`.
    """
    groups = number_of_groups(real.count, generated.count)
    if not groups:
        return []
    moments = [_Moments(each, groups) for each in (real, generated)]
    return [
        gaussian_distance(
            *moments[0].without(g), *moments[1].without(g), overwrite=True
        )
        for g in range(groups)
    ]


def score_without_groups(generated):
    """Returns the classifier scores without each group of images.

    The score is exp(H(mean p) - mean H(p)), with the entropy H and the
    probabilities p of each image, so sums over the groups are enough.

    Args:
        generated: `Extracted`.
    """
    groups = number_of_groups(generated.count)
    if not groups:
        return []
    assigned = generated.groups(groups)
    sums = np.zeros((groups, generated.logits.shape[1]))
    entropies = np.zeros(groups)
    for rows in row_blocks(generated.count):
        logits = generated.logits[rows].astype(np.float64)
        probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        np.add.at(sums, assigned[rows], probabilities)
        np.add.at(entropies, assigned[rows], _entropy(probabilities))
    counts = generated.count - np.bincount(assigned, minlength=groups)
    means = (sums.sum(0) - sums) / counts[:, None]
    of_images = (entropies.sum() - entropies) / counts
    return np.exp(_entropy(means) - of_images).tolist()


def _entropy(probabilities):
    """Returns the entropy of each row."""
    # 0 log 0 is 0.
    logs = np.log(np.maximum(probabilities, 1e-300))
    return -np.sum(probabilities * logs, axis=1)


class _Moments:
    """Mean and covariance of all groups but one at a time."""

    def __init__(self, extracted, groups):
        self.all = extracted
        self.groups = extracted.groups(groups)

    def without(self, group):
        """Returns the mean and the unbiased covariance of the others."""
        chosen = np.flatnonzero(self.groups == group)
        # From the mean of all rows, whose own sum is then 0.
        sums, products = 0.0, self.all.covariance * (self.all.count - 1)
        for block in row_blocks(len(chosen)):
            rows = self.all.features[chosen[block]] - self.all.mean
            sums = sums - rows.sum(0)
            products -= rows.T @ rows
        count = self.all.count - len(chosen)
        mean = sums / count
        # In place, because there may be thousands of features.
        products -= np.outer(count * mean, mean)
        products /= count - 1
        return mean + self.all.mean, products
