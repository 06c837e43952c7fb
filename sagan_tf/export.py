"""A generator as a SavedModel, for TF Serving."""

import os

import keras
import tensorflow as tf

from sagan_tf.data import to_uint8


def export_generator(generator, path):
    """Writes a generator as a SavedModel, in inference mode.

    Its signatures take `latents`, float32 (batch, latent_dim), and, of a
    conditional generator, `labels`, int32 (batch,) in [0, num_classes), with
    any batch size:

    - `serving_default` gives `images`, uint8 (batch, height, width, 3);
    - `images_float` gives `images`, float32 in [-1, 1].

    Args:
        generator: `keras.Model`, as `build_generator` makes.
        path: Directory to write; TF Serving wants a number for its last part.

    Raises:
        ValueError: If there is something at `path` already.

    Example:

    >>> export_generator(generator, "models/sagan/1")
    >>> served = tf.saved_model.load("models/sagan/1")
    >>> served.signatures["serving_default"](latents=latents, labels=labels)
    """
    if os.path.exists(path):
        raise ValueError(
            f"`path` {path} exists: take another, or remove it first"
        )
    specification = [
        tf.TensorSpec(tensor.shape, tensor.dtype, tensor.name)
        for tensor in generator.inputs
    ]

    def images_float(*inputs):
        inputs = list(inputs) if len(inputs) > 1 else inputs[0]
        return {"images": generator(inputs, training=False)}

    def images_uint8(*inputs):
        return {"images": to_uint8(images_float(*inputs)["images"])}

    archive = keras.export.ExportArchive()
    archive.track(generator)
    for name, function in (
        ("serving_default", images_uint8),
        ("images_float", images_float),
    ):
        archive.add_endpoint(name, function, specification)
    archive.write_out(path, verbose=False)
