"""Where images come from: digits, a folder of images, TensorFlow Datasets."""

import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Callable

import numpy as np
import tensorflow as tf

EXTENSIONS = (".jpg", ".jpeg", ".png", ".bmp", ".gif")


@dataclasses.dataclass(frozen=True)
class Source:
    """Images and labels, in a fixed order.

    Attributes:
        name: What to call it in messages.
        records: `tf.data.Dataset` of whatever `decode` takes, each cheap to
            shuffle and to skip.
        decode: Function from a record to (image, label): uint8
            (height, width, 3) of any size, and int32 ().
        size: Number of images.
        class_names: Names of the classes; empty if there are no labels.
        files: Path of each image, in order; empty if they are not files.
        shuffle_buffer: How many records to shuffle among.
        fingerprint: String that is another one if the images are.
        identity: The same, and equal on any machine that has them.
    """

    name: str
    records: tf.data.Dataset
    decode: Callable
    size: int
    class_names: tuple = ()
    files: tuple = ()
    shuffle_buffer: int = 10_000
    fingerprint: str = ""
    identity: str = ""


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
        return digits(split)
    if dataset == "image_folder":
        return image_folder(data_dir)
    return tensorflow_datasets(dataset, data_dir, split)


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


def digits(split="train"):
    """Scikit-learn's handwritten digits: 1,797 images of 8x8 pixels.

    They are resized here, bilinearly, to 32x32, the smallest network's size.

    Args:
        split: "train", four fifths, or "test", the held-out fifth; both have
            the classes in proportion.

    Returns:
        A `Source` of grey images, 10 classes.

    Raises:
        ValueError: If `split` is neither.

    Reference:
        - Alpaydin and Kaynak, Optical Recognition of Handwritten Digits,
          UCI repository, https://doi.org/10.24432/C50P49.
    """
    # Imported here: most runs do not need it.
    import sklearn.datasets
    import sklearn.model_selection

    if split not in ("train", "test"):
        raise ValueError(
            "`split` of digits must be 'train' or 'test'. "
            f"Received: split={split!r}"
        )
    data = sklearn.datasets.load_digits()
    pixels = np.round(data.images * (255 / 16)).astype(np.uint8)
    parts = sklearn.model_selection.train_test_split(
        np.repeat(pixels[..., None], 3, axis=-1),
        data.target.astype(np.int32),
        test_size=0.2,
        stratify=data.target,
        random_state=0,
    )
    images, labels = parts[split == "test" :: 2]
    fingerprint = hashlib.sha256(images.tobytes()).hexdigest()
    images = tf.cast(tf.round(tf.image.resize(images, (32, 32))), tf.uint8)
    return Source(
        name=f"digits, {split} split",
        records=tf.data.Dataset.from_tensor_slices((images, labels)),
        decode=lambda image, label: (image, label),
        size=len(labels),
        class_names=tuple(str(digit) for digit in range(10)),
        shuffle_buffer=len(labels),
        fingerprint=fingerprint,
        identity=fingerprint,
    )


def image_folder(data_dir):
    """A folder of images: `class_name/*.jpg`, or flat for no labels.

    JPEG, PNG, BMP and GIF (its first frame) are read, CMYK and 16 bits
    too; other files, and hidden ones, are ignored. Classes are numbered in
    the order of their names.

    Args:
        data_dir: Path of the folder.

    Returns:
        A `Source`.

    Raises:
        ValueError: If there is no such folder, if it holds no image, one
            class alone, or images both beside and inside class folders.
    """
    root = pathlib.Path(data_dir)
    if not data_dir or not root.is_dir():
        raise ValueError(
            "`data_dir` must be a folder of images. "
            f"Received: data_dir={str(data_dir)!r}, which is no folder"
        )
    folders = sorted(
        path for path in root.iterdir()
        if path.is_dir() and not path.name.startswith(".")
    )  # fmt: skip
    flat = _images_in(root)
    by_class = {folder: _images_in(folder) for folder in folders}
    if flat and any(by_class.values()):
        raise ValueError(
            f"`data_dir` {root} holds images both beside and inside class "
            f"folders (such as {flat[0].name} and {folders[0].name}/): move "
            "the ones or the others away"
        )
    if not flat:
        _check_classes(root, by_class)
    class_names = () if flat else tuple(folder.name for folder in by_class)
    files = flat or [file for images in by_class.values() for file in images]
    labels = [0] * len(flat) or [
        label for label, images in enumerate(by_class.values()) for _ in images
    ]
    return Source(
        name=f"image folder {root}",
        records=tf.data.Dataset.from_tensor_slices(
            # Encoded, since a name need not be text.
            (list(map(os.fsencode, files)), np.array(labels, np.int32))
        ),
        decode=lambda path, label: (_decode_file(path), label),
        size=len(files),
        class_names=class_names,
        files=tuple(str(file) for file in files),
        # Paths are small enough to shuffle all of them.
        shuffle_buffer=len(files),
        fingerprint=_fingerprint(root, files, labels, times=True),
        identity=_fingerprint(root, files, labels),
    )


def tensorflow_datasets(name, data_dir="", split="train"):
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


def _fingerprint(root, files, labels, times=False):
    """Of what the file system says, without reading the images."""
    digest = hashlib.sha256()
    for file, label in zip(files, labels, strict=True):
        status = file.stat()
        parts = [file.relative_to(root), label, status.st_size]
        if times:
            parts += [file, status.st_mtime_ns]
        digest.update(os.fsencode("\0".join(map(str, parts)) + "\n"))
    return digest.hexdigest()


def _check_classes(root, by_class):
    """Raises a `ValueError` on class folders that cannot be meant so."""
    filled = [folder for folder, images in by_class.items() if images]
    deeper = [
        child
        for folder in by_class
        for child in sorted(folder.iterdir())
        if child.is_dir() and _images_in(child)
    ]
    hint = ""
    if deeper:
        hint = (
            f"; there are images one level deeper, in {deeper[0]}: "
            f"`data_dir` may have to be {deeper[0].parent}"
        )
    if not filled:
        raise ValueError(
            f"`data_dir` {root} holds no image ({', '.join(EXTENSIONS)}), "
            f"neither itself nor in its folders{hint}"
        )
    if len(filled) == 1:
        raise ValueError(
            f"`data_dir` {root} has images of one class only, in "
            f"{filled[0].name}/, so every label would be the same. Usually "
            "`data_dir` is one folder level too high or too low: it must be "
            "the folder that holds the class folders, or, to train without "
            f"classes, the folder of the images itself, {filled[0]}{hint}"
        )
    empty = [folder.name for folder in by_class if folder not in filled]
    if empty:
        raise ValueError(
            f"`data_dir` {root} has class folders without images: "
            f"{', '.join(empty[:5])}{hint}"
        )


def _images_in(folder):
    return sorted(
        path for path in folder.iterdir()
        if path.suffix.lower() in EXTENSIONS
        and not path.name.startswith(".")
        and path.is_file()
    )  # fmt: skip


def _decode_file(path):
    image = tf.io.decode_image(
        tf.io.read_file(path), channels=3, expand_animations=False
    )
    image.set_shape([None, None, 3])
    return image


def _three_channels(image):
    if image.shape[-1] == 1:
        return tf.image.grayscale_to_rgb(image)
    return image[..., :3]


def _first_line(error):
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__
