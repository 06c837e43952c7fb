"""A generator as a SavedModel, for TF Serving."""

import json
import pathlib

import tensorflow as tf

from sagan_tf.export import warmup
from sagan_tf.export.baking import bake
from sagan_tf.images import to_uint8
from sagan_tf.latents import latents_of_seeds, number_of_classes
from sagan_tf.utils import files


def export_generator(generator, path, card=None, device="cpu"):
    """Writes a generator as a SavedModel, whole or not at all.

    The SavedModel runs the generator in inference mode. Its kernels are ready
    to use: divided by their spectral norms, and folded with the upsampling or
    factored for minimal filtering. It is the same whichever machine writes
    it. The signatures take `latents`, float32 (batch, latent_dim), and, for a
    conditional generator, `labels`, int32 (batch,) in [0, num_classes). Other
    labels are an error. The batch can have any size.

    - `serving_default` returns `images`, uint8 (batch, height, width, 3).
    - `images_float` returns `images`, float32 in [-1, 1].
    - `png` returns `image_bytes`, PNG files.
    - `from_seed` takes `seeds`, int64 (batch,), instead of latents. It returns
      `images`, uint8. A seed gives the same image alone and in any batch.
    - `from_seed_truncated` takes `truncation`, float32 (batch,), too; see
      `draw_inputs`.
    - `attention`, if the generator has self-attention, returns `images` and,
      for each such layer, its scores `attention<size>`, float32 (batch,
      queries, keys), and `attention<size>_query_grid`, int32 (batch, 2), the
      height and width of the queries.

    Every input and output has the batch as its first dimension, so that TF
    Serving can merge requests. `keras.layers.TFSMLayer(path)` calls the
    generator as Keras' own exports: with `latents` or `[latents, labels]`, for
    float32 images.

    If the extra `serving` is installed, the SavedModel comes with requests by
    which TF Serving warms up.

    Args:
        generator: `keras.Model`, as `build_generator` makes.
        path: Directory to write. TF Serving requires that its last part is a
            number.
        card: Dictionary to write as `saved_model.json`, or None.
        device: "cpu" or "gpu": where the SavedModel will be served. It runs
            on both, but `method="auto"` of the convolutions becomes the
            method that is fastest on `device`.

    Raises:
        ValueError: If `path` exists, or `device` is not as above.

    Example:

    >>> export_generator(generator, "models/sagan/1")
    >>> served = tf.saved_model.load("models/sagan/1")
    >>> served.signatures["serving_default"](latents=latents, labels=labels)
    """
    path = pathlib.Path(path)
    if path.exists():
        raise ValueError(
            f"`path` {path} exists: take another path, or remove it first"
        )
    module = _Served(generator, device)
    with files.creating(path) as folder:
        # An attribute, because the module must track its functions.
        module.functions = module.signatures()
        # What `TFSMLayer` calls unless it is told another name.
        module.serve = module.endpoint()
        tf.saved_model.save(module, str(folder), module.functions)
        warmup.write(folder, generator)
        if card is not None:
            text = json.dumps(card, indent=2)
            files.write_text(folder / "saved_model.json", text)


