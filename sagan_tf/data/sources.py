"""Opens the source that a configuration names."""

from sagan_tf.data.digits import open_digits
from sagan_tf.data.image_folder import open_image_folder
from sagan_tf.data.tfds import open_tfds


def open_source(dataset, data_dir="", split="train"):
    """Opens a source by its name in `Config.dataset`.

    Args:
        dataset: "digits", "image_folder" or the name of a TFDS data set.
        data_dir: The image folder; for TFDS, its data directory or "".
        split: TFDS split; for digits "train" or "test"; image folders have
            none.

    Returns:
        A `Source`.

    Raises:
        ValueError: If there is no such data, with what to do about it.
    """
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
        A list; empty where there are none, or they are not to be had.
    """
    if dataset in ("digits", "image_folder"):
        try:
            return list(open_source(dataset, data_dir).class_names)
        except ValueError:
            return []
    import tensorflow_datasets as tfds

    try:
        features = tfds.builder(
            dataset, data_dir=data_dir or None
        ).info.features
        return list(features["label"].names or [])
    except Exception:
        # Whatever TFDS raises, names are not worth a failure.
        return []
