"""Networks that turn images into features and logits to compare by."""

import dataclasses
import hashlib
import os
import pathlib
import tempfile
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from absl import logging

from sagan_tf.data import open_source, ordered_dataset
from sagan_tf.images import to_float

# TF-GAN's module; its default in `tensorflow_gan.eval.inception_metrics`.
INCEPTION_URL = "https://tfhub.dev/tensorflow/tfgan/eval/inception/1"
_INCEPTION_SIZE = 299
_INCEPTION_OUTPUTS = ("logits", "pool_3")

_CLASSIFIER_FILE = "digits_classifier_v1.keras"
_EPOCHS = 30
_BATCH_SIZE = 64
_SHIFT = 3


@dataclasses.dataclass(frozen=True)
class Extractor:
    """A feature extractor.

    Attributes:
        name: What to call it in results.
        metric_prefix: Part of the metrics' names: "inception", "classifier"
            or "custom".
        run: Compiled function from float32 images in [-1, 1]
            (batch, height, width, 3) to float32 (features, logits).
        sha256: Of its weights.
        outputs: Names of the features and the logits among its outputs.
        predicts_labels: Whether the arg max of the logits is a label of the
            training data.
        accuracy: Accuracy on held-out real images, where it was measured.
    """

    name: str
    metric_prefix: str
    run: Callable
    sha256: str
    outputs: tuple
    predicts_labels: bool = False
    accuracy: float | None = None


def inception(path=None):
    """Loads TF-GAN's Inception module, once.

    Images are resized to 299x299, bilinearly, by TensorFlow 1's grid, as in
    TF-GAN's examples and in the graph that the distance was defined with, in
    [-1, 1].

    Args:
        path: Local SavedModel of the module, or the https:// address of one
            on TF Hub; None: TF-GAN's own address.

    Returns:
        An `Extractor`: features "pool_3" of 2048, "logits" of 1008.

    Raises:
        ValueError: If the module cannot be downloaded, or what is at `path`
            is not such a module.
    """
    url = INCEPTION_URL if path is None else str(path)
    is_url = url.startswith("https://")
    directory = _download(url) if is_url else path
    wrong = (
        f"`inception` must be a SavedModel of {INCEPTION_URL}, from 299x299 "
        f"images to {_INCEPTION_OUTPUTS}. Received: {directory}, "
    )
    try:
        module = tf.saved_model.load(str(directory))
        size = _INCEPTION_SIZE
        outputs = module(tf.zeros((1, size, size, 3)))
    except (OSError, ValueError, TypeError, tf.errors.OpError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"{wrong}which is not ({reason})") from None
    if not isinstance(outputs, dict) or not outputs.keys() >= set(
        _INCEPTION_OUTPUTS
    ):
        found = sorted(outputs) if isinstance(outputs, dict) else "no names"
        raise ValueError(f"{wrong}whose outputs are {found}")

    @tf.function(reduce_retracing=True)
    def run(images):
        outputs = module(tf.compat.v1.image.resize(images, (size, size)))
        return tuple(_flat(outputs[name]) for name in ("pool_3", "logits"))

    return Extractor(
        f"inception ({directory})",
        "inception",
        run,
        _sha256(directory),
        ("pool_3", "logits"),
    )


def custom(path, outputs=("features", "logits")):
    """Loads a network of yours: a SavedModel or a `.keras` file.

    Images come to it in [-1, 1], resized bilinearly to the size of its input,
    if it has one.

    Args:
        path: Directory of a SavedModel with a signature `serving_default`, or
            a file of a functional model.
        outputs: Names of the features and the logits among its outputs; of a
            Keras model also names of layers.

    Returns:
        An `Extractor`.

    Raises:
        ValueError: If there is no such network, or it lacks an output; then
            the error lists those it has.
    """
    path = os.fspath(path)
    try:
        if path.endswith(".keras"):
            function, size, found = _keras_outputs(path, outputs)
        else:
            function, size, found = _signature(path)
    except Exception as error:
        # Which exception a broken file raises depends on where it breaks.
        # Code in a file is one of them: Keras' `safe_mode` is left on.
        reason = (str(error).strip("'\n").splitlines() or [repr(error)])[0]
        raise ValueError(
            "`extractor` must be a SavedModel with a signature "
            "'serving_default', or a .keras file of a functional model. "
            f"Received: {path} ({reason})"
        ) from None
    missing = [name for name in outputs if name not in found]
    if missing:
        raise ValueError(
            f"`extractor` {path} must have the outputs {list(outputs)}. "
            f"It has: {found}"
        )

    @tf.function(reduce_retracing=True)
    def run(images):
        if None not in size:
            images = tf.image.resize(images, size)
        values = function(images)
        return tuple(_flat(values[name], name) for name in outputs)

    return Extractor(
        f"custom ({path})", "custom", run, _sha256(path), tuple(outputs)
    )


