"""All metrics of one set of images beside another, and what they mean."""

import dataclasses
from collections.abc import Callable

import numpy as np

from sagan_tf import data
from sagan_tf.evaluation import metrics as functions
from sagan_tf.evaluation.protocols import METRICS, few_images


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
    check_names(names)
    if len(generated.mean) != len(real.mean):
        raise ValueError(
            "`generated` and `real` must have as many features. Received: "
            f"{generated.name} with {len(generated.mean)}, {real.name} with "
            f"{len(real.mean)}"
        )
    generated = _with_classes_of(real, generated, names)
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
    if "asked_for_class_share" in floor and extractor.accuracy is not None:
        # The classifier has seen most of the real images.
        floor["asked_for_class_share"] = extractor.accuracy
    warnings += few_images(generated.count, real.count)
    return {
        "metrics": found,
        "intervals": intervals,
        "floor": floor,
        "floor_images": floor_images,
        "remarks": _remarks(
            found, floor, equally_many=floor_images[:1] == [generated.count]
        ),
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


def check_names(names):
    """Raises a `ValueError` if these are not names of metrics, or None."""
    unknown = sorted(set(names or ()) - set(METRICS))
    if unknown or (names is not None and not names):
        raise ValueError(
            f"`metrics` must be some of {', '.join(METRICS)}. "
            f"Received: {', '.join(unknown) or 'none'}"
        )


def uses_labels(names):
    """Returns whether metrics of these names compare classes; None: all."""
    return names is None or any(_METRICS[name].needs_labels for name in names)


def check_class_names(generated, real, names):
    """Raises a `ValueError` if two sets have classes of different names.

    Args:
        generated, real: `ImageSet` or `Extracted`.
        names: Names of the metrics, or None for all.
    """
    first, second = generated.class_names, real.class_names
    if not (first and second) or set(first) <= set(second):
        return
    if uses_labels(names):
        raise ValueError(
            "`generated` and `real` must have the same classes, unless "
            "`metrics` are only some that ignore classes, such as fid,kid. "
            f"Received: {generated.name} with {_listed(first)}; {real.name} "
            f"with {_listed(second)}"
        )


def _with_classes_of(real, generated, names):
    """Returns generated images whose labels are numbered as the real ones."""
    if generated.labels is None or real.labels is None:
        return generated
    check_class_names(generated, real, names)
    first, second = generated.class_names, real.class_names
    if first and second:
        if not set(first) <= set(second):
            return dataclasses.replace(generated, labels=None)
        numbers = np.array([second.index(name) for name in first], np.int32)
        return dataclasses.replace(
            generated, labels=numbers[generated.labels], class_names=second
        )
    most = max(len(second), int(real.labels.max()) + 1)
    lowest = min(generated.labels.min(), real.labels.min())
    if uses_labels(names) and (lowest < 0 or generated.labels.max() >= most):
        raise ValueError(
            "`generated` and `real` must have the same classes, with labels "
            f"of at least 0. Received: {generated.name} with labels up to "
            f"{generated.labels.max()}, {real.name} with {most} classes; the "
            f"lowest label is {lowest}"
        )
    return generated


def _listed(names):
    shown = ", ".join(map(str, names[:3]))
    return f"{len(names)} ({shown}{', ...' * (len(names) > 3)})"


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


def _remarks(metrics, floor, equally_many):
    """Returns a sentence for each metric that looks wrong."""
    remarks = []
    for name, (share, meaning) in _SIGNS.items():
        value, least = metrics.get(name), floor.get(name)
        if None not in (value, least) and value < share * least:
            remarks.append(
                f"{name.replace('_', ' ')} {value:.2f} beside a floor of "
                f"{least:.2f}: {meaning}"
            )
    # With fewer images than the generated ones the floor is too high.
    for name, value in metrics.items() if equally_many else ():
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
