"""Images from a generator, and grids of them."""

import os

import numpy as np
import tensorflow as tf
from PIL import Image, PngImagePlugin

from sagan_tf import files, gan
from sagan_tf.data import to_uint8

_MOST_ROWS = 10


def sampler(generator):
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


def draw(latent_dim, num_classes, count, seed, truncation=0.0):
    """Draws latents and uniform labels from `seed` alone.

    Args:
        latent_dim: Integer, length of a latent vector.
        num_classes: Integer; 0 for no labels.
        count: Integer, how many.
        seed: Pair of integers.
        truncation: Float; latents are normal within 2 standard deviations,
            times this. 0: the whole normal distribution.

    Returns:
        Float32 latents (count, latent_dim), and int32 labels (count,) in
        [0, num_classes) or None.

    Reference:
        - Brock et al., https://arxiv.org/abs/1809.11096, section 3.1, for the
          truncation; their code truncates at 2.
    """
    if truncation:
        latents = truncation * tf.random.stateless_truncated_normal(
            [count, latent_dim], seed
        )
    else:
        latents = tf.random.stateless_normal([count, latent_dim], seed)
    if not num_classes:
        return latents, None
    labels = tf.random.stateless_uniform(
        [count], tf.random.fold_in(seed, 0), maxval=num_classes, dtype=tf.int32
    )
    return latents, labels


def latents_of_seeds(seeds, latent_dim, truncation=0.0):
    """Draws a latent vector for each seed, the same in any batch.

    Args:
        seeds: int64 (count,).
        latent_dim: Integer, length of a latent vector.
        truncation: Float or scalar tensor, as in `draw`.

    Returns:
        Float32 (count, latent_dim).
    """
    truncation = tf.convert_to_tensor(truncation, tf.float32)

    def latent(seed):
        seed = tf.stack([seed, tf.zeros_like(seed)])
        return tf.where(
            truncation > 0,
            truncation
            * tf.random.stateless_truncated_normal([latent_dim], seed),
            tf.random.stateless_normal([latent_dim], seed),
        )

    return tf.map_fn(latent, seeds, fn_output_signature=tf.float32)


def number_of_classes(generator):
    """Returns how many classes a generator has; 0 if it is unconditional."""
    return gan.number_of_classes(generator) or 0


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
        latents, _ = draw(latent_dim, 0, columns, (seed, 0))
        latents = tf.tile(latents, (rows, 1))
        labels = tf.constant(np.repeat(classes, columns), tf.int32)
    else:
        rows = _MOST_ROWS
        latents, labels = draw(latent_dim, 0, rows * columns, (seed, 0))
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
