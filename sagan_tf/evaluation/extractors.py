"""Feature extractors: networks from images to features and logits."""

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from sagan_tf.utils import files

# Of the images that try a network out, if nothing says which it takes.
_ANY_SIZE = 32


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
        input_range: Values of black and white in the network's input; `run`
            converts to them.
    """

    name: str
    metric_prefix: str
    run: Callable
    sha256: str
    outputs: tuple
    predicts_labels: bool = False
    accuracy: float | None = None
    input_range: tuple = (-1.0, 1.0)


def custom(
    network,
    outputs=("features", "logits"),
    input_range=(-1.0, 1.0),
    image_size=None,
):
    """Makes an `Extractor` of your own network.

    Images are brought to `input_range` and, if the size of the network's input
    is fixed, resized to it bilinearly.

    Args:
        network: Keras model of any kind, `keras.layers.TFSMLayer`, or a path: a
            `.keras` file, or a SavedModel with a signature
            `serving_default`. From red, green and blue it computes two
            outputs (batch, n): a dictionary with the names in `outputs`, or
            features and logits in this order. In a functional or Sequential
            model they may be any two layers.
        outputs: Names of the outputs that are features and logits.
        input_range: Two numbers, the values that black and white have in the
            network's input, such as (0, 255).
        image_size: Integer, size in pixels of the images to come, or None.

    Returns:
        An `Extractor`.

    Raises:
        ValueError: If there is no such network, if it does not take such
            images, or if it lacks an output; the message then lists its
            outputs.
    """
    black, white = checked_range(input_range, "extractor_range")
    name, function, size, hash_of = _loaded(network, outputs)

    @tf.function(reduce_retracing=True)
    def run(images):
        if None not in size:
            images = tf.image.resize(images, size)
        values = function(black + (images + 1.0) * ((white - black) / 2.0))
        return tuple(flat(values[name], name) for name in outputs)

    side = image_size or _ANY_SIZE
    try:
        tried = [each or side for each in size]
        missing = _missing(name, function(tf.zeros((2, *tried, 3))), outputs)
        if not missing:
            run(tf.zeros((2, side, side, 3)))
    except Exception as error:
        # Networks raise many types of exceptions.
        reason = _reason(error)
        raise ValueError(
            f"`extractor` {name} must take float32 images (batch, height, "
            "width, 3) and return features and logits of the shapes (batch, n) "
            f"({type(error).__name__}: {reason})"
        ) from None
    if missing:
        raise ValueError(missing)
    return Extractor(
        f"custom ({name})",
        "custom",
        run,
        hash_of(),
        tuple(outputs),
        input_range=(black, white),
    )


def _reason(error):
    """Returns what an exception says, without what Keras adds around it."""
    text = str(error).split("Arguments received by")[0]
    lines = re.sub(r"\x1b\[\d*m", "", text).strip().splitlines()
    return lines[-1].strip() if lines else repr(error)


def checked_range(value_range, argument):
    """Returns the values of black and white as two floats.

    Raises:
        ValueError: If they are not two rising numbers. It names `argument`.
    """
    try:
        black, white = map(float, value_range)
        if black < white:
            return black, white
    except (TypeError, ValueError):
        pass
    raise ValueError(
        f"`{argument}` must be two numbers, the values of black and of "
        f"white, such as -1,1 or 0,255. Received: {value_range!r}"
    )


def _missing(network_name, values, outputs):
    """Returns the error for outputs that a network does not have, or ""."""
    absent = [name for name in outputs if name not in values]
    if not absent:
        return ""
    return (
        f"`extractor` {network_name} must have the outputs {list(outputs)}. "
        f"It has: {sorted(values)}. `extractor_outputs` says which of them are "
        "features and logits; to have both, save "
        "keras.Model(model.inputs, {'features': ..., 'logits': ...})"
    )


def _loaded(network, outputs):
    """Returns the name, two functions, and the size of the input of a network.

    The first function is from images to a dictionary of outputs, the second
    returns the hash of the network. It may be called after the first, because
    some networks have no weights before.
    """
    if isinstance(network, keras.Layer):
        return (
            network.name,
            *_keras_network(network, outputs),
            lambda: _sha256(network),
        )
    path = os.fspath(network)
    try:
        if path.endswith(".keras"):
            network = keras.models.load_model(path)
            return (
                path,
                *_keras_network(network, outputs),
                lambda: _sha256(network),
            )
        return path, *_signature(path), lambda: files.sha256_of_tree(path)
    except Exception as error:
        # Broken files raise many types of exceptions. So does code in a
        # `.keras` file, because Keras' `safe_mode` stays on.
        reason = (str(error).strip("'\n").splitlines() or [repr(error)])[0]
        raise ValueError(
            "`extractor` must be a .keras file, or a SavedModel with a "
            f"signature 'serving_default'. Received: {path} ({reason})"
        ) from None


def _keras_network(network, outputs):
    """Returns the function and the size of the input of a Keras layer."""
    if not _is_a_graph(network):
        return (
            lambda images: _by_name(_called(network, images), outputs),
            (None, None),
        )
    tensors = {
        layer.name: layer.output
        for layer in network.layers
        # The output of a model within a model belongs to its own graph.
        if not isinstance(layer, (keras.layers.InputLayer, keras.Model))
        and not isinstance(layer.output, (dict, list, tuple))
    }
    # A Sequential model has no `output`.
    last = getattr(network, "output", None)
    if isinstance(last, dict):
        tensors.update(last)
    elif not tensors.keys() >= set(outputs) and (
        len(network.outputs) == len(outputs)
    ):
        tensors.update(zip(outputs, network.outputs, strict=True))
    chosen = {name: tensors[name] for name in outputs if name in tensors}
    if len(chosen) < len(set(outputs)):
        # For the message that lists them.
        return lambda images: tensors, (None, None)
    heads = keras.Model(network.inputs, chosen)
    return (
        lambda images: heads(images, training=False),
        network.inputs[0].shape[1:3],
    )


def _called(network, images):
    try:
        return network(images)
    except TypeError:
        # An exported model takes a list if it was made from a list.
        if not isinstance(network, keras.layers.TFSMLayer):
            raise
        return network([images])


def _is_a_graph(network):
    """Returns whether the layers of a network have outputs."""
    if not isinstance(network, keras.Model):
        return False
    try:
        return bool(network.inputs)
    except (AttributeError, ValueError):
        # A Sequential model that was never called.
        return False


def _by_name(values, names):
    """Returns outputs in a dictionary: their own, or by their place."""
    if isinstance(values, dict):
        return values
    single = not isinstance(values, (list, tuple))
    values = [values] if single else list(values)
    if len(values) == len(names):
        return dict(zip(names, values, strict=True))
    return {f"output_{index}": value for index, value in enumerate(values)}


def _sha256(network):
    """Returns a hash of a network's structure and weights.

    A file would not do: it has the time when it was written.
    """
    digest = hashlib.sha256()
    try:
        config = network.get_config()
    except NotImplementedError:
        config = type(network).__qualname__
    # The name of a model counts up with each model that is made.
    if isinstance(config, dict):
        config = {k: v for k, v in config.items() if k != "name"}
    digest.update(json.dumps(config, sort_keys=True, default=str).encode())
    for weight in network.weights:
        digest.update(np.asarray(keras.ops.convert_to_numpy(weight)).tobytes())
    return digest.hexdigest()


def _signature(path):
    """Returns the function and the size of the input of a SavedModel."""
    module = tf.saved_model.load(path)
    function = module.signatures["serving_default"]
    (argument, specification), *_ = function.structured_input_signature[
        1
    ].items()

    def call(images):
        # A signature does not keep its module alive; this reference does.
        _ = module
        return function(**{argument: images})

    return call, specification.shape[1:3]


def flat(output, name=""):
    """Reshapes an output to float32 (batch, features)."""
    if (
        output.shape.rank is None
        or output.shape.rank < 2
        or any(size not in (1, None) for size in output.shape[1:-1])
    ):
        raise ValueError(
            f"Output `{name}` of an extractor must be of shape (batch, "
            f"features), so pool a feature map first, for example with "
            f"GlobalAveragePooling2D. Received: {output.shape}"
        )
    return tf.cast(tf.reshape(output, (tf.shape(output)[0], -1)), tf.float32)
