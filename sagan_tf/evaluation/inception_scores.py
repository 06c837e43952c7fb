"""The Inception score."""

import functools

import numpy as np
import tensorflow as tf

from sagan_tf.evaluation import tfgan
from sagan_tf.evaluation.accumulators import as_rows, check_shape, checked


def inception_score(logits, splits=10):
    """Inception score (Salimans et al. 2016), by tensorflow-gan.

    `exp(mean(KL(p(y|x) | p(y))))`, computed for each of `splits` consecutive
    parts of nearly equal size.

    Args:
        logits: (count, classes) floating point, of generated images.
        splits: Integer of at least 1.

    Returns:
        The mean and the standard deviation of the parts' scores, two floats.
        A score is in [1, classes]. It ignores the real images, and the
        variety within a class.

    Raises:
        ValueError: If `logits` is not two-dimensional, or `splits` is not in
            [1, count].

    Reference:
        - Salimans et al., https://arxiv.org/abs/1606.03498, section 4.
    """
    logits = as_rows(logits)
    check_shape("logits", logits)
    if not 1 <= splits <= len(logits):
        raise ValueError(
            f"`splits` must be in [1, {len(logits)}], the number of images. "
            f"Received: splits={splits}"
        )
    score = _compiled_score()
    scores = []
    # One part at a time, so that there is no copy of all logits.
    for rows in np.array_split(np.arange(len(logits)), splits):
        part = checked("logits", logits[rows], rows[0], least=1)
        scores.append(float(score(tf.constant(part))))
    return float(np.mean(scores)), float(np.std(scores))


@functools.cache
def _compiled_score():
    """Compiles tensorflow-gan's score.

    TensorFlow then reuses the memory of what it is done with.
    """
    return tf.function(
        tfgan.classifier_metrics().classifier_score_from_logits,
        reduce_retracing=True,
    )
