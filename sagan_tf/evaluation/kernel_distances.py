"""Kernel distances: KID."""

import tensorflow as tf

from sagan_tf.evaluation import tfgan
from sagan_tf.evaluation.accumulators import check_features, checked

# Rows, tensorflow-gan's default.
_KERNEL_BLOCK = 1024


def kernel_distance(real_activations, fake_activations):
    """Kernel distance between two sets of activations, by tensorflow-gan.

    `E[k(x, x')] + E[k(y, y')] - 2 E[k(x, y)]`, the squared maximum mean
    discrepancy, with the kernel `k(x, y) = (x^T y / features + 1)^3`; its
    unbiased estimate. Of Inception's pool_3 it is the kernel Inception
    distance.

    Args:
        real_activations: (count, features) floating point.
        fake_activations: (count, features) floating point.

    Returns:
        A float; 0 is expected for equal distributions, and unbiased
        estimates of it can be below 0. Computed in blocks of 1,024 rows, so
        that the order of the rows matters a little: shuffle them. It ignores
        nothing in principle, and little in practice but rare images.

    Raises:
        ValueError: As for `frechet_distance`.

    Reference:
        - Binkowski et al., https://arxiv.org/abs/1801.01401, section 4.
    """
    real_activations = checked("real_activations", real_activations)
    fake_activations = checked("fake_activations", fake_activations)
    check_features(real_activations, fake_activations)
    counts = len(real_activations), len(fake_activations)
    blocks = -(-max(counts) // _KERNEL_BLOCK)
    if min(counts) < 2 * blocks:
        raise ValueError(
            f"The kernel distance needs at least {2 * blocks} images of either "
            f"kind, 2 for each block of {_KERNEL_BLOCK} of the other. "
            f"Received: {counts[0]} real and {counts[1]} generated"
        )
    metrics = tfgan.classifier_metrics()
    logger = tf.get_logger()
    level = logger.level
    # An argument of `tf.map_fn` that tensorflow-gan gives is deprecated.
    logger.setLevel("ERROR")
    try:
        distance = metrics.kernel_classifier_distance_from_activations(
            tf.constant(real_activations),
            tf.constant(fake_activations),
            max_block_size=_KERNEL_BLOCK,
        )
    finally:
        logger.setLevel(level)
    return float(distance)
