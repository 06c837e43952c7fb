"""A source: images and labels, in a fixed order."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf


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
