"""From a source to batches of images in [-1, 1]."""

import dataclasses

import tensorflow as tf

from sagan_tf.data.resizing import METHOD
from sagan_tf.images import to_float

# As many parallel calls as there are cores, at most 16; see `_untuned`.
AUTOTUNE = tf.data.AUTOTUNE
_PREFETCHED = 2


def training_dataset(
    source,
    image_size,
    batch_size,
    labelled=True,
    horizontal_flip=False,
    seed=0,
    start=0,
    worker=0,
    workers=1,
    replicas=1,
):
    """Makes an endless, shuffled data set of training batches.

    The image at a position depends only on `seed` and the position. So a data
    set that starts at `start` continues exactly what an uninterrupted run
    would have read. Each epoch has its own order, and a start within an epoch
    skips only images of that epoch.

    Args:
        source: `Source`.
        image_size: Integer, pixels.
        batch_size: Integer, images per batch over all replicas; a multiple of
            their number.
        labelled: Boolean, whether batches are pairs of images and labels.
        horizontal_flip: Boolean, whether images are mirrored at random.
        seed: Integer.
        start: Integer, number of images that were read before; a multiple of
            `batch_size`.
        worker: Integer in [0, workers), the index of this machine. Each
            machine decodes only its part of every batch.
        workers: Integer, number of machines.
        replicas: Integer, number of devices of all machines.

    Returns:
        A `tf.data.Dataset` of batches for one replica; the replicas of this
        machine take turns. A batch is images, float32 in [-1, 1] (batch_size
        / replicas, image_size, image_size, 3), and int32 labels (batch_size /
        replicas,), or the images alone.
    """

    def epoch(number):
        # This sets the seed of this function's graph, so that the global seed
        # has no effect.
        tf.random.set_seed(1)
        return source.records.shuffle(
            source.shuffle_buffer,
            seed=tf.constant(seed, tf.int64) + number,
            reshuffle_each_iteration=False,
        )

    def prepare(position, record):
        image, label, _ = _prepare(source, record, image_size, METHOD)
        if horizontal_flip:
            image = tf.image.stateless_random_flip_left_right(
                image, tf.stack([tf.constant(seed, tf.int64), position])
            )
        return (to_float(image), label) if labelled else to_float(image)

    first_epoch, skipped = divmod(start, source.size)
    dataset = tf.data.Dataset.range(first_epoch, tf.int64.max)
    dataset = dataset.flat_map(epoch).skip(skipped)
    dataset = tf.data.Dataset.zip(tf.data.Dataset.counter(start), dataset)
    if workers > 1:
        dataset = dataset.filter(
            lambda position, _: (
                position % batch_size // (batch_size // workers) == worker
            )
        )
    dataset = dataset.map(prepare, AUTOTUNE)
    dataset = dataset.batch(batch_size // replicas, drop_remainder=True)
    return _untuned(dataset.prefetch(_PREFETCHED))


def ordered_dataset(source, image_size, batch_size=None, method=METHOD):
    """Makes a data set of all images once, in the order of the source.

    Args:
        source: `Source`.
        image_size: Integer, pixels.
        batch_size: Integer, or None for single images.
        method: As in `resizing.square`.

    Returns:
        A `tf.data.Dataset` of uint8 images
        ([batch,] image_size, image_size, 3), int32 labels ([batch]), and
        int32 shorter sides of the images before resizing ([batch]).
    """

    def prepare(_, record):
        return _prepare(source, record, image_size, method)

    dataset = source.records.enumerate().map(prepare, AUTOTUNE)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    return _untuned(dataset.prefetch(_PREFETCHED))


def is_spaced(position, count, size):
    """Returns whether a position is one of `count` evenly spaced ones.

    Args:
        position: Integer in [0, size), or a tensor or array of them.
        count: Integer, number of chosen positions.
        size: Integer, number of positions.
    """
    return position * count % size < count


def spaced_source(source, count):
    """Returns a `Source` of `count` images, evenly spaced over `source`.

    If a source is sorted by class, its first images are of a few classes.
    """
    if count >= source.size:
        return source
    chosen = source.records.enumerate().filter(
        lambda position, _: is_spaced(position, count, source.size)
    )
    return dataclasses.replace(
        source,
        records=chosen.map(lambda _, record: record),
        size=count,
        files=(),
    )


def _untuned(dataset):
    """Turns off tf.data's autotuner.

    The autotuner sleeps up to a minute between checks. If it misses the stop
    signal, deleting the iterator, and so exiting Python, waits for it.
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def _prepare(source, record, image_size, method):
    # As in `tf.data`'s map, a tuple is several arguments.
    parts = record if isinstance(record, tuple) else (record,)
    return source.prepare(*parts, image_size=image_size, method=method)
