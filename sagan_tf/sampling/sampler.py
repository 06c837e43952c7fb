"""One way to draw, from a run's checkpoint or from a SavedModel."""

import os

import numpy as np
import tensorflow as tf

from sagan_tf import data
from sagan_tf.images import to_float, to_uint8
from sagan_tf.latents import latents_of_seeds, number_of_classes
from sagan_tf.models.baking import bake, update
from sagan_tf.sampling.interpolation import with_classes
from sagan_tf.utils import files
from sagan_tf.workdir import load_discriminator, load_generator

_BATCH = 16


class Sampler:
    """Draws images and attention.

    Args:
        draw: Function of (latents, labels) to uint8 images.
        attend: Function of them to a dictionary from the name of each
            self-attention layer to its scores and its query grid; None if
            there is no such layer.
        latent_dim: Integer.
        num_classes: Integer; 0 for none.
        origin: Dictionary of strings that say what draws, for a picture's
            metadata.
        generator, baked: `keras.Model` and its baked copy, or None if there
            is only a SavedModel.
    """

    def __init__(
        self,
        draw,
        attend,
        latent_dim,
        num_classes,
        origin,
        generator=None,
        baked=None,
    ):
        self._generator = generator
        self._baked = baked
        self._draw = draw
        self._attend = attend
        self.latent_dim = latent_dim
        self.num_classes = num_classes
        self.origin = origin

    @classmethod
    def of_workdir(cls, workdir, step=None, best=False, averaged=None):
        """Returns a `Sampler` of a run; arguments as in `load_generator`."""
        generator, _, step = load_generator(workdir, step, best, averaged)
        origin = {"workdir": str(workdir), "step": str(step)}
        return cls.of_generator(generator, origin)

    @classmethod
    def of_generator(cls, generator, origin=None):
        """Returns a `Sampler` of a generator, as `build_generator` makes."""
        images, scores = bake(generator)
        grids = {
            layer.name: layer.output[0].shape[1:3]
            for layer in images.layers
            if layer.name in scores.output
        }

        @tf.function(reduce_retracing=True)
        def draw(*inputs):
            return to_uint8(images(_inputs(inputs), training=False))

        @tf.function(reduce_retracing=True)
        def attend(*inputs):
            return scores(_inputs(inputs), training=False)

        def attention(*inputs):
            found = attend(*inputs)
            return {name: (found[name].numpy(), grids[name]) for name in grids}

        return cls(
            lambda *inputs: draw(*inputs).numpy(),
            attention if grids else None,
            generator.inputs[0].shape[-1],
            number_of_classes(generator),
            origin or {},
            generator,
            images,
        )

    @property
    def has_attention(self):
        """Whether the generator has self-attention."""
        return self._attend is not None

    def update(self):
        """Takes the weights that the generator has now."""
        update(self._baked, self._generator)

    @classmethod
    def of_saved_model(cls, path):
        """Returns a `Sampler` of what `export_generator` wrote.

        Raises:
            ValueError: If there is no such SavedModel.
        """
        try:
            loaded = tf.saved_model.load(str(path))
            signatures = loaded.signatures
            draw = signatures["serving_default"]
            _, arguments = draw.structured_input_signature
            latent_dim = arguments["latents"].shape[-1]
        except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
            reason = str(error).strip("'\n").splitlines()[0]
            raise ValueError(
                f"`saved_model` {path} is none that sagan-export wrote "
                f"({reason})"
            ) from None
        num_classes, origin = 0, {"saved_model": str(path)}
        card = os.path.join(path, "saved_model.json")
        if "labels" in arguments:
            num_classes = 2**31 - 1
        if os.path.exists(card):
            try:
                read = files.read_json(card)
                num_classes = int(read["number_of_classes"])
                origin["step"] = str(read["step"])
            except (ValueError, LookupError, TypeError) as error:
                raise ValueError(
                    f"{card} is none that sagan-export wrote ({error})"
                ) from None

        def named(*inputs):
            return dict(zip(("latents", "labels"), inputs, strict=False))

        def attend(*inputs):
            outputs = signatures["attention"](**named(*inputs))
            return {
                name: (
                    outputs[name].numpy(),
                    tuple(outputs[f"{name}_query_grid"].numpy()),
                )
                for name in outputs
                if f"{name}_query_grid" in outputs
            }

        def images(*inputs):
            # The signatures alone do not keep their module alive.
            _ = loaded
            return draw(**named(*inputs))["images"].numpy()

        return cls(
            images,
            attend if "attention" in signatures else None,
            latent_dim,
            num_classes,
            origin,
        )

    def latents(self, seeds, truncation=0.0):
        """Returns a latent vector for each seed; see `latents_of_seeds`."""
        return latents_of_seeds(
            tf.constant(seeds, tf.int64), self.latent_dim, truncation
        )

    def images(self, latents, labels=None, progress=None):
        """Draws images.

        Args:
            latents: Float32 (count, latent_dim).
            labels: Integers (count,); None for an unconditional generator.
            progress: Function of the number drawn, or None.

        Returns:
            uint8 array (count, height, width, 3).
        """
        parts = []
        for start in range(0, len(latents), _BATCH):
            rows = slice(start, start + _BATCH)
            parts.append(self._draw(*self._given(latents, labels, rows)))
            if progress is not None:
                progress(min(start + _BATCH, len(latents)))
        return np.concatenate(parts)

    def between_classes(self, latents, classes, frames):
        """Draws what is between consecutive classes.

        Args:
            latents: Float32 (count, latent_dim).
            classes: List of at least 2.
            frames: Integer, images from a class to the next, that one not
                included.

        Returns:
            For each latent vector a uint8 array (images, height, width, 3).

        Raises:
            ValueError: If there is only a SavedModel.
        """
        if self._generator is None:
            raise ValueError(
                "What is between classes needs `workdir`: a SavedModel draws "
                "its own classes only"
            )
        rows = np.eye(self.num_classes, dtype=np.float32)[classes]
        shares = np.linspace(0, 1, frames, endpoint=False)[:, None]
        parts = [
            (1 - shares) * first + shares * second
            for first, second in zip(rows[:-1], rows[1:], strict=True)
        ]
        mixtures = np.concatenate([*parts, rows[-1:]]).astype(np.float32)
        mixed = Sampler.of_generator(with_classes(self._generator, mixtures))
        labels = np.arange(len(mixtures))
        return [
            mixed.images(np.repeat([latent], len(labels), axis=0), labels)
            for latent in np.asarray(latents)
        ]

    def attention(self, latents, labels=None):
        """Returns scores (count, queries, keys) and query grid by layer.

        Raises:
            ValueError: If the generator has no self-attention.
        """
        if not self.has_attention:
            raise ValueError("The generator has no self-attention to show")
        return self._attend(*self._given(latents, labels, slice(None)))

    def _given(self, latents, labels, rows):
        latents = tf.constant(latents[rows], tf.float32)
        if not self.num_classes:
            return (latents,)
        return latents, tf.constant(np.asarray(labels)[rows], tf.int32)


def discriminator_attention(workdir, count, step=None, best=False):
    """Returns what a run's discriminator attends to in real images.

    Args:
        workdir: Directory of a run whose data are at hand.
        count: Integer, how many images, evenly spaced over the data.
        step, best: As in `load_generator`.

    Returns:
        uint8 images, and a dictionary from the name of each self-attention
        layer to its scores and its query grid.
    """
    discriminator, config = load_discriminator(workdir, step, best)
    _, attend = bake(discriminator)
    source = data.open_source(config.dataset, config.data_dir, config.split)
    dataset = data.ordered_dataset(
        data.evenly_spaced(source, count), config.image_size, count
    )
    images, labels, _ = next(iter(dataset))
    inputs = to_float(images)
    if len(discriminator.inputs) > 1:
        inputs = [inputs, labels]
    outputs = attend(inputs, training=False)
    found = {}
    for name, scores in outputs.items():
        if name != "outputs":
            grid = discriminator.get_layer(name).output.shape[1:3]
            found[name] = (scores.numpy(), grid)
    return images.numpy(), found


def _inputs(inputs):
    return list(inputs) if len(inputs) > 1 else inputs[0]
