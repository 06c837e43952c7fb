"""The source that a configuration names."""

import os

from sagan_tf.data import pictures, tfds_labels, validation
from sagan_tf.data.digits import open_digits
from sagan_tf.data.image_folder import open_image_folder
from sagan_tf.data.tfds import open_tfds


def open_source(
    dataset, data_dir="", split="train", label="", background="white"
):
    """Opens a source by its name in `Config.dataset`.

    Args:
        dataset: "digits", "image_folder" or the name of a data set of
            TensorFlow Datasets (TFDS).
        data_dir: The image folder, or the data directory of TFDS; "" for the
            default of TFDS.
        split: Split of TFDS; "train" or "test" for digits; for an image folder
            the folder to read, if it has folders of these names.
        label: Name of the label feature of TFDS; "" for the usual one.
        background: Name or "#rrggbb" of the colour that transparent pixels
            show.

    Returns:
        A `Source`.

    Raises:
        ValueError: If the data does not exist. The message says what to do.
    """
    pictures.colour(background)
    data_dir = os.path.expanduser(data_dir)
    if dataset in ("digits", "image_folder") and label:
        raise ValueError(
            f"`label` must be '' for {dataset}: it names a feature of "
            f"TensorFlow Datasets. Received: label={label!r}"
        )
    if dataset == "digits":
        return open_digits(split)
    if dataset == "image_folder":
        return open_image_folder(data_dir, split, background)
    return open_tfds(dataset, data_dir, split, label, background)


def open_unchecked(config, split=None):
    """Opens the images of a configuration, before bad ones are left out.

    Args:
        config: `Config`.
        split: As in `open_source`. None: that of the configuration.

    Returns:
        A `Source`.

    Raises:
        ValueError: As `open_source`.
    """
    return open_source(
        config.dataset,
        config.data_dir,
        split or config.split,
        config.label,
        config.background,
    )


def open_configured(config, split=None):
    """Opens the images of a configuration, as training uses them.

    With `config.bad_images` "skip" this decodes every file, to leave out those
    that training left out.

    Args, returns and errors are those of `open_unchecked`.
    """
    source = open_unchecked(config, split)
    if config.bad_images == "skip":
        source = validation.without_bad_images(source)
    return source


def class_names(dataset, data_dir="", label=""):
    """Returns the names of a data set's classes, without its images.

    Args:
        dataset, data_dir, label: As in `open_source`.

    Returns:
        A list; empty if the classes have no names or the data is not there.
    """
    if dataset in ("digits", "image_folder"):
        try:
            return list(open_source(dataset, data_dir).class_names)
        except (ValueError, OSError):
            return []
    return tfds_labels.names_of(dataset, os.path.expanduser(data_dir), label)
