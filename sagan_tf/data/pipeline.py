"""From a source to batches of images in [-1, 1]."""

import dataclasses

import tensorflow as tf

from sagan_tf.images import to_float

# As many calls as there are cores, at most 16; see `_untuned`.
AUTOTUNE = tf.data.AUTOTUNE
_PREFETCHED = 2


def square(image, image_size, method="bilinear"):
    """Crops the centre square and resizes it, antialiased.

    Args:
        image: uint8 (height, width, 3) tensor.
        image_size: Integer, pixels.
        method: As in `tf.image.resize`.

    Returns:
        uint8 (image_size, image_size, 3) tensor.
    """
    shape = tf.shape(image)
    side = tf.minimum(shape[0], shape[1])
    top, left = (shape[0] - side) // 2, (shape[1] - side) // 2
    image = image[top : top + side, left : left + side]
    image = tf.image.resize(
        image, (image_size, image_size), method, antialias=True
    )
    image = tf.saturate_cast(tf.round(image), tf.uint8)
    return tf.ensure_shape(image, (image_size, image_size, 3))


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

    What comes at a position depends on `seed` and the position alone:
    starting at `start` gives what an uninterrupted run gets from there. Each
    epoch is shuffled anew, and only the rest of one epoch is skipped.

    Args:
        source: `Source`.
        image_size: Integer, pixels.
        batch_size: Integer, images per batch, over all replicas; a multiple
            of them.
        labelled: Boolean, whether batches are pairs with labels.
        horizontal_flip: Boolean, whether images are mirrored at random.
        seed: Integer.
        start: Integer, number of images that came before, of whole batches.
        worker: Integer, which of the `workers` this is. Each has its part of
            every batch: no image is decoded twice.
        workers: Integer, how many machines share the images.
        replicas: Integer, how many devices they have in all.

    Returns:
        A `tf.data.Dataset` of batches of one replica, in turn of each of this
        worker: images, float32 in [-1, 1] (batch_size / replicas, image_size,
        image_size, 3), and int32 labels (batch_size / replicas,), or images
        alone.
    """

    def epoch(number):
        # Sets the seed of this function's graph alone, so that the global
        # seed plays no part.
        tf.random.set_seed(1)
        return source.records.shuffle(
            source.shuffle_buffer,
            seed=tf.constant(seed, tf.int64) + number,
            reshuffle_each_iteration=False,
        )

    def prepare(position, record):
        image, label = _decode(source, record)
        image = square(image, image_size)
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


def ordered_dataset(source, image_size, batch_size=None, method="bilinear"):
    """Makes a data set of all images once, in the source's order.

    Args:
        source: `Source`.
        image_size: Integer, pixels.
        batch_size: Integer, or None for single images.
        method: Of resizing, as in `tf.image.resize`.

    Returns:
        A `tf.data.Dataset` of uint8 images
        ([batch,] image_size, image_size, 3), int32 labels ([batch]), and
        int32 shorter sides of the images before resizing ([batch]).
    """

    def prepare(_, record):
        image, label = _decode(source, record)
        shorter_side = tf.reduce_min(tf.shape(image)[:2])
        return square(image, image_size, method), label, shorter_side

    dataset = source.records.enumerate().map(prepare, AUTOTUNE)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    return _untuned(dataset.prefetch(_PREFETCHED))


def evenly_spaced(source, count):
    """Returns a `Source` of `count` images, evenly spaced over `source`.

    Where a source has its classes one after the other, the first images
    would be of the first classes only.
    """
    if count >= source.size:
        return source

    def chosen(position, _):
        return position * count % source.size < count

    return dataclasses.replace(
        source,
        records=source.records.enumerate().filter(chosen).map(
            lambda _, record: record
        ),
        size=count,
        files=(),
    )  # fmt: skip


def _untuned(dataset):
    # TensorFlow's tuning looks at the pipeline at intervals that grow to a
    # minute. Deleting an iterator, as Python does when it exits, may have to
    # wait for the rest of one: the thread misses the call to stop where it
    # wakes before the flag is set.
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def _decode(source, record):
    # As in `tf.data`'s map, a tuple is several arguments.
    arguments = record if isinstance(record, tuple) else (record,)
    return source.decode(*arguments)
