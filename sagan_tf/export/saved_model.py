"""A generator as a SavedModel, for TF Serving."""

import json
import os
import pathlib
import tempfile

import tensorflow as tf

from sagan_tf.export import warmup
from sagan_tf.images import to_uint8
from sagan_tf.latents import latents_of_seeds, number_of_classes
from sagan_tf.models.baking import bake
from sagan_tf.utils import files


class _Served(tf.Module):
    """The functions of the signatures, on a baked generator."""

    def __init__(self, generator, baked):
        super().__init__()
        # In a function, because the module must track TensorFlow's variables
        # and not Keras': of those a session of TensorFlow 1 restores none.
        images, scores = bake(generator, baked)
        self._networks = lambda: (images, scores)
        self.tracked = [variable.value for variable in images.variables]
        self.latent_dim = generator.inputs[0].shape[-1]
        self.num_classes = number_of_classes(generator)

    def signatures(self):
        """Returns functions with the signatures that their names have."""
        latents = tf.TensorSpec((None, self.latent_dim), tf.float32, "latents")
        seeds = tf.TensorSpec((None,), tf.int64, "seeds")
        labels = tf.TensorSpec((None,), tf.int32, "labels")
        truncation = tf.TensorSpec((), tf.float32, "truncation")

        def images_float(latents, labels=None):
            return {"images": self._images(latents, labels)}

        def images_uint8(latents, labels=None):
            return {"images": to_uint8(self._images(latents, labels))}

        def png(latents, labels=None):
            images = to_uint8(self._images(latents, labels))
            return {"image_bytes": _encoded(images)}

        def attention(latents, labels=None):
            return self._attention(latents, labels)

        def of_seeds(seeds, truncation, labels=None):
            latents = latents_of_seeds(seeds, self.latent_dim, truncation)
            return {"images": to_uint8(self._images(latents, labels))}

        whole = tf.constant(0.0)
        if self.num_classes:

            def from_seed(seeds, labels, truncation=whole):
                return of_seeds(seeds, truncation, labels)

            specification, of_seed = [latents, labels], [seeds, labels]
        else:

            def from_seed(seeds, truncation=whole):
                return of_seeds(seeds, truncation)

            specification, of_seed = [latents], [seeds]
        functions = {
            "serving_default": (images_uint8, specification),
            "images_float": (images_float, specification),
            "png": (png, specification),
            "from_seed": (from_seed, [*of_seed, truncation]),
        }
        if len(self._networks()[1].output) > 1:
            functions["attention"] = (attention, specification)
        return {
            name: tf.function(function, input_signature=specification)
            for name, (function, specification) in functions.items()
        }

    def _images(self, latents, labels):
        images, _ = self._networks()
        return images(self._inputs(latents, labels), training=False)

    def _attention(self, latents, labels):
        images, scores = self._networks()
        outputs = scores(self._inputs(latents, labels), training=False)
        outputs["images"] = to_uint8(outputs.pop("outputs"))
        for name in list(outputs):
            if name != "images":
                # Queries are the positions of the feature map, row by row.
                layer = images.get_layer(name)
                outputs[f"{name}_query_grid"] = tf.constant(
                    layer.output[0].shape[1:3], tf.int32
                )
        return outputs

    def _inputs(self, latents, labels):
        if labels is None:
            return latents
        # A gather on some devices takes any number for class 0.
        checks = [
            tf.debugging.assert_non_negative(
                labels, "labels must not be negative"
            ),
            tf.debugging.assert_less(
                labels,
                self.num_classes,
                f"labels must be below {self.num_classes}",
            ),
        ]
        with tf.control_dependencies(checks):
            return [latents, tf.identity(labels)]


def _encoded(images):
    return tf.map_fn(tf.io.encode_png, images, fn_output_signature=tf.string)


def export_generator(generator, path, card=None, baked=True):
    """Writes a generator as a SavedModel, in inference mode, whole or not.

    Spectral normalization is baked into the kernels, and kernels are folded
    or factored, unless `baked` is false. The signatures take
    `latents`, float32 (batch, latent_dim), and, of a conditional generator,
    `labels`, int32 (batch,) in [0, num_classes); others are an error. The
    batch may have any size.

    - `serving_default`: `images`, uint8 (batch, height, width, 3);
    - `images_float`: `images`, float32 in [-1, 1];
    - `png`: `image_bytes`, PNG files;
    - `from_seed`, with `seeds`, int64 (batch,), in place of latents, and
      `truncation`, a float32 scalar, 0 by default: `images`, uint8. A seed
      gives the same picture alone and in any batch;
    - `attention`, if there is such a layer: `images` and, for each,
      `attention<size>`, its scores (batch, queries, keys), and
      `attention<size>_query_grid`, (height, width) of the queries.

    With the extra `serving` installed there are requests beside it by which TF
    Serving warms up.

    Args:
        generator: `keras.Model`, as `build_generator` makes.
        path: Directory to write; TF Serving wants a number for its last part.
        card: Dictionary for `saved_model.json` in it, or None.
        baked: Boolean. False exports the layers as they are, which normalize
            and fold at each call, for checking.

    Raises:
        ValueError: If there is something at `path` already.

    Example:

    >>> export_generator(generator, "models/sagan/1")
    >>> served = tf.saved_model.load("models/sagan/1")
    >>> served.signatures["serving_default"](latents=latents, labels=labels)
    """
    path = pathlib.Path(path)
    if path.exists():
        raise ValueError(
            f"`path` {path} exists: take another, or remove it first"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    module = _Served(generator, baked)
    with tempfile.TemporaryDirectory(dir=path.parent) as temporary:
        folder = os.path.join(temporary, "model")
        # Tracked, so that the functions stay reachable from the module.
        module.functions = module.signatures()
        tf.saved_model.save(module, folder, module.functions)
        warmup.write(folder, generator)
        if card is not None:
            files.write_text(
                os.path.join(folder, "saved_model.json"),
                json.dumps(card, indent=2),
            )
        os.rename(folder, path)
