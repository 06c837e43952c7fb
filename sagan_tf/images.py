"""Images: their range, their files, and grids of them."""

import os

import numpy as np
import tensorflow as tf
from PIL import Image, PngImagePlugin

from sagan_tf.latents import draw_inputs
from sagan_tf.utils import files

_MAX_ROWS = 10


def to_float(images):
    """Maps uint8 images to the range of the networks.

    `x / 127.5 - 1`

    Args:
        images: uint8 array or tensor of any shape.

    Returns:
        Float32 tensor in [-1, 1].
    """
    return tf.cast(images, tf.float32) / 127.5 - 1.0


def to_uint8(images):
    """Maps images in the range of the networks to uint8.

    `round((x + 1) * 127.5)`; values outside [-1, 1] are clipped.

    Args:
        images: Floating-point array or tensor of any shape.

    Returns:
        uint8 tensor.
    """
    levels = tf.round((tf.cast(images, tf.float32) + 1.0) * 127.5)
    # `saturate_cast` would do, but LiteRT does not have its operation.
    return tf.cast(tf.clip_by_value(levels, 0.0, 255.0), tf.uint8)


def image_function(generator):
    """Compiles a generator into a function that returns uint8 images.

    The function reads the generator's weights at each call.

    Args:
        generator: `keras.Model`, as `build_generator` makes.

    Returns:
        A function from latents (batch, latent_dim) and labels (batch,), or
        None for an unconditional generator, to a uint8 tensor (batch, height,
        width, 3).
    """

    @tf.function(reduce_retracing=True)
    def images_of(latents, labels):
        inputs = latents if labels is None else [latents, labels]
        return to_uint8(generator(inputs, training=False))

    return images_of


def shown_classes(num_classes):
    """Returns the classes that a grid shows: at most ten, evenly spaced."""
    rows = min(num_classes, _MAX_ROWS)
    return np.linspace(0, num_classes - 1, rows).round().astype(int).tolist()


def class_images(images_of, latent_dim, num_classes, columns=10, seed=0):
    """Generates images of every class from the same latents.

    A row holds one class of `shown_classes`, and a column one latent vector.
    Without classes there are
    ten rows, and every image has its own latent vector.

    Args:
        images_of: Function as `image_function` returns.
        latent_dim: Integer, length of a latent vector.
        num_classes: Integer, or None for an unconditional generator.
        columns: Integer, images in a row.
        seed: Integer, from which the latents are drawn.

    Returns:
        uint8 array (rows, columns, height, width, 3).
    """
    if num_classes is None:
        rows, labels = _MAX_ROWS, None
        latents, _ = draw_inputs(latent_dim, None, rows * columns, (seed, 0))
    else:
        classes = shown_classes(num_classes)
        rows = len(classes)
        labels = tf.constant(np.repeat(classes, columns), tf.int32)
        latents, _ = draw_inputs(latent_dim, None, columns, (seed, 0))
        latents = tf.tile(latents, (rows, 1))
    images = images_of(latents, labels).numpy()
    return images.reshape(rows, columns, *images.shape[1:])


def class_grid(*arguments, **options):
    """Arranges images of every class in a grid.

    Args:
        *arguments: Arguments of `class_images`.
        **options: Keyword arguments of `class_images`.

    Returns:
        uint8 array (rows * height, columns * width, 3).
    """
    images = class_images(*arguments, **options)
    return image_grid(images.reshape(-1, *images.shape[2:]), images.shape[1])


def image_grid(images, columns):
    """Arranges images in a grid, row by row.

    Args:
        images: uint8 array (count, height, width, 3).
        columns: Integer, images in a row.

    Returns:
        uint8 array (rows * height, columns * width, 3). If `count` is not a
        multiple of `columns`, the end of the last row is white.
    """
    _, height, width, channels = images.shape
    missing = -len(images) % columns
    white = np.full((missing, height, width, channels), 255, images.dtype)
    grid = np.concatenate([images, white])
    grid = grid.reshape(-1, columns, height, width, channels)
    return grid.swapaxes(1, 2).reshape(-1, columns * width, channels)


def save_png(image, path, **metadata):
    """Writes a PNG file, whole or not at all.

    Args:
        image: uint8 array (height, width, 3).
        path: Path of the file; its folder is created if there is none.
        **metadata: Texts to store in the file beside the image.
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
    """Writes a GIF animation, whole or not at all.

    It plays the images forwards, then backwards, and repeats without end.

    Args:
        images: List of uint8 arrays (height, width, 3).
        path: Path of the file; its folder is created if there is none.
        milliseconds: Integer, for how long each image is shown.
    """
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