class _Served(tf.Module):
    """A baked generator, and the functions of its signatures."""

    def __init__(self, generator, device):
        super().__init__()
        images, scores = bake(generator, device)
        # Behind a function, because the module must track TensorFlow's
        # variables, not Keras': a session of TensorFlow 1 restores only the
        # former.
        self._networks = lambda: (images, scores)
        self.tracked = [variable.value for variable in images.variables]
        self.latent_dim = generator.inputs[0].shape[-1]
        self.num_classes = number_of_classes(generator)

    def signatures(self):
        """Returns a `tf.function` for each signature, by its name."""
        inputs, labels = self._specifications()
        seeds = tf.TensorSpec((None,), tf.int64, "seeds")
        truncation = tf.TensorSpec((None,), tf.float32, "truncation")

        def images_float(latents, labels=None):
            return {"images": self._images(latents, labels)}

        def images_uint8(latents, labels=None):
            return {"images": to_uint8(self._images(latents, labels))}

        def png(latents, labels=None):
            images = to_uint8(self._images(latents, labels))
            return {"image_bytes": _encoded(images)}

        def attention(latents, labels=None):
            return self._attention(latents, labels)

        def from_seed(seeds, labels=None):
            return self._from_seeds(seeds, labels)

        def from_seed_truncated(seeds, truncation, labels=None):
            return self._from_seeds(seeds, labels, truncation)

        functions = {
            "serving_default": (images_uint8, inputs),
            "images_float": (images_float, inputs),
            "png": (png, inputs),
            "from_seed": (from_seed, [seeds, *labels]),
            "from_seed_truncated": (
                from_seed_truncated,
                [seeds, truncation, *labels],
            ),
        }
        if len(self._networks()[1].output) > 1:
            functions["attention"] = (attention, inputs)
        return {
            name: tf.function(function, input_signature=specification)
            for name, (function, specification) in functions.items()
        }

    def endpoint(self):
        """Returns a `tf.function` from the generator's inputs to its images."""
        inputs, _ = self._specifications()
        if self.num_classes is None:
            return tf.function(
                lambda latents: self._images(latents, None),
                input_signature=inputs,
            )
        return tf.function(
            lambda inputs: self._images(*inputs), input_signature=[inputs]
        )

    def _specifications(self):
        """Returns those of latents and labels, and those of labels alone."""
        latents = tf.TensorSpec((None, self.latent_dim), tf.float32, "latents")
        if self.num_classes is None:
            return [latents], []
        labels = tf.TensorSpec((None,), tf.int32, "labels")
        return [latents, labels], [labels]

    def _from_seeds(self, seeds, labels, truncation=None):
        seeds = _checked(seeds, "seeds")
        if labels is not None:
            labels = _as_many(labels, "labels", seeds, "seeds")
        if truncation is None:
            latents = latents_of_seeds(seeds, self.latent_dim)
        else:
            truncation = _as_many(truncation, "truncation", seeds, "seeds")
            latents = latents_of_seeds(seeds, self.latent_dim, truncation)
        return {"images": to_uint8(self._images(latents, labels))}

    def _images(self, latents, labels):
        images, _ = self._networks()
        return images(self._inputs(latents, labels), training=False)

    def _attention(self, latents, labels):
        images, scores = self._networks()
        outputs = scores(self._inputs(latents, labels), training=False)
        outputs["images"] = to_uint8(outputs.pop("outputs"))
        for name in list(outputs):
            if name != "images":
                # The queries are the positions of the feature map, row by row.
                layer = images.get_layer(name)
                grid = tf.constant([layer.output[0].shape[1:3]], tf.int32)
                outputs[f"{name}_query_grid"] = tf.tile(
                    grid, [tf.shape(latents)[0], 1]
                )
        return outputs

    def _inputs(self, latents, labels):
        latents = _checked(latents, "latents")
        if labels is None:
            return latents
        labels = _as_many(labels, "labels", latents, "latents")
        # On some devices, a gather takes class 0 for labels out of range.
        inside = (labels >= 0) & (labels < self.num_classes)
        rule = f"`labels` must be in [0, {self.num_classes}), but are"
        check = tf.debugging.Assert(tf.reduce_all(inside), [rule, labels])
        with tf.control_dependencies([check]):
            return [latents, tf.identity(labels)]


def _checked(tensor, name):
    """Returns an input whose shape is right and that has a row.

    TensorFlow's C library does not look at the shapes of what it is given, and
    its convolutions fail on an empty batch with an error about themselves.
    """
    check = tf.debugging.Assert(
        tf.shape(tensor)[0] > 0, [f"`{name}` must have at least one row"]
    )
    with tf.control_dependencies([check]):
        return tf.ensure_shape(tensor, tensor.shape)


def _as_many(tensor, name, other, other_name):
    """Returns an input that has as many rows as another one."""
    rows, others = tf.shape(tensor)[0], tf.shape(other)[0]
    rule = f"`{name}` must have as many rows as `{other_name}`, but has"
    check = tf.debugging.Assert(rows == others, [rule, rows, "and", others])
    with tf.control_dependencies([check]):
        return tf.identity(tensor)


def _encoded(images):
    return tf.map_fn(tf.io.encode_png, images, fn_output_signature=tf.string)
