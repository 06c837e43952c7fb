"""Interpolation between latents, and between classes."""

import keras
import numpy as np

from sagan_tf import layers
from sagan_tf.images import image_grid
from sagan_tf.sampling.sampler import Sampler

_MAX_COLUMNS = 5


def between_latents(sampler, seeds, classes, frames, truncation=0.0):
    """Draws images between the latents of consecutive seeds, in each class.

    Latents are interpolated on a sphere, because a normal distribution in
    many dimensions lies near one. With a and b the latents of two seeds,
    theta the angle between a and b, and t from 0 to 1:

        (sin((1 - t) theta) a + sin(t theta) b) / sin(theta)

    Args:
        sampler: `Sampler`.
        seeds: List of at least 2 integers.
        classes: List of integers; empty for an unconditional generator.
        frames: Integer, number of images from a seed up to, but without, the
            next seed. One image, that of the last seed, ends the strip.
        truncation: As in `Sampler.latents`.

    Returns:
        A list with a strip for each class (one strip without classes): uint8
        arrays (images, height, width, 3).
    """
    ends = sampler.latents(seeds, truncation).numpy()
    latents = [
        _spherical(first, second, fraction)
        for first, second in zip(ends[:-1], ends[1:], strict=True)
        for fraction in np.linspace(0, 1, frames, endpoint=False)
    ]
    latents = np.stack([*latents, ends[-1]])
    if not classes:
        return [sampler.images(latents)]
    return [
        sampler.images(latents, np.full(len(latents), label))
        for label in classes
    ]


def between_classes(sampler, seeds, classes, frames, truncation=0.0):
    """Draws images between consecutive classes, from each seed.

    Args:
        sampler: `Sampler` of a run or a generator, not of a SavedModel.
        seeds: List of integers.
        classes: List of at least 2 integers.
        frames: Integer, number of images from a class up to, but without, the
            next class. One image, that of the last class, ends the strip.
        truncation: As in `Sampler.latents`.

    Returns:
        A list with a strip for each seed: uint8 arrays (images, height,
        width, 3).
    """
    rows = np.eye(sampler.num_classes, dtype=np.float32)[classes]
    fractions = np.linspace(0, 1, frames, endpoint=False)[:, None]
    parts = [
        (1 - fractions) * first + fractions * second
        for first, second in zip(rows[:-1], rows[1:], strict=True)
    ]
    mixtures = np.concatenate([*parts, rows[-1:]]).astype(np.float32)
    mixed = Sampler.of_generator(with_classes(sampler.generator, mixtures))
    labels = np.arange(len(mixtures))
    return [
        mixed.images(np.repeat([latent], len(labels), axis=0), labels)
        for latent in sampler.latents(seeds, truncation).numpy()
    ]


def with_classes(generator, mixtures):
    """Copies a generator; each class of the copy is a mixture of classes.

    The gains and biases of conditional batch normalization are averaged. They
    are all that the generator knows of a class.

    Args:
        generator: Conditional functional `keras.Model`.
        mixtures: Float array (new classes, classes); its rows sum to 1.

    Returns:
        A `keras.Model`.
    """

    def copy_of(layer):
        config = layer.get_config()
        if isinstance(layer, layers.ConditionalBatchNormalization):
            config["num_classes"] = len(mixtures)
        return type(layer).from_config(config)

    copy = keras.models.clone_model(generator, clone_function=copy_of)
    for layer in generator.layers:
        conditional = isinstance(layer, layers.ConditionalBatchNormalization)
        for source, target in zip(
            layer.weights, copy.get_layer(layer.name).weights, strict=True
        ):
            if conditional and source.name in ("gamma", "beta"):
                source = mixtures @ keras.ops.convert_to_numpy(source)
            target.assign(source)
    return copy


def animation(strips):
    """Returns the frames of an animation in which all strips move together.

    Args:
        strips: List of uint8 arrays (images, height, width, 3), equally long.

    Returns:
        List of uint8 arrays, each with one image of every strip, in rows of
        at most five.
    """
    columns = min(len(strips), _MAX_COLUMNS)
    return [
        image_grid(np.stack(images), columns)
        for images in zip(*strips, strict=True)
    ]


def _spherical(first, second, fraction):
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    angle = np.arccos(
        np.clip(np.dot(first / lengths[0], second / lengths[1]), -1, 1)
    )
    if angle < 1e-6:
        return first + fraction * (second - first)
    return (
        np.sin((1 - fraction) * angle) * first
        + np.sin(fraction * angle) * second
    ) / np.sin(angle)
