"""A source of training images."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Source:
    """Images and labels, in a fixed order.

    Attributes:
        name: Name of the source in messages.
        records: `tf.data.Dataset` of records, the arguments of `decode`. They
            are cheap to shuffle and to skip.
        decode: Function from a record to (image, label): uint8
            (height, width, 3) of any size, and int32 ().
        size: Number of images.
        class_names: Names of the classes; empty if there are no labels.
        files: Path of each image, in order; empty if images are not files.
        shuffle_buffer: Number of records in the shuffle buffer.
        fingerprint: String that changes if the images change, or their paths
            or times; the key of local caches.
        identity: Like `fingerprint`, but equal on every machine that has the
            same images.
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
