"""Any image data set of TensorFlow Datasets."""

import tensorflow as tf

from sagan_tf.data.source import Source


def open_tfds(name, data_dir="", split="train"):
    """Opens an image data set of TensorFlow Datasets (TFDS).

    The data set is downloaded if it is not there.

    Args:
        name: As in `tfds.load`, such as "cifar10" or "my_set/config:1.0.0".
        data_dir: Data directory of TFDS; "" for its default.
        split: As in `tfds.load`, such as "train" or "train[:90%]".

    Returns:
        A `Source`, without classes if the data set has no labels.

    Raises:
        ValueError: If the data set or the split does not exist, or if the
            data set cannot be downloaded.
    """
    import tensorflow_datasets as tfds

    builder = _prepared_builder(name, data_dir)
    if "image" not in builder.info.features:
        raise ValueError(
            f"`dataset` {name!r} has no feature 'image'. "
            f"It has: {sorted(builder.info.features)}"
        )
    try:
        records = builder.as_dataset(
            split=split,
            decoders={"image": tfds.decode.SkipDecoding()},
            read_config=tfds.ReadConfig(interleave_cycle_length=1),
        )
        size = builder.info.splits[split].num_examples
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"`split` must be one of {sorted(builder.info.splits)}. "
            f"Received: split={split!r} ({_first_line(error)})"
        ) from None
    image_feature = builder.info.features["image"]
    labelled = "label" in builder.info.features and isinstance(
        builder.info.features["label"], tfds.features.ClassLabel
    )

    def decode(record):
        image = image_feature.decode_example(record["image"])
        label = record["label"] if labelled else 0
        return _three_channels(image), tf.cast(label, tf.int32)

    names = builder.info.features["label"].names if labelled else ()
    return Source(
        f"{name}, split {split}",
        records,
        decode,
        size,
        tuple(names),
        fingerprint=f"{builder.info.full_name} {builder.data_path} {split} "
        f"{builder.info.dataset_size}",
        identity=f"{builder.info.full_name} {split} {size}",
    )


def _prepared_builder(name, data_dir):
    """Returns the TFDS builder of a data set whose files are there."""
    # Imported here because it takes half a second and most runs do not need
    # it.
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir or None)
    except (
        tfds.core.registered.DatasetNotFoundError,
        AssertionError,  # TFDS raises it for an unknown version.
        ValueError,
    ) as error:
        raise ValueError(
            "`dataset` must be 'digits', 'image_folder' or a TensorFlow "
            f"Datasets name. Received: dataset={name!r} ({_first_line(error)})"
        ) from None
    try:
        builder.download_and_prepare()
    except Exception as error:
        # TFDS passes on all exceptions of its downloader.
        raise ValueError(
            f"`dataset` {name!r} is not prepared in {builder.data_dir} and "
            "could not be downloaded: set `data_dir` to its directory, or "
            f"prepare it on a machine with a network ({_first_line(error)})"
        ) from None
    return builder


def _three_channels(image):
    if image.shape[-1] == 1:
        return tf.image.grayscale_to_rgb(image)
    return image[..., :3]


def _first_line(error):
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
