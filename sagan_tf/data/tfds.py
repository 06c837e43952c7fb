"""Any image data set of TensorFlow Datasets."""

import tensorflow as tf

from sagan_tf.data.source import Source


def open_tfds(name, data_dir="", split="train"):
    """Any image data set of TensorFlow Datasets, downloaded if need be.

    Args:
        name: As in `tfds.load`, "cifar10" or "my_set/config:1.0.0".
        data_dir: TFDS data directory; "" for its default.
        split: As in `tfds.load`, "train" or "train[:90%]".

    Returns:
        A `Source`; without labels where the data set has none.

    Raises:
        ValueError: If there is no such data set or split, or if it cannot be
            downloaded.
    """
    # Imported here: it takes half a second, and most uses do not need it.
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder(name, data_dir=data_dir or None)
    except (
        tfds.core.registered.DatasetNotFoundError,
        AssertionError,  # of an unknown version
        ValueError,
    ) as error:
        raise ValueError(
            "`dataset` must be 'digits', 'image_folder' or a TensorFlow "
            f"Datasets name. Received: dataset={name!r} ({_first_line(error)})"
        ) from None
    try:
        builder.download_and_prepare()
    except Exception as error:
        # TFDS raises whatever its downloader, or a checksum, raises.
        raise ValueError(
            f"`dataset` {name!r} is not prepared in {builder.data_dir} and "
            "could not be downloaded: set `data_dir` to where it is, or "
            f"prepare it where there is a network ({_first_line(error)})"
        ) from None
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


def _three_channels(image):
    if image.shape[-1] == 1:
        return tf.image.grayscale_to_rgb(image)
    return image[..., :3]


def _first_line(error):
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
