"""Files of samples: single ones, grids, strips."""

import numpy as np
import tensorflow as tf

from sagan_tf.images import arrange


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
