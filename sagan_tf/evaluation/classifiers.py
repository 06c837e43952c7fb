"""The classifier of digits, an extractor that needs no download."""

import hashlib

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from sagan_tf.data import open_source, ordered_dataset
from sagan_tf.evaluation.extractors import Extractor
from sagan_tf.images import to_float
from sagan_tf.utils import files

_FILE = "digits_classifier_v1.keras"
_EPOCHS = 30
_BATCH_SIZE = 64
_SHIFT = 3


def digits_classifier():
    """Loads the classifier of digits from the user's cache, or trains it.

    It is a small convolutional network, trained on the training split. Its
    features are the 64 activations before the logits.

    Returns:
        An `Extractor` for 32x32 images. Its accuracy is that on the test
        split.
    """
    path = files.cache_directory() / _FILE
    model = load(path)
    if model is None:
        logging.info("Training the classifier of digits: %s.", path)
        model = _train()
        with files.creating(path) as temporary:
            model.save(temporary)
    images, labels = _arrays("test")
    heads = heads_of(model)

    @tf.function(reduce_retracing=True)
    def run(images):
        return heads(images, training=False)

    _, logits = run(to_float(images))
    accuracy = tf.reduce_mean(
        tf.cast(tf.argmax(logits, -1, tf.int32) == labels, tf.float32)
    )
    return Extractor(
        f"digits classifier ({path.name})",
        "classifier",
        run,
        hash_of(model),
        ("features", "logits"),
        predicts_labels=True,
        accuracy=float(accuracy),
    )


def heads_of(model):
    """Returns the model of features and logits."""
    return keras.Model(
        model.inputs, [model.get_layer("features").output, *model.outputs]
    )


def hash_of(model):
    """Returns a hash of the weights.

    That of the file would not do: it contains the time of its writing.
    """
    digest = hashlib.sha256()
    for weight in model.get_weights():
        digest.update(weight.tobytes())
    return digest.hexdigest()


def load(path):
    """Returns the model in a file, or None if there is none to be read."""
    if not path.exists():
        return None
    try:
        return keras.models.load_model(path)
    # Keras raises errors of many types for a file that is damaged, or that a
    # newer Keras wrote.
    except Exception as error:
        logging.warning(
            "%s cannot be read (%s): it is replaced.",
            path,
            type(error).__name__,
        )
        return None


def _train():
    # Explicit seeds, because the global seed may be that of a training run.
    def seeded(layer, seed):
        layer.kernel_initializer = keras.initializers.GlorotUniform(seed)
        return layer

    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            seeded(keras.layers.Conv2D(32, 5, 2, activation="relu"), 1),
            seeded(keras.layers.Conv2D(64, 5, 2, activation="relu"), 2),
            keras.layers.Flatten(),
            seeded(
                keras.layers.Dense(64, activation="relu", name="features"), 3
            ),
            seeded(keras.layers.Dense(10, name="logits"), 4),
        ]
    )
    images, labels = _shifted_epochs()
    decay = keras.optimizers.schedules.CosineDecay(
        1e-3, len(labels) // _BATCH_SIZE
    )
    model.compile(
        keras.optimizers.Adam(decay),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    model.fit(images, labels, batch_size=_BATCH_SIZE, shuffle=False, verbose=0)
    return model


def _shifted_epochs():
    """Returns the images, shuffled and shifted, and labels of all epochs."""
    images, labels = _arrays("train")
    images, labels = to_float(images).numpy(), labels.numpy()
    random = np.random.default_rng(0)
    epochs = []
    for _ in range(_EPOCHS):
        shifts = random.integers(
            -_SHIFT, _SHIFT, (len(labels), 2), "int8", True
        )
        shifted = [
            np.roll(image, shift, axis=(0, 1))
            for image, shift in zip(images, shifts, strict=True)
        ]
        order = random.permutation(len(labels))
        epochs.append((np.stack(shifted)[order], labels[order]))
    return [np.concatenate(arrays) for arrays in zip(*epochs, strict=True)]


def _arrays(split):
    """Returns the images and labels of a split."""
    source = open_source("digits", split=split)
    images, labels, _ = next(iter(ordered_dataset(source, 32, source.size)))
    return images, labels
