"""Metrics of generated images beside real ones, each with its interval."""

import dataclasses

import numpy as np

from sagan_tf.evaluation import intervals
from sagan_tf.evaluation.accumulators import Rows, row_blocks
from sagan_tf.evaluation.frechet_distances import (
    extrapolated_frechet_distance,
    frechet_distance_from_statistics,
    frechet_distance_of_few,
    gaussian_distance,
    intra_frechet_distance,
)
from sagan_tf.evaluation.inception_scores import inception_score
from sagan_tf.evaluation.kernel_distances import (
    block_kernel_distances,
    kernel_distance,
)
from sagan_tf.evaluation.nearest_neighbours import manifold_memberships

# Blocks of the kernel distance from which its interval is taken.
_ENOUGH_BLOCKS = 5


@dataclasses.dataclass(frozen=True)
class Setting:
    """What metrics depend on beside the images.

    Attributes:
        prefix: Part of the metrics' names, `Extractor.metric_prefix`.
        predicts_labels: Whether the argmax of the logits is a label.
        score_splits: Integer, parts of the Inception score.
        manifold_images: Integer, most images of each kind for precision,
            recall, density and coverage.
        shared: Dictionary of what several metrics need.
    """

    prefix: str
    predicts_labels: bool
    score_splits: int = 10
    manifold_images: int = 10_000
    shared: dict = dataclasses.field(default_factory=dict)


def _half_width(metric, *sets):
    """Returns the half width of a metric's interval; None for few images."""
    return intervals.half_width(intervals.without_groups(metric, *sets))


def frechet(real, generated, setting, with_interval):
    """FID."""
    distance = (
        gaussian_distance
        if _can_have_full_rank(real)
        else frechet_distance_from_statistics
    )
    value = distance(
        real.mean, real.covariance, generated.mean, generated.covariance
    )
    half = None
    known = real.features is not None and generated.features is not None
    if with_interval and known:
        half = _frechet_half_width(real, generated, setting)
    return {f"frechet_{setting.prefix}_distance": (value, half)}


def _can_have_full_rank(extracted):
    """Returns whether the covariance may have a Cholesky factor.

    That of as few images as features has none.
    """
    return extracted.count > len(extracted.mean)


def _frechet_half_width(real, generated, setting):
    if "frechet" not in setting.shared:
        if _can_have_full_rank(real):
            half = intervals.half_width(
                intervals.frechet_without_groups(real, generated)
            )
        else:
            half = _half_width(
                lambda rows, others: frechet_distance_of_few(
                    real.features[rows], generated.features[others]
                ),
                real,
                generated,
            )
        setting.shared["frechet"] = half
    return setting.shared["frechet"]


def frechet_at_infinity(real, generated, setting, with_interval):
    """FID, extrapolated to infinitely many generated images."""
    value, error = extrapolated_frechet_distance(
        real.mean, real.covariance, generated.features
    )
    half = None
    if with_interval:
        of_distance = _frechet_half_width(real, generated, setting)
        if of_distance is not None:
            half = float(np.hypot(of_distance, 2 * error))
    return {f"frechet_{setting.prefix}_distance_at_infinity": (value, half)}


def kernel(real, generated, setting, with_interval):
    """KID."""
    distances = block_kernel_distances(real.features, generated.features)
    half = None
    if with_interval and len(distances) >= _ENOUGH_BLOCKS:
        half = intervals.half_width_of_mean(distances)
    elif with_interval:
        half = _half_width(
            lambda rows, others: kernel_distance(
                real.features[rows], generated.features[others]
            ),
            real,
            generated,
        )
    value = float(np.mean(distances))
    return {f"kernel_{setting.prefix}_distance": (value, half)}


def score(real, generated, setting, with_interval):
    """Inception score."""
    logits, splits = generated.logits, setting.score_splits
    value, _ = inception_score(logits, min(splits, len(logits) // 2))
    half = None
    if with_interval:
        half = intervals.half_width(intervals.score_without_groups(generated))
    return {f"{setting.prefix}_score_mean": (value, half)}


def manifold(real, generated, setting, with_interval):
    """Precision, recall, density and coverage."""
    most = setting.manifold_images
    sets = {
        "real": _some(real, most),
        "generated": _some(generated, most),
    }
    memberships = manifold_memberships(*(x.features for x in sets.values()))
    found = {}
    for name, values in memberships.items():
        of = sets["real" if name in ("recall", "coverage") else "generated"]
        half = None
        if with_interval:
            half = _half_width(
                lambda rows, values=values: values[rows].mean(), of
            )
        found[name] = (float(values.mean()), half)
    return found


def _some(extracted, most):
    """Returns at most so many images, without statistics, which take time."""
    if extracted.count <= most:
        return extracted
    labels = extracted.labels
    return dataclasses.replace(
        extracted,
        count=most,
        mean=None,
        covariance=None,
        features=Rows(extracted.features, slice(most)),
        logits=None,
        labels=None if labels is None else labels[:most],
    )


def class_share(real, generated, setting, with_interval):
    """Share of images that the classifier takes for the class asked for."""
    correct = np.argmax(generated.logits, 1) == generated.labels
    half = None
    if with_interval:
        half = _half_width(lambda rows: correct[rows].mean(), generated)
    return {"asked_for_class_share": (float(correct.mean()), half)}


def intra_frechet(real, generated, setting, with_interval):
    """Mean of the classes' Frechet distances."""

    def distance(rows, others):
        by_class = intra_frechet_distance(
            Rows(real.features, rows),
            real.labels[rows],
            Rows(generated.features, others),
            generated.labels[others],
        )
        return float(np.mean(list(by_class.values())))

    value = distance(slice(None), slice(None))
    half = None
    if with_interval:
        half = _half_width(distance, real, generated)
    return {f"intra_frechet_{setting.prefix}_distance": (value, half)}


def diversity(real, generated, setting, with_interval):
    """How different images of a class are, relative to the real ones.

    It is the ratio of the root mean squared distances between the features of
    two images of the same class.
    """

    def ratio(rows, others):
        return _spread(generated, others) / _spread(real, rows)

    value = ratio(slice(None), slice(None))
    half = None
    if with_interval:
        half = _half_width(ratio, real, generated)
    return {"diversity_within_classes": (value, half)}


def _spread(extracted, rows):
    """Returns the root mean squared distance within a class."""
    features = Rows(extracted.features, rows)
    labels = np.zeros(len(features), int)
    if extracted.labels is not None:
        labels = extracted.labels[rows]
    variances = [
        _variance(Rows(features, np.flatnonzero(labels == label)))
        for label, count in zip(
            *np.unique(labels, return_counts=True), strict=True
        )
        if count > 1
    ]
    if not np.sum(variances) > 0:
        raise ValueError(
            "The diversity within classes needs a class with 2 images that "
            f"differ. Received: {extracted.name}"
        )
    return float(np.sqrt(2 * np.mean(variances)))


def _variance(rows):
    """Returns the sum of the unbiased variances of all features."""
    shift = rows[:1].astype(np.float64)
    total, squares = 0.0, 0.0
    for chosen in row_blocks(len(rows)):
        block = rows[chosen] - shift
        total = total + block.sum(0)
        squares += np.sum(block**2)
    return (squares - np.sum(total**2) / len(rows)) / (len(rows) - 1)
