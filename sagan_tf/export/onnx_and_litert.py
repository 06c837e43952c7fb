"""A generator as one ONNX or LiteRT file, by Keras' own exporter."""

import importlib.util
import json
import pathlib
import warnings

import keras

from sagan_tf.export.baking import bake
from sagan_tf.latents import number_of_classes
from sagan_tf.utils import files

# The suffix of a file of each format.
SUFFIXES = {"onnx": ".onnx", "litert": ".tflite"}


def export_file(generator, path, format, card=None, device="cpu"):
    """Writes a generator as an ONNX or LiteRT file, whole or not at all.

    The file takes `latents`, float32 (batch, latent_dim), and, for a
    conditional generator, `labels`, int32 (batch,) in [0, num_classes). It
    returns `images`, float32 (batch, height, width, 3) in [-1, 1]; NaN for
    other labels. The batch can have any size of at least 1.

    Args:
        generator: `keras.Model`, as `build_generator` makes.
        path: File to write, which ends in ".onnx" or ".tflite".
        format: "onnx", which needs the extra `onnx`; or "litert", which needs
            Keras 3.13 or newer.
        card: Dictionary to write as `path` with ".json" after it, or None.
        device: As in `export_generator`.

    Raises:
        ValueError: If `path` exists or has another suffix, or `format` is not
            as above.
        ImportError: If a package of the extra `onnx` is missing, or Keras is
            too old.
    """
    check_path(path, format)
    path = pathlib.Path(path)
    network, _ = bake(generator, device)
    # A dictionary, because the outputs have its names.
    network = keras.Model(network.inputs, {"images": network.output})
    with files.creating(path) as temporary:
        _export(network, temporary, format, _inputs(generator))
    if card is not None:
        files.write_text(f"{path}.json", json.dumps(card, indent=2))


def check_path(path, format):
    """Raises the errors of `export_file` about its arguments."""
    if format not in SUFFIXES:
        raise ValueError(
            f"`format` must be one of {tuple(SUFFIXES)}. "
            f"Received: format={format!r}"
        )
    if format == "litert" and not has_litert():
        raise ImportError(
            "`format` 'litert' needs Keras 3.13 or newer. "
            f"Received: Keras {keras.__version__}"
        )
    if format == "onnx":
        missing = [
            name
            for name in ("onnx", "tf2onnx")
            if importlib.util.find_spec(name) is None
        ]
        if missing:
            raise ImportError(
                f"`format` 'onnx' needs {' and '.join(missing)}: "
                "pip install 'sagan_tf[onnx]'"
            )
    path = pathlib.Path(path)
    if path.suffix != SUFFIXES[format]:
        raise ValueError(
            f"`output` must end in {SUFFIXES[format]} for the format "
            f"{format!r}. Received: {path}"
        )
    if path.exists():
        raise ValueError(
            f"`output` {path} exists: take another path, or remove it first"
        )


def has_litert():
    """Returns whether this version of Keras writes LiteRT files."""
    return tuple(map(int, keras.__version__.split(".")[:2])) >= (3, 13)


def _inputs(generator):
    """Returns the `InputSpec`s of a generator, with names."""
    latent_dim = generator.inputs[0].shape[-1]
    latents = keras.InputSpec("float32", (None, latent_dim), name="latents")
    if number_of_classes(generator) is None:
        return [latents]
    return [[latents, keras.InputSpec("int32", (None,), name="labels")]]


def _export(network, path, format, inputs):
    with warnings.catch_warnings():
        # Keras tries out names that NumPy is going to take.
        warnings.simplefilter("ignore", FutureWarning)
        network.export(
            path, format=format, verbose=False, input_signature=inputs
        )
