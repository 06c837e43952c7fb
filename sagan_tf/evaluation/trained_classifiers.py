"""A classifier trained on the real images, an extractor for any classes."""

import shutil

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from sagan_tf.data import is_spaced
from sagan_tf.evaluation import classifiers
from sagan_tf.evaluation.extractors import Extractor
from sagan_tf.evaluation.sets.image_set import keys_of
from sagan_tf.images import to_float
from sagan_tf.utils import files

# A change that gives other weights gets another number.
_VERSION = 1
_UPDATES = 4_000
_MOST_EPOCHS = 30
_BATCH = 128
_HELD_OUT = 10  # one image in so many
_MOST_IMAGES = 100_000
_LARGEST = 64  # pixels


def trained_on(images, image_size=None):
    """Trains a classifier on labelled images, or loads it from the cache.

    It is a small convolutional network of images of at most 64x64 pixels. One
    in ten images is held out, for its accuracy. Its features are the 128
    activations before the logits. It is stored in the user's cache by its
    data and size.

    Args:
        images: `ImageSet` with labels.
        image_size: Integer, pixels of the images to come. None: the set's.

    Returns:
        An `Extractor`.

    Raises:
        ValueError: If the images have no labels or only one class, or if
            there are fewer than 100.
    """
    size = min(image_size or images.size or _LARGEST, _LARGEST)
    key = [_VERSION, images.fingerprint, images.class_names, size]
    folder = files.cached_path("classifier", key)
    model = (
        classifiers.load(folder / "model.keras") if images.fingerprint else None
    )
    if model is None:
        model, accuracy = _train_on(images, size)
        if images.fingerprint:
            shutil.rmtree(folder, ignore_errors=True)
            with files.creating(folder) as temporary:
                temporary.mkdir()
                model.save(temporary / "model.keras")
                files.write_text(temporary / "accuracy.json", str(accuracy))
    else:
        accuracy = files.read_json(folder / "accuracy.json")
    heads = classifiers.heads_of(model)

    @tf.function(reduce_retracing=True)
    def run(batch):
        if batch.shape[1] != size:
            batch = tf.image.resize(batch, (size, size), antialias=True)
        return heads(batch, training=False)

    return Extractor(
        f"classifier trained on {images.name}",
        "classifier",
        run,
        classifiers.hash_of(model),
        ("features", "logits"),
        predicts_labels=True,
        accuracy=accuracy,
    )


def _train_on(images, size):
    """Returns a classifier, and its accuracy on held-out images."""
    pictures, labels = _labelled(images, size)
    classes = max(len(images.class_names), int(labels.max()) + 1)
    order = np.random.default_rng(0).permutation(len(labels))
    held_out, used = order[::_HELD_OUT], np.delete(
        order, np.s_[::_HELD_OUT]
    )  # fmt: skip
    epochs = min(_MOST_EPOCHS, -(-_UPDATES * _BATCH // len(used)))
    logging.info(
        "Training the classifier on %d images of %s, %d classes, %d epochs.",
        len(used), images.name, classes, epochs,
    )  # fmt: skip
    model = _network(size, classes)
    decay = keras.optimizers.schedules.CosineDecay(
        1e-3, epochs * -(-len(used) // _BATCH)
    )
    model.compile(
        keras.optimizers.Adam(decay),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    dataset = _shifted(pictures[used], labels[used])
    model.fit(dataset, epochs=epochs, shuffle=False, verbose=0)
    predicted = [
        model(to_float(pictures[held_out[first : first + 500]])).numpy()
        for first in range(0, len(held_out), 500)
    ]
    correct = np.concatenate(predicted).argmax(1) == labels[held_out]
    logging.info("Its accuracy on held-out images is %.3f.", correct.mean())
    return model, float(correct.mean())


def _labelled(images, size):
    """Returns images and labels, at most `_MOST_IMAGES` evenly spaced ones."""
    if images.count is None:
        raise ValueError(
            "`extractor` 'classifier' reads the real images twice, so they "
            f"must not be an iterable. Received: {images.name}"
        )
    most = min(images.count, _MOST_IMAGES)
    batches, done = [], 0
    for pictures, labels in images.batches(size, 500):
        if labels is None:
            raise ValueError(
                "`extractor` 'classifier' needs real images with labels. "
                f"Received: {images.name}, without"
            )
        places = done + np.arange(len(labels))
        chosen = is_spaced(places, most, images.count)
        batches.append((pictures[chosen], labels[chosen]))
        done += len(labels)
    pictures, labels = map(np.concatenate, zip(*batches, strict=True))
    classes = len(np.unique(labels))
    if classes < 2 or len(labels) < 10 * _HELD_OUT or labels.min() < 0:
        raise ValueError(
            "`extractor` 'classifier' needs at least 100 real images of at "
            f"least 2 classes, with labels of at least 0. Received: "
            f"{images.name}, with {len(labels)} of {classes}"
        )
    # The weights must not depend on the order in which images are stored.
    order = np.lexsort((labels, keys_of(pictures)))
    return pictures[order], labels[order].astype(np.int32)


def _network(size, classes):
    layers = [keras.Input((size, size, 3))]
    channels, seed = 32, 1
    while size > 8:
        # Explicit seeds, because the global seed may be that of a training
        # run.
        layers += [
            keras.layers.Conv2D(
                channels,
                5,
                2,
                "same",
                use_bias=False,
                kernel_initializer=keras.initializers.GlorotUniform(seed),
            ),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(),
        ]
        size, channels, seed = -(-size // 2), channels * 2, seed + 1
    layers += [
        keras.layers.Flatten(),
        keras.layers.Dense(
            128,
            "relu",
            name="features",
            kernel_initializer=keras.initializers.GlorotUniform(seed),
        ),
        keras.layers.Dense(
            classes,
            name="logits",
            kernel_initializer=keras.initializers.GlorotUniform(seed + 1),
        ),
    ]
    return keras.Sequential(layers)


def _shifted(pictures, labels):
    """Returns a `tf.data.Dataset` of an epoch, each time in another order.

    Each batch is shifted by up to two pixels.
    """
    count = len(labels)
    random = np.random.default_rng(0)

    def batches():
        order = random.permutation(count)
        for first in range(0, count, _BATCH):
            chosen = order[first : first + _BATCH]
            shift = random.integers(-2, 2, 2, endpoint=True)
            shifted = np.roll(pictures[chosen], shift, axis=(1, 2))
            yield shifted, labels[chosen]

    dataset = tf.data.Dataset.from_generator(
        batches,
        output_signature=(
            tf.TensorSpec((None, *pictures.shape[1:]), tf.uint8),
            tf.TensorSpec((None,), tf.int32),
        ),
    )
    # Keras warns if it does not know the number of batches.
    dataset = dataset.apply(
        tf.data.experimental.assert_cardinality(-(-count // _BATCH))
    )
    dataset = dataset.map(lambda each, label: (to_float(each), label))
    return dataset.prefetch(2)
