"""`Sampler`: draws images from a run's checkpoint or from a SavedModel."""

import dataclasses

import numpy as np
import tensorflow as tf

from sagan_tf.config import Config
from sagan_tf.images import image_grid
from sagan_tf.latents import latents_of_seeds
from sagan_tf.ops.labels import class_indices
from sagan_tf.sampling.networks import BakedGenerator, SavedGenerator
from sagan_tf.workdir import Workdir, load_generator

_BATCH_SIZE = 16


@dataclasses.dataclass(frozen=True)
class Run:
    """The checkpoint that a `Sampler` draws from.

    Attributes:
        workdir: Directory of the run.
        config: The run's `Config`.
        step: Integer, step of the checkpoint.
        best: Boolean, whether it is the checkpoint evaluated best.
    """

    workdir: str
    config: Config
    step: int
    best: bool


class Sampler:
    """Draws images, and shows what self-attention attends to.

    Make one with `load`, `of_workdir`, `of_saved_model` or `of_generator`.

    Args:
        network: `BakedGenerator` or `SavedGenerator`.
        origin: Dictionary of strings that describe the weights; it becomes
            the metadata of PNG files.
        run: `Run`, or None if the weights do not come from a run's directory.
        class_names: Strings, in the order of the labels, or none.

    Attributes:
        latent_dim: Integer, length of a latent vector.
        num_classes: Integer, or None for an unconditional generator.
        generator: `keras.Model`, or None if there is only a SavedModel.
        origin, run: As given.
        class_names: List of strings, in the order of the labels; empty if the
            classes have no names.

    Example:

    >>> sampler = Sampler.of_workdir("runs/digits")
    >>> latents = sampler.latents(seeds=[0, 1, 2])
    >>> images = sampler.images(latents, labels=[7, 7, 7])
    """

    def __init__(self, network, origin=None, run=None, class_names=()):
        self._network = network
        self.latent_dim = network.latent_dim
        self.num_classes = network.num_classes
        self.generator = network.generator
        self.origin = origin or {}
        self.run = run
        # A description may have names of other classes than the generator's.
        known = len(class_names) == self.num_classes
        self.class_names = list(class_names) if known else []

    @classmethod
    def load(
        cls,
        workdir=None,
        saved_model=None,
        step=None,
        best=False,
        averaged=None,
    ):
        """Returns a `Sampler` of a run or of a SavedModel.

        Args:
            workdir: Directory of a run, or None.
            saved_model: Directory that `export_generator` wrote, or None.
            step, best, averaged: As in `load_generator`, for a run only.

        Raises:
            ValueError: If both or neither of `workdir` and `saved_model` are
                given, or the weights cannot be loaded.
        """
        if (workdir is None) == (saved_model is None):
            raise ValueError(
                "Give either `workdir` or `saved_model`. Received: "
                f"workdir={workdir}, saved_model={saved_model}"
            )
        if workdir is None:
            return cls.of_saved_model(saved_model)
        return cls.of_workdir(workdir, step, best, averaged)

    @classmethod
    def of_workdir(cls, workdir, step=None, best=False, averaged=None):
        """Returns a `Sampler` of a run; arguments as in `load_generator`."""
        generator, config, step = load_generator(workdir, step, best, averaged)
        origin = {"workdir": str(workdir), "step": str(step)}
        run = Run(workdir, config, step, best)
        names = Workdir(workdir).class_names()
        return cls(BakedGenerator(generator), origin, run, names)

    @classmethod
    def of_generator(cls, generator, origin=None):
        """Returns a `Sampler` of a `keras.Model` by `build_generator`."""
        return cls(BakedGenerator(generator), origin)

    @classmethod
    def of_saved_model(cls, path):
        """Returns a `Sampler` of a directory that `export_generator` wrote.

        Raises:
            ValueError: If there is no such SavedModel.
        """
        network = SavedGenerator(path)
        origin = {"saved_model": str(path)}
        if network.step is not None:
            origin["step"] = network.step
        return cls(network, origin, class_names=network.class_names)

    @property
    def has_attention(self):
        """Whether the generator has self-attention."""
        return self._network.has_attention

    def update(self):
        """Copies the weights that the generator has now."""
        self._network.update()

    def latents(self, seeds, truncation=0.0):
        """Returns a latent vector for each seed; see `latents_of_seeds`."""
        return latents_of_seeds(
            tf.constant(seeds, tf.int64), self.latent_dim, truncation
        )

    def images(self, latents, labels=None, progress=None):
        """Draws images.

        Args:
            latents: Float32 (count, latent_dim).
            labels: Integers (count,) in [0, num_classes); ignored by an
                unconditional generator.
            progress: Function of the number of images drawn so far, or None.

        Returns:
            uint8 array (count, height, width, 3).

        Raises:
            ValueError: If a label is not a class, or if there are not as many
                labels as latents.
        """
        parts = []
        for start in range(0, len(latents), _BATCH_SIZE):
            rows = slice(start, start + _BATCH_SIZE)
            parts.append(
                self._network.draw(*self._inputs(latents, labels, rows))
            )
            if progress is not None:
                progress(min(start + _BATCH_SIZE, len(latents)))
        return np.concatenate(parts)

    def grid(self, seeds, classes=(), truncation=0.0, progress=None):
        """Draws a row of images for each class and a column for each seed.

        An unconditional generator gets rows of at most ten seeds.

        Args:
            seeds: List of integers.
            classes: List of integers; empty for an unconditional generator.
            truncation: As in `latents`.
            progress: As in `images`.

        Returns:
            uint8 array (rows * height, columns * width, 3), the grid, and
            uint8 array (count, height, width, 3), its images row by row.
        """
        latents = self.latents(seeds, truncation)
        labels, columns = None, min(len(seeds), 10)
        if classes:
            latents = tf.tile(latents, (len(classes), 1))
            labels = np.repeat(classes, len(seeds))
            columns = len(seeds)
        images = self.images(latents, labels, progress)
        return image_grid(images, columns), images

    def attention(self, latents, labels=None):
        """Computes the attention scores while images are drawn.

        Args:
            latents, labels: As in `images`.

        Returns:
            A dictionary from the name of each self-attention layer to a pair:
            its scores, float array (count, queries, keys), and its query
            grid, a pair (rows, columns) with rows * columns = queries.

        Raises:
            ValueError: If the generator has no self-attention.
        """
        if not self.has_attention:
            raise ValueError("The generator has no self-attention to show")
        return self._network.attend(*self._inputs(latents, labels, slice(None)))

    def _inputs(self, latents, labels, rows):
        chosen = tf.constant(latents[rows], tf.float32)
        if self.num_classes is None:
            return chosen, None
        if labels is None or len(labels) != len(latents):
            raise ValueError(
                f"`labels` must be {len(latents)} classes, one for each of "
                f"`latents`. Received: labels={labels}"
            )
        indices, _ = class_indices(
            tf.constant(np.asarray(labels)[rows]), self.num_classes
        )
        return chosen, indices
