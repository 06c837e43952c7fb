"""Sets of images in arrays."""

import hashlib
import itertools
import os
import pathlib
import zipfile
import zlib

import numpy as np

from sagan_tf.data.resizing import square_tensor
from sagan_tf.evaluation.sets.image_set import ImageSet, check_sides

ARRAY_FILES = (".npy", ".npz")
# Exceptions of NumPy for a file that is damaged.
BROKEN = (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error)


def is_array_file(path):
    return os.fspath(path).endswith(ARRAY_FILES)


def of_array(path, value_range=None, argument="value_range"):
    """Makes an `ImageSet` of an .npy file, or of the images in an .npz file.

    Args:
        path: Path of the file. An .npz file has one array of images, and may
            have one of labels, integers (count,).
        value_range, argument: As in `of_images`.
    """
    path = pathlib.Path(path)
    try:
        if path.suffix == ".npy":
            arrays = {"images": np.load(path, mmap_mode="r")}
        else:
            # Opened here, because NumPy does not close a file it cannot read.
            with open(path, "rb") as file, np.load(file) as loaded:
                arrays = dict(loaded)
    except (*BROKEN, TypeError) as error:
        raise ValueError(
            f"{path} cannot be read as an array ({error})"
        ) from None
    images = [each for each in arrays.values() if each.ndim == 4]
    if len(images) != 1:
        shapes = {name: each.shape for name, each in arrays.items()}
        raise ValueError(
            f"{path} must have one array of images (count, height, width, "
            f"channels). Received: {shapes}"
        )
    labels = [
        each
        for each in arrays.values()
        if each.shape == (len(images[0]),) and each.dtype.kind in "iu"
    ]
    return of_images(
        images[0],
        labels[0] if len(labels) == 1 else None,
        str(path),
        value_range,
        argument,
    )


def of_images(
    images,
    labels=None,
    name="array",
    value_range=None,
    argument="value_range",
):
    """Makes an `ImageSet` of an array.

    Args:
        images: uint8 (count, height, width, channels), with 1 or 3 channels;
            or floating point, if `value_range` is given.
        labels: Integers (count,), or None.
        name: String.
        value_range: Two numbers, the values of black and white in floats.
        argument: String, what errors call `value_range`.

    Raises:
        ValueError: If the array is of another shape or type, is not finite,
            or has values outside its range.
    """
    to_uint8 = _conversion(images, name, value_range, argument)
    if images.dtype == np.uint8 and images.max() <= 1:
        raise ValueError(
            "uint8 images must have values from 0 to 255. Received: "
            f"{name}, with no value above 1; images in [0, 1] must be floats, "
            f"with `{argument}` 0,1"
        )
    if labels is not None:
        labels = np.asarray(labels).astype(np.int32)
        if labels.shape != (len(images),):
            raise ValueError(
                f"`labels` of {name} must be integers ({len(images)},). "
                f"Received: {labels.shape}"
            )

    def batches(image_size, batch_size, start=0):
        for first in range(start, len(images), batch_size):
            rows = slice(first, first + batch_size)
            batch = _resized(to_uint8(images[rows], first), image_size)
            yield batch, None if labels is None else labels[rows]

    content = _sha256(images, labels, value_range)
    side = min(images.shape[1:3])
    return ImageSet(name, "array", len(images), side, batches, content, content)


def _conversion(images, name, value_range, argument):
    """Returns the function that turns rows into uint8 (rows, h, w, 3)."""
    shape = images.shape
    if images.ndim != 4 or shape[3] not in (1, 3) or 0 in shape:
        raise ValueError(
            f"Images must be of shape (count, height, width, channels), with 1 "
            f"or 3 channels. Received: {name}, of shape {shape}"
        )
    if images.dtype == np.uint8 and value_range is not None:
        raise ValueError(
            f"`{argument}` has no effect on uint8 images. Received: {name}"
        )
    if images.dtype == np.uint8:
        return lambda rows, _: _colours(np.asarray(rows))
    if images.dtype.kind != "f":
        raise ValueError(
            f"Images must be uint8, or floats with `{argument}`. Received: "
            f"{name}, of {images.dtype}"
        )
    if value_range is None:
        raise ValueError(
            f"`{argument}` must be given for images that are floats, such as "
            f"0,1 or -1,1. Received: {name}, of {images.dtype}"
        )
    black, white = value_range

    def convert(rows, first):
        rows = np.asarray(rows, np.float32)
        if not np.isfinite(rows).all():
            raise ValueError(
                f"Images must be finite. {name} is not, from image {first} on"
            )
        levels = (rows - black) * (255.0 / (white - black))
        if levels.min() < -0.5 or levels.max() > 255.5:
            raise ValueError(
                f"Images must be in `{argument}={black:g},{white:g}`. "
                f"Received: {name}, with values from {rows.min():g} to "
                f"{rows.max():g}"
            )
        return _colours(np.clip(np.round(levels), 0, 255).astype(np.uint8))

    return convert


def _colours(rows):
    return np.repeat(rows, 3, axis=3) if rows.shape[3] == 1 else rows


def _resized(images, image_size):
    height, width = images.shape[1:3]
    side = image_size or min(height, width)
    if height == width == side:
        return images
    return np.stack([square_tensor(each, side).numpy() for each in images])


def _sha256(images, labels, value_range):
    digest = hashlib.sha256(f"{images.shape} {value_range}".encode())
    for first in range(0, len(images), 1000):
        digest.update(np.ascontiguousarray(images[first : first + 1000]))
    if labels is not None:
        digest.update(labels.tobytes())
    return digest.hexdigest()


def of_batches(
    batches, name="batches", value_range=None, argument="value_range"
):
    """Makes an `ImageSet` of an iterable of batches, such as a `tf.data`.

    Args:
        batches: Iterable of images, or of pairs (images, labels), as in
            `of_images`. It is read once.
        name: String.
        value_range, argument: As in `of_images`.
    """

    iterator = map(_pair, batches)
    first = next(iterator, None)
    if first is None:
        raise ValueError(f"{name} has no images")
    size = min(np.shape(first[0])[1:3], default=0)

    def read(image_size, batch_size, start=0):
        done = 0
        for images, labels in itertools.chain([first], iterator):
            convert = _conversion(images, name, value_range, argument)
            rows = convert(images, done)
            if image_size is None:
                check_sides(name, size, np.array([min(images.shape[1:3])]))
            rows = _resized(rows, image_size)
            for begin in range(0, len(rows), batch_size):
                part = slice(begin, begin + batch_size)
                yield rows[part], None if labels is None else labels[part]
            done += len(rows)

    return ImageSet(name, "batches", None, size, read)


def _pair(batch):
    """Returns images and labels, or images and None, as arrays."""
    images, labels = batch if isinstance(batch, tuple) else (batch, None)
    return np.asarray(images), None if labels is None else np.asarray(labels)
