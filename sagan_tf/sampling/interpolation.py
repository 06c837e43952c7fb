"""Between latents, and between classes."""

import keras
import numpy as np

from sagan_tf import layers


def between_latents(sampler, seeds, label, frames, truncation=0.0):
    """Draws what is between the latents of consecutive seeds.

    Latents are interpolated on the sphere, where those of a normal
    distribution are.

    Args:
        sampler: `Sampler`.
        seeds: List of at least 2.
        label: Integer, or None.
        frames: Integer, images from a seed to the next, that one not
            included.
        truncation: As in `Sampler.latents`.

    Returns:
        uint8 array (images, height, width, 3).
    """
    ends = sampler.latents(seeds, truncation).numpy()
    latents = [
        _spherical(first, second, share)
        for first, second in zip(ends[:-1], ends[1:], strict=True)
        for share in np.linspace(0, 1, frames, endpoint=False)
    ]
    latents = np.stack([*latents, ends[-1]])
    labels = None if label is None else np.full(len(latents), label)
    return sampler.images(latents, labels)


def _spherical(first, second, share):
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    angle = np.arccos(
        np.clip(np.dot(first / lengths[0], second / lengths[1]), -1, 1)
    )
    if angle < 1e-6:
        return first + share * (second - first)
    return (
        np.sin((1 - share) * angle) * first + np.sin(share * angle) * second
    ) / np.sin(angle)


def with_classes(generator, mixtures):
    """Copies a generator, its classes mixtures of those it was trained on.

    The scales and offsets of conditional batch normalization, which are all
    that a class is to the generator, are averaged.

    Args:
        generator: Conditional functional `keras.Model`.
        mixtures: (new classes, classes) array; its rows sum to 1.

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
        for ours, theirs in zip(
            layer.weights, copy.get_layer(layer.name).weights, strict=True
        ):
            table = isinstance(layer, layers.ConditionalBatchNormalization)
            if table and ours.name in ("gamma", "beta"):
                ours = mixtures @ keras.ops.convert_to_numpy(ours)
            theirs.assign(ours)
    return copy
