"""The labels of a data set of TensorFlow Datasets."""

import numpy as np
import tensorflow as tf

# More plain integers than this are numbers and not classes.
_MOST_CLASSES = 100_000


def names_of(name, data_dir="", label=""):
    """Returns the names of a data set's classes; [] if they have none.

    Args:
        name, data_dir, label: As in `open_tfds`. The data set need not be
            prepared.
    """
    import tensorflow_datasets as tfds

    try:
        info = tfds.builder(name, data_dir=data_dir or None).info
        return list(info.features[label_name(info, label)[0]].names)
    except Exception:
        # TFDS raises many types of exceptions. A missing name is harmless.
        return []


def supervised(info):
    """Returns the two names of `as_supervised`; None if there is none."""
    keys = info.supervised_keys
    if keys is None or len(keys) != 2:
        return None, None
    return tuple(key if isinstance(key, str) else None for key in keys)


def label_name(info, label):
    """Returns the name of the label feature, or None, and the problem.

    Raises:
        ValueError: If there is no feature `label`.
    """
    features = info.features
    if label:
        if label not in features:
            raise ValueError(
                f"`label` must be one of the features {sorted(features)}. "
                f"Received: label={label!r}"
            )
        return label, ""
    if "label" in features:
        return "label", ""
    _, target = supervised(info)
    found = _class_labels(features)
    if target in found or (
        target in features and _is_integer(features[target])
    ):
        return target, ""
    if len(found) > 1:
        return None, f"`label` must be one of the label features {found}"
    return (found[0] if found else None), ""


def _class_labels(features):
    import tensorflow_datasets as tfds

    # Sorted, because TensorFlow Datasets does not keep their order.
    return sorted(
        key
        for key, feature in features.items()
        if type(feature) is tfds.features.ClassLabel
    )


def _is_integer(feature):
    import tensorflow_datasets as tfds

    return (
        isinstance(feature, tfds.features.Tensor)
        and feature.shape == ()
        and np.issubdtype(feature.np_dtype, np.integer)
    )


def class_names(info, label_name, records):
    """Returns the names of the classes, and why there are none."""
    import tensorflow_datasets as tfds

    feature = info.features[label_name]
    if (
        type(feature) is tfds.features.ClassLabel
        and feature.num_classes is not None
    ):
        return tuple(feature.names), ""
    if not _is_integer(feature):
        return (), (
            "`label` must name a feature that is one class for each image: a "
            f"ClassLabel or an integer. The feature {label_name!r} is: "
            f"{feature}"
        )
    # The data set does not say how many classes there are.
    highest = records.map(lambda record: tf.cast(record[label_name], tf.int64))
    highest = int(highest.reduce(tf.constant(0, tf.int64), tf.maximum))
    if highest >= _MOST_CLASSES:
        return (), (
            f"`label` must name classes. The feature {label_name!r} has "
            f"numbers up to {highest}"
        )
    return tuple(map(str, range(highest + 1))), ""


def notes(info, label_name):
    """Returns what was chosen among the label features, if it was a choice."""
    others = [n for n in _class_labels(info.features) if n != label_name]
    if label_name is None or (label_name == "label" and not others):
        return ()
    also = f"; `label` can be {', '.join(others)} too" if others else ""
    return (f"The labels are the feature {label_name!r}{also}.",)
