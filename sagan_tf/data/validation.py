"""Validation of the data before the first training step."""

import collections
import dataclasses
import re

import numpy as np
import tensorflow as tf
from absl import logging

from sagan_tf.data.headers import check_header
from sagan_tf.data.pipeline import ordered_dataset
from sagan_tf.utils.progress import progress_bar

# Number of images that are examined if a data set neither consists of files nor
# fits into memory.
SAMPLE = 10_000
_PROGRESS_FROM = 2_000


def resolve_num_classes(source, num_classes, labels=True):
    """Returns the number of classes to train with, or None for no classes.

    Args:
        source: `Source`.
        num_classes: Integer, or None for as many as the source has.
        labels: Boolean; False: no classes.

    Raises:
        ValueError: If `num_classes` is given and the source has no labels.
    """
    if not labels:
        return None
    if num_classes is None:
        return len(source.class_names) or None
    if not source.class_names:
        raise ValueError(
            f"`num_classes` must be None: {source.name} has no labels. "
            f"Received: num_classes={num_classes}"
        )
    return num_classes


def check(source, image_size, num_classes, cache_bytes):
    """Reads the images once, reports on them, and refuses unusable data.

    It logs the number of images, the classes with their numbers of images,
    and the resolution.

    Args:
        source: `Source`.
        image_size: Integer, size of the network's images in pixels.
        num_classes: Integer, or None if labels are not used.
        cache_bytes: Decoded images stay in memory if they need at most this
            many bytes.

    Returns:
        The `Source` to train from: in memory if it fits, else `source`.

    Raises:
        ValueError: If there are no images; if an image is unreadable; if a
            file, or most of the images, is smaller than `image_size`; if a
            label is outside [0, num_classes); or if all labels are the same
            and `num_classes` is above 1.
    """
    if source.size < 1:
        raise ValueError(f"{source.name} has no images")
    fits = source.size * image_size * image_size * 3 <= cache_bytes
    examined = source.size
    if not fits and not source.files:
        examined = min(SAMPLE, source.size)
    check_headers(source)
    images, labels, sides = _read(source, image_size, examined, keep=fits)
    _check_resolution(source, sides, image_size)
    histogram = dict(sorted(collections.Counter(labels).items()))
    if num_classes is not None:
        _check_labels(source, histogram, num_classes)
    _report(source, examined, histogram, sides, num_classes)
    if not fits:
        return source
    logging.info("Images stay in memory.")
    return dataclasses.replace(
        source,
        records=tf.data.Dataset.from_tensor_slices(
            (np.stack(images), np.array(labels, np.int32))
        ),
        decode=lambda image, label: (image, label),
        shuffle_buffer=source.size,
    )


def check_headers(source):
    """Raises a `ValueError` that names the first file with a bad header."""
    for file in source.files:
        try:
            check_header(file)
        except ValueError as error:
            raise _unreadable(file, error) from None


def _unreadable(where, reason):
    return ValueError(
        f"{where} cannot be read as an image: repair or remove it ({reason})"
    )


def _read(source, image_size, examined, keep):
    images, labels, sides = [], [], []
    progress = None
    if examined >= _PROGRESS_FROM:
        progress = progress_bar("checked images", examined)
    iterator = iter(ordered_dataset(source, image_size).take(examined))
    while True:
        try:
            image, label, side = next(iterator)
        except StopIteration:
            return images, labels, sides
        except tf.errors.OpError as error:
            # Images are read in order: the failing one follows those read.
            where = f"image number {len(labels)} of {source.name}"
            if source.files:
                where = source.files[len(labels)]
            # Before the reason, tf.data lists its iterators.
            reason = re.sub(r"^.*Iterator::[\w:]+: ", "", error.message)
            raise _unreadable(where, reason.splitlines()[0]) from None
        if keep:
            images.append(image.numpy())
        labels.append(int(label))
        sides.append(int(side))
        done = len(labels)
        if progress is not None and (done % 100 == 0 or done == examined):
            progress(done)


def _check_resolution(source, sides, image_size):
    smallest = int(np.argmin(sides))
    small = int(np.sum(np.array(sides) < image_size))
    if small and not source.files and np.median(sides) >= image_size:
        # Published data sets, such as ImageNet, have some small images.
        logging.warning(
            "%d of %d images are smaller than %d pixels and are enlarged.",
            small,
            len(sides),
            image_size,
        )
    elif small:
        where = f"image number {smallest} of {source.name}"
        if source.files:
            where = source.files[smallest]
        raise ValueError(
            f"`image_size` {image_size} is above the resolution of the data: "
            f"{where} has {sides[smallest]} pixels along its shorter side. "
            "Remove the small images, or train a smaller network"
        )


def _check_labels(source, histogram, num_classes):
    low, high = min(histogram), max(histogram)
    if low < 0 or high >= num_classes:
        raise ValueError(
            f"Labels must be in [0, {num_classes}), as `num_classes` says. "
            f"Received: labels from {low} to {high} in {source.name}"
        )
    if num_classes > 1 and len(histogram) == 1:
        raise ValueError(
            f"All labels of {source.name} are {low}, but `num_classes` is "
            f"{num_classes}. Usually the images are one folder level too "
            "deep: each class must be a folder of its own, directly below "
            "`data_dir`"
        )


def _report(source, examined, histogram, sides, num_classes):
    part = "" if examined == source.size else f" (first {examined} examined)"
    logging.info("Data: %s, %d images%s.", source.name, source.size, part)
    logging.info(
        "Resolution: shorter sides from %d to %d pixels.",
        min(sides), max(sides),
    )  # fmt: skip
    if num_classes is None:
        logging.info("Classes: none, or not used.")
        return
    counts = [histogram.get(label, 0) for label in range(num_classes)]
    logging.info(
        "Classes: %d, with %d to %d images each.",
        num_classes, min(counts), max(counts),
    )  # fmt: skip
    names = source.class_names or [str(n) for n in range(num_classes)]
    shown = [
        f"{name}: {count}"
        for name, count in zip(names[:20], counts[:20], strict=False)
    ]
    if num_classes > 20:
        shown.append("...")
    # Names of folders need not be text.
    text = ", ".join(shown).encode("utf-8", "backslashreplace").decode()
    logging.info("Images by class: %s.", text)
