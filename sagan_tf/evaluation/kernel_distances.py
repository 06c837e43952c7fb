"""Kernel distance: the kernel Inception distance (KID)."""

import numpy as np
import tensorflow as tf

from sagan_tf.evaluation import tfgan
from sagan_tf.evaluation.accumulators import (
    as_rows,
    check_features,
    check_shape,
    checked,
)

# Rows of a block: tensorflow-gan's default.
_KERNEL_BLOCK = 1024


def kernel_distance(real_activations, fake_activations):
    """Kernel distance between two sets of activations, by tensorflow-gan.

    This is the unbiased estimate of the squared maximum mean discrepancy,
    `E[k(x, x')] + E[k(y, y')] - 2 E[k(x, y)]`, with the kernel
    `k(x, y) = (x^T y / features + 1)^3`. With the features "pool_3" of
    Inception it is the kernel Inception distance (KID).

    Args:
        real_activations: (count, features) floating point.
        fake_activations: (count, features) floating point.

    Returns:
        A float. For equal distributions its expectation is 0, and it can be
        below 0. It is computed in blocks of 1,024 rows, so the order of the
        rows matters a little: shuffle them. In practice it hardly sees rare
        images.

    Raises:
        ValueError: As for `frechet_distance`.

    Reference:
        - Binkowski et al., https://arxiv.org/abs/1801.01401, section 4.
    """
    return float(
        np.mean(block_kernel_distances(real_activations, fake_activations))
    )


def block_kernel_distances(real_activations, fake_activations):
    """Computes the kernel distance of each block of rows.

    Args:
        real_activations: (count, features) floating point.
        fake_activations: (count, features) floating point.

    Returns:
        A list of floats, whose mean is `kernel_distance`.

    Raises:
        ValueError: As for `frechet_distance`.
    """
    real_activations = as_rows(real_activations)
    fake_activations = as_rows(fake_activations)
    check_shape("real_activations", real_activations)
    check_shape("fake_activations", fake_activations)
    check_features(real_activations, fake_activations)
    counts = len(real_activations), len(fake_activations)
    blocks = -(-max(counts) // _KERNEL_BLOCK)
    if min(counts) < 2 * blocks:
        raise ValueError(
            f"The kernel distance needs at least {2 * blocks} real and as many "
            f"generated images, 2 for each block of {_KERNEL_BLOCK}. "
            f"Received: {counts[0]} real and {counts[1]} generated"
        )
    metrics = tfgan.classifier_metrics()
    logger = tf.get_logger()
    level = logger.level
    # tensorflow-gan uses a deprecated argument of `tf.map_fn`.
    logger.setLevel("ERROR")
    try:
        # One block at a time, because TensorFlow copies what it is given.
        distances = [
            float(
                metrics.kernel_classifier_distance_from_activations(
                    _block("real_activations", real_activations, rows),
                    _block("fake_activations", fake_activations, others),
                    max_block_size=_KERNEL_BLOCK + 1,
                )
            )
            for rows, others in zip(
                *(_blocks(count, blocks) for count in counts), strict=True
            )
        ]
    finally:
        logger.setLevel(level)
    return distances


def _block(name, activations, rows):
    return tf.constant(checked(name, activations[rows], rows.start))


def _blocks(count, blocks):
    """Returns the slices into which tensorflow-gan divides the rows."""
    size, larger = divmod(count, blocks)
    sizes = [size] * (blocks - larger) + [size + 1] * larger
    ends = np.cumsum(sizes).tolist()
    return [
        slice(end - rows, end) for end, rows in zip(ends, sizes, strict=True)
    ]
