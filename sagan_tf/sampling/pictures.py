"""Files of samples: single ones, grids, strips."""

import os

import numpy as np
import tensorflow as tf
from PIL import Image

from sagan_tf import files
from sagan_tf.generation import image_grid


def save_gif(images, path, milliseconds=60):
    """Writes images as an animation that goes forth and back."""
    frames = [Image.fromarray(image) for image in images]
    frames += frames[-2:0:-1]
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with files.replacing(path) as temporary:
        frames[0].save(
            temporary,
            "gif",
            save_all=True,
            append_images=frames[1:],
            duration=milliseconds,
            loop=0,
        )


def grid_of(sampler, seeds, classes, truncation=0.0, progress=None):
    """Draws a row for each class and a column for each seed.

    Without classes, rows of at most ten seeds.

    Returns:
        uint8 array (rows * size, columns * size, 3), and the single images in
        its order.
    """
    latents = sampler.latents(seeds, truncation)
    labels, columns = None, min(len(seeds), 10)
    if classes:
        latents = tf.tile(latents, (len(classes), 1))
        labels = np.repeat(classes, len(seeds))
        columns = len(seeds)
    images = sampler.images(latents, labels, progress)
    return arrange(images, columns), images


def arrange(images, columns):
    """Arranges images, row by row, into one, and fills it up with white."""
    padding = -len(images) % columns
    blank = np.full((padding, *images.shape[1:]), 255, np.uint8)
    return image_grid(np.concatenate([images, blank]), columns)


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
