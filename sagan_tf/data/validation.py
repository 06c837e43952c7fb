"""Validation of the data before the first training step."""

import collections
import contextlib
import dataclasses

import numpy as np
import tensorflow as tf
from absl import logging

from sagan_tf.data.examination import Examination, name_of, without
from sagan_tf.data.resizing import prepare_tensor

# Number of images that are examined if a data set neither consists of files nor
# fits into memory.
SAMPLE = 10_000


def resolve_num_classes(source, num_classes, labels=True):
    """Returns the number of classes to train with, or None for no classes.

    Args:
        source: `Source`.
        num_classes: Integer, or None for as many as the source has.
        labels: Boolean; False: no classes.

    Raises:
        ValueError: If `num_classes` is given and the source has no labels, or
            if the source's labels cannot be used.
    """
    if not labels:
        return None
    if source.label_problem:
        raise ValueError(
            f"{source.label_problem}. `labels=False` trains without classes"
        )
    if num_classes is None:
        return len(source.class_names) or None
    if not source.class_names:
        raise ValueError(
            f"`num_classes` must be None: {source.name} has no labels. "
            f"Received: num_classes={num_classes}"
        )
    return num_classes


def check(
    source,
    image_size,
    num_classes,
    cache_bytes,
    bad_images="stop",
    small_images="stop",
):
    """Reads the images once, reports on them, and refuses unusable data.

    It logs the number of images, the classes with their numbers of images,
    the resolution, and what was left out.

    Args:
        source: `Source`.
        image_size: Integer, size of the network's images in pixels.
        num_classes: Integer, or None if labels are not used.
        cache_bytes: Decoded images stay in memory if they need at most this
            many bytes.
        bad_images: "stop" refuses images that cannot be read; "skip" leaves
            them out. The log names each of them.
        small_images: "stop" refuses files that are smaller than `image_size`,
            and a data set of TFDS if most of its images are; "enlarge"
            enlarges them.

    Returns:
        The `Source` to train from: in memory if it fits, else `source`, in
        either case without images that are left out.

    Raises:
        ValueError: If there are no images; if images are unreadable or small
            and are not to be left out or enlarged; if a label is outside [0,
            num_classes); or if all labels are the same and `num_classes` is
            above 1.
    """
    if source.size < 1:
        raise ValueError(f"{source.name} has no images")
    fits = source.size * image_size * image_size * 3 <= cache_bytes
    examined = source.size
    if not fits and not source.files:
        examined = min(SAMPLE, source.size)
    found = Examination(source, image_size, examined, keep=fits)
    small = found.small(image_size)
    problems = []
    if found.bad or source.unusable:
        problems.append(_bad(source, found.bad, bad_images))
    if small and small_images == "stop":
        problems.append(_small(source, found, small, image_size))
    if any(problems):
        raise ValueError(". ".join(filter(None, problems)))
    _note_small(found, small, image_size)
    source = without(source, found.bad)
    histogram = dict(sorted(collections.Counter(found.labels).items()))
    if num_classes is not None:
        _check_labels(source, histogram, num_classes)
    _report(source, found, histogram, num_classes)
    if not fits:
        return source
    logging.info("Images stay in memory.")
    return dataclasses.replace(
        source,
        records=tf.data.Dataset.from_tensor_slices(
            (np.stack(found.images), np.array(found.labels, np.int32))
        ),
        prepare=prepare_tensor,
        shuffle_buffer=source.size,
    )


def without_bad_images(source):
    """Returns the `Source` without the images that cannot be read.

    Every image is decoded.

    Raises:
        ValueError: If none can be read.
    """
    found = Examination(source, 1, source.size, keep=False)
    if len(found.bad) == source.size:
        raise ValueError(_bad(source, found.bad, "skip"))
    return without(source, found.bad)


@contextlib.contextmanager
def naming_bad_images(source):
    """Replaces TensorFlow's error while images are read.

    Raises:
        ValueError: If an image of the source cannot be decoded. It names the
            files.
    """
    try:
        yield
    except tf.errors.InvalidArgumentError:
        found = Examination(source, 1, source.size, keep=False)
        if found.bad:
            raise ValueError(_bad(source, found.bad, "stop")) from None
        raise


def _bad(source, bad, bad_images):
    """Logs each image that cannot be read; returns the error, or None."""
    reasons = [
        *(
            (name_of(source, position), bad[position])
            for position in sorted(bad)
        ),
        *source.unusable,
    ]
    skip = bad_images == "skip" and len(bad) < source.size
    for name, reason in reasons if skip or len(reasons) > 1 else ():
        logging.warning("Cannot be read as an image: %s (%s)", name, reason)
    everything = source.size + len(source.unusable)
    if skip:
        logging.warning(
            "%d of %d images are left out (`bad_images`).",
            len(reasons),
            everything,
        )
        return None
    name, reason = reasons[0]
    rest = len(reasons) - 1
    others = f" and {rest} more, which the log lists," if rest else ""
    advice = "repair or remove such files"
    if bad_images != "skip":
        advice += ", or leave them out by `bad_images=skip`"
    return f"{name}{others} cannot be read as an image: {advice} ({reason})"


def _small(source, found, small, image_size):
    """Returns the error about small images, or None if they are few."""
    if found.mostly_large(image_size):
        return None
    smallest = small[0]
    name = name_of(source, found.positions[smallest])
    return (
        f"{len(small)} of {len(found.sides)} images are smaller than "
        f"`image_size` {image_size}; the smallest is {name} "
        f"with {found.sides[smallest]} pixels along its shorter side. Remove "
        "them, or enlarge them by `small_images=enlarge`"
        + (", or lower `image_size`" * (image_size > 32))
    )


def _note_small(found, small, image_size):
    if small:
        logging.warning(
            "%d of %d images are smaller than %d pixels and are enlarged.",
            len(small),
            len(found.sides),
            image_size,
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
            f"All labels of {source.name} that were examined are {low}, but "
            f"`num_classes` is {num_classes}: check `label`, `split` and the "
            "order of the data"
        )


def _report(source, found, histogram, num_classes):
    part = ""
    if found.examined < source.size:
        part = f" (first {found.examined} examined)"
    logging.info("Data: %s, %d images%s.", source.name, source.size, part)
    logging.info(
        "Resolution: shorter sides from %d to %d pixels.",
        min(found.sides), max(found.sides),
    )  # fmt: skip
    for note in source.notes:
        logging.info("%s", note)
    if found.notes["transparent"]:
        logging.info(
            "%d images may be transparent in part, and show `background` "
            "there.",
            found.notes["transparent"],
        )
    if found.notes["profile"]:
        logging.warning(
            "%d images have a colour profile that cannot be used; their "
            "colours are taken as sRGB.",
            found.notes["profile"],
        )
    _report_classes(source, histogram, num_classes)


def _report_classes(source, histogram, num_classes):
    if num_classes is None:
        logging.info("Classes: none, or not used.")
        return
    counts = [histogram.get(label, 0) for label in range(num_classes)]
    if 0 in counts and source.size == sum(counts):
        logging.warning(
            "%d classes have no images, such as number %d.",
            counts.count(0),
            counts.index(0),
        )
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
