"""The source that a configuration names."""

import os

from sagan_tf.data.digits import open_digits
from sagan_tf.data.image_folder import open_image_folder
from sagan_tf.data.tfds import open_tfds


def open_source(dataset, data_dir="", split="train"):
    """Opens a source by its name in `Config.dataset`.

    Args:
        dataset: "digits", "image_folder" or the name of a data set of
            TensorFlow Datasets (TFDS).
        data_dir: The image folder, or the data directory of TFDS; "" for the
            default of TFDS.
        split: Split of TFDS; "train" or "test" for digits; ignored for an
            image folder.

    Returns:
        A `Source`.

    Raises:
        ValueError: If the data does not exist. The message says what to do.
    """
    data_dir = os.path.expanduser(data_dir)
    if dataset == "digits":
        return open_digits(split)
    if dataset == "image_folder":
        return open_image_folder(data_dir)
    return open_tfds(dataset, data_dir, split)


def class_names(dataset, data_dir=""):
    """Returns the names of a data set's classes, without its images.

    Args:
        dataset, data_dir: As in `open_source`.

    Returns:
        A list; empty if the classes have no names or the data is not there.
    """
    if dataset in ("digits", "image_folder"):
        try:
            return list(open_source(dataset, data_dir).class_names)
        except ValueError:
            return []
    import tensorflow_datasets as tfds

    try:
        data_dir = os.path.expanduser(data_dir) or None
        features = tfds.builder(dataset, data_dir=data_dir).info.features
        return list(features["label"].names or [])
    except Exception:
        # TFDS raises many types of exceptions. A missing name is harmless.
        return []
