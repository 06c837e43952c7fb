"""Any image data set of TensorFlow Datasets."""

import tensorflow as tf

from sagan_tf.data import pictures, tfds_labels
from sagan_tf.data.resizing import prepare_tensor
from sagan_tf.data.source import Source


def open_tfds(name, data_dir="", split="train", label="", background="white"):
    """Opens an image data set of TensorFlow Datasets (TFDS).

    The data set is downloaded if it is not there.

    The images are the feature "image", else the input of `as_supervised`,
    else the only image feature. They are encoded pictures, or arrays (height,
    width) or (height, width, channels) of uint8, uint16, or floats in [0, 1].

    Args:
        name: As in `tfds.load`, such as "cifar10" or "my_set/config:1.0.0".
        data_dir: Data directory of TFDS; "" for its default.
        split: As in `tfds.load`, such as "train" or "train[:90%]".
        label: Name of the feature that is the label: a `ClassLabel`, or
            integers from 0. "": the feature "label", else the target of
            `as_supervised`, else the only `ClassLabel`.
        background: Colour that transparent pixels show, see `pictures.colour`.

    Returns:
        A `Source`, without classes if the data set has no labels.

    Raises:
        ValueError: If the data set, the split or the label does not exist, if
            the data set cannot be downloaded, or if its images are of a kind
            that is not listed above.
    """
    import tensorflow_datasets as tfds

    builder = _prepared_builder(name, data_dir)
    info = builder.info
    image_name = _image_name(name, info)
    prepare_image, skip = _preparation(
        name, image_name, info.features[image_name], background
    )
    label_name, problem = tfds_labels.label_name(info, label)
    try:
        records = builder.as_dataset(
            split=split,
            decoders={image_name: tfds.decode.SkipDecoding()} if skip else None,
            read_config=tfds.ReadConfig(interleave_cycle_length=1),
        )
        size = info.splits[split].num_examples
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"`split` must be one of {sorted(info.splits)}. "
            f"Received: split={split!r} ({_first_line(error)})"
        ) from None
    names = ()
    if label_name is not None:
        names, problem = tfds_labels.class_names(info, label_name, records)

    def prepare(record, **options):
        number = tf.cast(record[label_name] if names else 0, tf.int32)
        return prepare_image(record[image_name], number, **options)

    return Source(
        f"{name}, split {split}",
        records,
        prepare,
        size,
        tuple(names),
        label_problem=problem,
        notes=_notes(image_name) + tfds_labels.notes(info, label_name),
        fingerprint=f"{info.full_name} {builder.data_path} {split} "
        f"{info.dataset_size} {image_name} {label_name} {background}",
        identity=f"{info.full_name} {split} {size}",
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
        where = f", data_dir={data_dir!r}" if data_dir else ""
        raise ValueError(
            "`dataset` must be 'digits', 'image_folder' or the name of a data "
            "set of TensorFlow Datasets, and `data_dir` the folder that holds "
            f"the set's own folder. Received: dataset={name!r}{where} "
            f"({_first_line(error)})"
        ) from None
    try:
        builder.download_and_prepare()
    except Exception as error:
        # TFDS passes on all exceptions of its downloader.
        raise ValueError(
            f"`dataset` {name!r} is not in {builder.data_dir} and could not be "
            "downloaded: set `data_dir` to the folder that holds the set's own "
            "folder, or prepare it on a machine with a network "
            f"({_first_line(error)})"
        ) from None
    return builder


def _image_name(name, info):
    """Returns the name of the feature that is the image."""
    import tensorflow_datasets as tfds

    features = info.features
    if "image" in features:
        return "image"
    source, _ = tfds_labels.supervised(info)
    images = [
        key
        for key, feature in features.items()
        if type(feature) is tfds.features.Image
    ]
    if source in images:
        return source
    if len(images) != 1:
        raise ValueError(
            f"`dataset` {name!r} must have a feature 'image', or one image "
            f"feature of another name. It has: {sorted(features)}"
        )
    return images[0]


def _preparation(name, image_name, feature, background):
    """Returns how images are prepared, and whether from encoded pictures."""
    import tensorflow_datasets as tfds

    kind = type(feature)
    known = kind in (tfds.features.Image, tfds.features.Tensor)
    dtype = tf.as_dtype(feature.np_dtype) if known else None
    if kind is tfds.features.Image and dtype in (tf.uint8, tf.uint16):
        return (
            lambda content, label, **options: pictures.prepare_tensor(
                content, label, bytes, background, **options
            )
        ), True
    if (
        dtype in (tf.uint8, tf.uint16)
        or (dtype is not None and dtype.is_floating)
    ) and len(feature.shape) in (2, 3):
        return (
            lambda image, label, **options: prepare_tensor(
                _colours(image, background), label, **options
            )
        ), False
    raise ValueError(
        f"`dataset` {name!r} must have images: encoded ones, or arrays "
        "(height, width) or (height, width, channels) of uint8, uint16, or "
        f"floats in [0, 1]. Its feature {image_name!r} is: {feature}"
    )


def _notes(image_name):
    if image_name == "image":
        return ()
    return (f"The images are the feature {image_name!r}.",)


def _colours(image, background):
    """Converts an array of any number of channels to uint8 red, green, blue.

    The channels are grey, grey and opacity, colours, or colours and opacity.
    """
    if image.shape.rank == 2:
        image = image[..., None]
    image = _levels(image)
    channels = tf.shape(image)[-1]
    tf.debugging.Assert(
        (channels >= 1) & (channels <= 4),
        ["its number of channels must be 1 to 4, but is", channels],
    )
    shown = tf.cond(
        channels < 3,
        lambda: tf.repeat(image[..., :1], 3, axis=-1),
        lambda: image[..., :3],
    )
    opacity = tf.cond(
        channels % 2 == 0,
        lambda: image[..., -1:] / 255.0,
        lambda: tf.ones_like(image[..., :1]),
    )
    behind = tf.constant(pictures.colour(background), tf.float32)
    shown = tf.round(shown * opacity + behind * (1.0 - opacity))
    return tf.ensure_shape(tf.cast(shown, tf.uint8), (None, None, 3))


def _levels(image):
    """Returns values in [0, 255], float32."""
    if image.dtype == tf.uint8:
        return tf.cast(image, tf.float32)
    if image.dtype == tf.uint16:
        return tf.round(tf.cast(image, tf.float32) / 257.0)
    tf.debugging.Assert(
        tf.reduce_all((image >= 0) & (image <= 1)),
        [
            "its floats must be in [0, 1], but are from",
            tf.reduce_min(image),
            "to",
            tf.reduce_max(image),
        ],
    )
    return tf.round(tf.cast(image, tf.float32) * 255.0)


def _first_line(error):
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
