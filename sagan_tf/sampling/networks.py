"""What a `Sampler` runs: a generator in memory, or a SavedModel."""

import os

import tensorflow as tf

from sagan_tf.export.baking import bake, update
from sagan_tf.images import image_function
from sagan_tf.latents import number_of_classes
from sagan_tf.ops import devices
from sagan_tf.utils import files

# If a SavedModel does not say how many classes it has. The SavedModel itself
# refuses labels that are out of range.
_UNKNOWN_NUMBER = 2**31 - 1


class BakedGenerator:
    """A generator in memory, baked for inference.

    Args:
        generator: `keras.Model`, as `build_generator` makes.
    """

    def __init__(self, generator):
        self.generator = generator
        self.latent_dim = generator.inputs[0].shape[-1]
        self.num_classes = number_of_classes(generator)
        self._device = devices.default()
        images, scores = bake(generator, self._device)
        self._baked = images
        self._draw = image_function(images)
        self._grids = {
            layer.name: layer.output[0].shape[1:3]
            for layer in images.layers
            if layer.name in scores.output
        }

        @tf.function(reduce_retracing=True)
        def attend(latents, labels):
            inputs = latents if labels is None else [latents, labels]
            return scores(inputs, training=False)

        self._attend = attend

    @property
    def has_attention(self):
        """Whether the generator has self-attention."""
        return bool(self._grids)

    def update(self):
        """Bakes the weights that the generator has now."""
        update(self._baked, self.generator, self._device)

    def draw(self, latents, labels):
        """Returns uint8 images; see `Sampler.images`."""
        return self._draw(latents, labels).numpy()

    def attend(self, latents, labels):
        """Returns scores and query grids; see `Sampler.attention`."""
        scores = self._attend(latents, labels)
        return {
            name: (scores[name].numpy(), grid)
            for name, grid in self._grids.items()
        }


class SavedGenerator:
    """A generator in a SavedModel.

    Args:
        path: Directory that `export_generator` wrote.

    Raises:
        ValueError: If there is no such SavedModel.
    """

    generator = None

    def __init__(self, path):
        try:
            # An attribute, because the signatures need their module.
            self._loaded = tf.saved_model.load(str(path))
            self._signatures = self._loaded.signatures
            signature = self._signatures["serving_default"]
            _, arguments = signature.structured_input_signature
            self.latent_dim = arguments["latents"].shape[-1]
        except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
            reason = str(error).strip("'\n").splitlines()[0]
            raise ValueError(
                "`saved_model` must be a directory that sagan-export wrote. "
                f"Received: saved_model={path} ({reason})"
            ) from None
        self.num_classes = _UNKNOWN_NUMBER if "labels" in arguments else None
        self.step = None
        self.class_names = []
        self._read_card(os.path.join(path, "saved_model.json"))

    def _read_card(self, path):
        if not os.path.exists(path):
            return
        try:
            card = files.read_json(path)
            # 0 is how exports of earlier versions say None.
            self.num_classes = int(card["number_of_classes"] or 0) or None
            self.step = str(card["step"])
            self.class_names = list(map(str, card.get("class_names") or ()))
        except (ValueError, LookupError, TypeError) as error:
            raise ValueError(
                f"{path} is not the description of a SavedModel that "
                f"sagan-export wrote ({error})"
            ) from None

    @property
    def has_attention(self):
        """Whether the generator has self-attention."""
        return "attention" in self._signatures

    def draw(self, latents, labels):
        """Returns uint8 images; see `Sampler.images`."""
        return self._run("serving_default", latents, labels)["images"].numpy()

    def attend(self, latents, labels):
        """Returns scores and query grids; see `Sampler.attention`."""
        outputs = self._run("attention", latents, labels)
        grids = {name: outputs.get(f"{name}_query_grid") for name in outputs}
        return {
            # A row for each image; earlier versions wrote a single one.
            name: (outputs[name].numpy(), tuple(grid.numpy().reshape(-1, 2)[0]))
            for name, grid in grids.items()
            if grid is not None
        }

    def _run(self, signature, latents, labels):
        inputs = {"latents": latents}
        if labels is not None:
            inputs["labels"] = labels
        return self._signatures[signature](**inputs)
