"""All metrics of one set of images beside another, and what they mean."""

import dataclasses
from collections.abc import Callable

import numpy as np

from sagan_tf import data
from sagan_tf.evaluation import metrics as functions
from sagan_tf.evaluation.protocols import ENOUGH_IMAGES, METRICS


@dataclasses.dataclass(frozen=True)
class Metric:
    """A metric that can be asked for.

    Attributes:
        compute: Function in `metrics`.
        needs_logits, needs_labels, needs_features: Whether it needs the logits
            of the generated images, the labels of both sets, or the features
            of both sets rather than their statistics.
    """

    compute: Callable
    needs_logits: bool = False
    needs_labels: bool = False
    needs_features: bool = True


_METRICS = {
    "fid": Metric(functions.frechet, needs_features=False),
    "fid_infinity": Metric(functions.frechet_at_infinity),
    "kid": Metric(functions.kernel),
    "score": Metric(functions.score, needs_logits=True),
    "precision_recall": Metric(functions.manifold),
    "intra_fid": Metric(functions.intra_frechet, needs_labels=True),
    "class_share": Metric(
        functions.class_share, needs_logits=True, needs_labels=True
    ),
    "diversity": Metric(functions.diversity),
}


def compare_sets(generated, real, extractor, names=None):
    """Computes the metrics of generated images beside real ones.

    Args:
        generated, real: `Extracted`.
        extractor: The `Extractor` that both come from.
        names: Names of some of `METRICS`. None: all that can be computed.

    Returns:
        A dictionary of `metrics`, `intervals`, `floor`, `floor_images`,
        `remarks` and `warnings`; see `evaluate_images`.

    Raises:
        ValueError: If a name is unknown, if a metric that is asked for cannot
            be computed, or if the two sets have other numbers of features or
            other classes.
    """
    unknown = sorted(set(names or ()) - set(METRICS))
    if unknown:
        raise ValueError(
            f"`metrics` must be some of {', '.join(METRICS)}. "
            f"Received: {', '.join(unknown)}"
        )
    if len(generated.mean) != len(real.mean):
        raise ValueError(
            "`generated` and `real` must have as many features. Received: "
            f"{generated.name} with {len(generated.mean)}, {real.name} with "
            f"{len(real.mean)}"
        )
    _check_classes(generated, real)
    setting = functions.Setting(
        extractor.metric_prefix, extractor.predicts_labels
    )
    found, intervals, warnings = {}, {}, []
    computed = []
    for name, metric in _METRICS.items():
        if names is not None and name not in names:
            continue
        try:
            _check_needs(name, metric, generated, real, setting)
            values = metric.compute(real, generated, setting, True)
        except ValueError as error:
            if names is not None:
                raise
            if not isinstance(error, _Lacking):
                warnings.append(f"Not computed: {error}")
            continue
        computed.append(metric)
        for key, (value, half) in values.items():
            found[key] = value
            if half is not None:
                intervals[key] = [value - half, value + half]
    floor, floor_images = _floor(real, computed, setting, generated.count)
    warnings += _few(generated, real)
    return {
        "metrics": found,
        "intervals": intervals,
        "floor": floor,
        "floor_images": floor_images,
        "remarks": _remarks(found, floor),
        "warnings": warnings,
    }


class _Lacking(ValueError):
    """A metric does not apply to such images."""


def _check_needs(name, metric, generated, real, setting):
    """Raises `_Lacking` if the images lack what a metric needs."""
    for kind, each in (("generated", generated), ("real", real)):
        if metric.needs_features and each.features is None:
            raise _Lacking(
                f"`metrics` {name} needs images. Received: statistics, as "
                f"`{kind}`"
            )
        if metric.needs_labels and each.labels is None:
            raise _Lacking(
                f"`metrics` {name} needs labels, which the {kind} images lack"
            )
    if metric.needs_logits and generated.logits is None:
        raise _Lacking(f"`metrics` {name} needs images. Received: statistics")
    if name == "class_share" and not setting.predicts_labels:
        raise _Lacking(
            f"`metrics` {name} needs `extractor` 'classifier', whose classes "
            "are those of the images"
        )


def _check_classes(generated, real):
    """Raises a `ValueError` if both sets have classes, but others."""
    first, second = list(generated.class_names), list(real.class_names)
    if first and second and first != second:
        raise ValueError(
            "`generated` and `real` must have the same classes. Received: "
            f"{generated.name} with {_listed(first)}; {real.name} with "
            f"{_listed(second)}"
        )
    if generated.labels is None or real.labels is None:
        return
    most = max(len(second), int(real.labels.max()) + 1)
    if generated.labels.max() >= most:
        raise ValueError(
            "`generated` and `real` must have the same classes. Received: "
            f"{generated.name} with {int(generated.labels.max()) + 1}, "
            f"{real.name} with {most}"
        )


def _listed(names):
    return f"{len(names)} ({', '.join(map(str, names[:3]))}, ...)"


def _floor(real, computed, setting, count):
    """Returns the metrics of some real images beside the others.

    They are as many as the generated ones, if these are not more than half of
    the real ones. Their numbers are returned too.
    """
    if real.features is None or real.count < 4:
        return {}, []
    count = min(count or real.count, real.count // 2)
    # Equally many of each class, as a generator draws them.
    labels = np.zeros(real.count) if real.labels is None else real.labels
    order = np.argsort(labels, kind="stable")
    chosen = data.is_spaced(np.arange(real.count), count, real.count)
    some, others = (
        real.rows(np.sort(order[each])) for each in (chosen, ~chosen)
    )
    floor = {}
    for metric in computed:
        try:
            values = metric.compute(others, some, setting, False)
        except ValueError:
            # A class may have too few images.
            continue
        floor.update({name: value for name, (value, _) in values.items()})
    return floor, [some.count, others.count]


def _few(generated, real):
    """Returns a warning for each set that is too small."""
    return [
        f"Only {each.count} {kind} images: below {ENOUGH_IMAGES} the Frechet "
        "distance is biased upwards"
        for kind, each in (("generated", generated), ("real", real))
        if 0 < each.count < ENOUGH_IMAGES
    ]


# For each metric that can look wrong beside its floor: the share of the floor
# below which it does, and what this means.
_SIGNS = {
    "precision": (
        0.7,
        "many generated images look like no real one",
    ),
    "recall": (
        0.5,
        "many real images look like no generated one: the generated images "
        "are too much alike, or kinds are missing",
    ),
    "coverage": (
        0.7,
        "many real images have no generated image near them",
    ),
    "asked_for_class_share": (
        0.9,
        "many generated images are not of the class that was asked for",
    ),
    "diversity_within_classes": (
        0.8,
        "the generated images of a class are too much alike",
    ),
}


def _remarks(metrics, floor):
    """Returns a sentence for each metric that looks wrong."""
    remarks = []
    for name, (share, meaning) in _SIGNS.items():
        value, least = metrics.get(name), floor.get(name)
        if None not in (value, least) and value < share * least:
            remarks.append(
                f"{name.replace('_', ' ')} {value:.2f} beside a floor of "
                f"{least:.2f}: {meaning}"
            )
    for name, value in metrics.items():
        least = floor.get(name)
        if (
            name.startswith("frechet")
            and "infinity" not in name
            and least is not None
            and value < 0.5 * least
        ):
            remarks.append(
                f"{name.replace('_', ' ')} {value:.3g} is below the floor of "
                f"{least:.3g}: the generated images may be copies of real ones"
            )
    return remarks
