"""Feature extractors: networks from images to features and logits."""

import dataclasses
import os
from collections.abc import Callable

import keras
import tensorflow as tf

from sagan_tf.utils import files

# The default of `tensorflow_gan.eval.inception_metrics`.
INCEPTION_URL = "https://tfhub.dev/tensorflow/tfgan/eval/inception/1"
_INCEPTION_SIZE = 299
_INCEPTION_OUTPUTS = ("logits", "pool_3")


@dataclasses.dataclass(frozen=True)
class Extractor:
    """A feature extractor.

    Attributes:
        name: Name of the extractor in results.
        metric_prefix: Part of the metrics' names: "inception", "classifier"
            or "custom".
        run: Compiled function from float32 images in [-1, 1]
            (batch, height, width, 3) to float32 (features, logits).
        sha256: SHA-256 of its files or its weights, in hexadecimal.
        outputs: Names of the outputs that are features and logits.
        predicts_labels: Whether the argmax of the logits is a label of the
            training data.
        accuracy: Accuracy on held-out real images, or None if unknown.
    """

    name: str
    metric_prefix: str
    run: Callable
    sha256: str
    outputs: tuple
    predicts_labels: bool = False
    accuracy: float | None = None


def inception(path=None):
    """Loads TF-GAN's Inception module.

    Images are resized to 299x299 bilinearly, on the pixel grid of TensorFlow
    1, as in TF-GAN's examples and in the graph that defined the distance.

    Args:
        path: Local SavedModel of the module, or its https:// address on TF
            Hub. None: TF-GAN's address.

    Returns:
        An `Extractor` with 2048 features, "pool_3", and 1008 "logits".

    Raises:
        ValueError: If the module cannot be downloaded, or if `path` is not
            such a module.
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
        files.sha256_of_tree(directory),
        ("pool_3", "logits"),
    )


def custom(path, outputs=("features", "logits")):
    """Loads your own network: a SavedModel or a `.keras` file.

    The network's inputs are images in [-1, 1]. If the size of its input is
    fixed, the images are resized to it bilinearly.

    Args:
        path: Directory of a SavedModel with a signature `serving_default`, or
            a `.keras` file of a functional model.
        outputs: Names of the outputs that are features and logits. For a
            Keras model they may be names of layers.

    Returns:
        An `Extractor`.

    Raises:
        ValueError: If there is no such network, or if it lacks an output; the
            message then lists its outputs.
    """
    path = os.fspath(path)
    try:
        if path.endswith(".keras"):
            function, size, found = _keras_outputs(path, outputs)
        else:
            function, size, found = _signature(path)
    except Exception as error:
        # Broken files raise many types of exceptions. So does code in a
        # `.keras` file, because Keras' `safe_mode` stays on.
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
        f"custom ({path})",
        "custom",
        run,
        files.sha256_of_tree(path),
        tuple(outputs),
    )


def _keras_outputs(path, outputs):
    """Returns a model's function, its input size, and its outputs' names."""
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
    """Returns what `_keras_outputs` returns, for a SavedModel."""
    module = tf.saved_model.load(path)
    function = module.signatures["serving_default"]
    (argument, specification), *_ = function.structured_input_signature[
        1
    ].items()

    def call(images):
        # A signature does not keep its module alive; this reference does.
        _ = module
        return function(**{argument: images})

    return call, specification.shape[1:3], sorted(function.structured_outputs)


def _flat(output, name=""):
    """Reshapes an output to float32 (batch, features)."""
    if any(size not in (1, None) for size in output.shape[1:-1]):
        raise ValueError(
            f"Output `{name}` of an extractor must be of shape (batch, "
            f"features). Received: {output.shape}"
        )
    return tf.cast(tf.reshape(output, (tf.shape(output)[0], -1)), tf.float32)


def _download(url):
    # Keras cuts a name at its first dot.
    name = url.removeprefix("https://").replace("/", "_").replace(".", "_")
    try:
        return keras.utils.get_file(
            name, origin=f"{url}?tf-hub-format=compressed", extract=True
        )
    except Exception as error:
        # `get_file` raises a bare `Exception` for errors of the network.
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"{url} cannot be downloaded ({reason}): use a machine with a "
            "network, or pass a local SavedModel of it as --inception=PATH"
        ) from None