def _keras_outputs(path, outputs):
    model = keras.models.load_model(path)
    tensors = dict(zip(model.output_names, model.outputs, strict=True))
    tensors.update(
        {
            layer.name: layer.output
            for layer in model.layers
            if not isinstance(layer, keras.layers.InputLayer)
        }
    )
    chosen = {name: tensors[name] for name in outputs if name in tensors}
    heads = keras.Model(model.inputs, chosen or model.outputs)
    return (
        lambda images: heads(images, training=False),
        model.inputs[0].shape[1:3],
        sorted(tensors),
    )


def _signature(path):
    module = tf.saved_model.load(path)
    function = module.signatures["serving_default"]
    (argument, specification), *_ = function.structured_input_signature[
        1
    ].items()

    def call(images):
        # The signature alone does not keep its module alive.
        _ = module
        return function(**{argument: images})

    return call, specification.shape[1:3], sorted(function.structured_outputs)


def _flat(output, name=""):
    if any(size not in (1, None) for size in output.shape[1:-1]):
        raise ValueError(
            f"Output `{name}` of an extractor must be of shape (batch, "
            f"features). Received: {output.shape}"
        )
    return tf.cast(tf.reshape(output, (tf.shape(output)[0], -1)), tf.float32)


def _sha256(path):
    """Of a file, or of a directory's files in order."""
    path = pathlib.Path(path)
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    files = [file for file in files if file.is_file()]
    if not files:
        raise ValueError(f"{path} is not a local file or directory")
    digest = hashlib.sha256()
    for file in files:
        digest.update(f"{file.relative_to(path)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def digits_classifier():
    """Loads the classifier of digits, or trains it, once, on the real ones.

    A small convolutional network, trained on the training split only and
    kept in the user's cache directory (`XDG_CACHE_HOME`, ~/.cache). Its
    features are the 64 activations before the logits.

    Returns:
        An `Extractor` for 32x32 images; its accuracy is on the test split.
    """
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    path = pathlib.Path(cache).expanduser() / "sagan_tf" / _CLASSIFIER_FILE
    try:
        model = keras.models.load_model(path)
    except (OSError, ValueError):
        # There is none yet, or it is corrupt.
        logging.info("Training the classifier of digits, kept in %s.", path)
        model = _train_classifier()
        _save(model, path)
    images, labels = _arrays("test")
    heads = keras.Model(
        model.inputs, [model.get_layer("features").output, *model.outputs]
    )

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
        # Not of the file, which has the time of its writing in it.
        hashlib.sha256(
            b"".join(weight.tobytes() for weight in model.get_weights())
        ).hexdigest(),
        ("features", "logits"),
        predicts_labels=True,
        accuracy=float(accuracy),
    )


def _train_classifier():
    # Seeds of its own: the global seed belongs to whoever is training.
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
    """All epochs in a row: shuffled, each image shifted at random."""
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
    source = open_source("digits", split=split)
    images, labels, _ = next(iter(ordered_dataset(source, 32, source.size)))
    return images, labels


def _save(model, path):
    """Saves a model whole or not at all, also beside other processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        model.save(os.path.join(folder, path.name))
        os.replace(os.path.join(folder, path.name), path)


def _download(url):
    # Keras cuts a name at its first dot.
    name = url.removeprefix("https://").replace("/", "_").replace(".", "_")
    try:
        return keras.utils.get_file(
            name, origin=f"{url}?tf-hub-format=compressed", extract=True
        )
    except Exception as error:
        # `get_file` raises bare `Exception`s for what the network does.
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"{url} cannot be downloaded ({reason}): pass "
            "--inception=PATH, a local SavedModel of it, or use a network"
        ) from None
