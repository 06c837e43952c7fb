"""A source of training images."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Source:
    """Images and labels, in a fixed order.

    Attributes:
        name: Name of the source in messages.
        records: `tf.data.Dataset` of records, which are cheap to shuffle and
            to skip.
        prepare: Function of the parts of a record, `image_size` and `method`
            (see `resizing.square`). It returns uint8 (image_size, image_size,
            3); the label, int32 (); and the shorter side of the image before
            it was resized, int32 ().
        size: Number of images.
        class_names: Names of the classes; empty if there are no labels.
        files: Path of each image, in order; empty if images are not files.
        unusable: Pairs (path, reason) of files that are not among the images
            because they cannot be read.
        notes: Sentences on what was left out or guessed, for the log.
        label_problem: String, why there are no labels although the data have
            some; empty if there is no problem.
        shuffle_buffer: Number of records in the shuffle buffer.
        fingerprint: String that changes if the images change, or their paths
            or times; the key of local caches.
        identity: Like `fingerprint`, but equal on every machine that has the
            same images.
    """

    name: str
    records: tf.data.Dataset
    prepare: Callable
    size: int
    class_names: tuple = ()
    files: tuple = ()
    unusable: tuple = ()
    notes: tuple = ()
    label_problem: str = ""
    shuffle_buffer: int = 10_000
    fingerprint: str = ""
    identity: str = ""
