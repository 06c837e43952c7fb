"""Images: their range, their files, and grids of them."""

import os

import numpy as np
import tensorflow as tf
from PIL import Image, PngImagePlugin

from sagan_tf.latents import draw_inputs
from sagan_tf.utils import files

_MOST_ROWS = 10


def to_float(images):
    """Maps uint8 [0, 255] to float32 [-1, 1]."""
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def to_uint8(images):
    """Maps floating-point [-1, 1] to uint8 [0, 255], rounding to nearest."""
    return tf.saturate_cast(
        tf.round((tf.cast(images, tf.float32) + 1.0) * 127.5), tf.uint8
    )


def image_function(generator):
    """Makes a compiled function from seeds to images.

    Args:
        generator: `keras.Model`, as `build_generator` makes.

    Returns:
        A function of (latents, labels), labels None if unconditional, to
        uint8 images (batch, height, width, 3).
    """

    @tf.function(reduce_retracing=True)
    def sample(latents, labels):
        inputs = latents if labels is None else [latents, labels]
        return to_uint8(generator(inputs, training=False))

    return sample


def class_images(sample, latent_dim, num_classes, columns=10, seed=0):
    """Samples rows of images: one for each class, a column for each latent.

    With more than ten classes, ten are shown, evenly spaced; without
    classes there are ten rows of other latents.

    Args:
        sample: What `sampler` returns.
        latent_dim: Integer, length of a latent vector.
        num_classes: Integer; 0 for no labels.
        columns: Integer, how many latents.
        seed: Integer.

    Returns:
        uint8 array (rows, columns, size, size, 3).
    """
    if num_classes:
        rows = min(num_classes, _MOST_ROWS)
        classes = np.linspace(0, num_classes - 1, rows).round()
        latents, _ = draw_inputs(latent_dim, 0, columns, (seed, 0))
        latents = tf.tile(latents, (rows, 1))
        labels = tf.constant(np.repeat(classes, columns), tf.int32)
    else:
        rows = _MOST_ROWS
        latents, labels = draw_inputs(latent_dim, 0, rows * columns, (seed, 0))
    images = sample(latents, labels).numpy()
    return images.reshape(rows, columns, *images.shape[1:])


def class_grid(*arguments, **options):
    """Arranges what `class_images` samples into one image.

    Returns:
        uint8 array (rows * size, columns * size, 3).
    """
    images = class_images(*arguments, **options)
    return image_grid(images.reshape(-1, *images.shape[2:]), images.shape[1])


def image_grid(images, columns):
    """Arranges images, row by row, into one.

    Args:
        images: Array (count, height, width, 3); count a multiple of columns.
        columns: Integer.

    Returns:
        Array (count / columns * height, columns * width, 3).
    """
    _, height, width, channels = images.shape
    grid = images.reshape(-1, columns, height, width, channels)
    return grid.swapaxes(1, 2).reshape(-1, columns * width, channels)


def save_png(image, path, **metadata):
    """Writes a uint8 image (height, width, 3) to `path`, whole or not at all.

    The folder is made if there is none.

    Args:
        image: Array.
        path: Path of the file.
        **metadata: Texts to write into it, beside the image.
    """
    information = PngImagePlugin.PngInfo()
    for key, value in metadata.items():
        information.add_text(key, str(value))
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with files.replacing(path) as temporary:
        Image.fromarray(np.asarray(image)).save(
            temporary, "png", pnginfo=information
        )


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


def arrange(images, columns):
    """Arranges images, row by row, into one, and fills it up with white."""
    padding = -len(images) % columns
    blank = np.full((padding, *images.shape[1:]), 255, np.uint8)
    return image_grid(np.concatenate([images, blank]), columns)
