"""Frechet distances: FID, of statistics, of few images, by class."""

import numpy as np
import tensorflow as tf

from sagan_tf.evaluation import tfgan
from sagan_tf.evaluation.accumulators import check_features, checked


def frechet_distance(real_activations, fake_activations):
    """Frechet distance between Gaussians fitted to two sets of activations.

    `|m_1 - m_2|^2 + tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2))` with means m and
    covariances S, by tensorflow-gan. Of Inception's pool_3 it is the Frechet
    Inception distance.

    Args:
        real_activations: (count, features) floating point.
        fake_activations: (count, features) floating point.

    Returns:
        A float of at least 0, up to rounding; 0 for equal statistics. It
        ignores all moments but the first two, and is biased upwards by few
        samples: compare only equal counts, 10,000 or more.

    Raises:
        ValueError: If the arrays are not two-dimensional, differ in features
            or have fewer than 2 rows.

    Reference:
        - Heusel et al., https://arxiv.org/abs/1706.08500, equation 6.
    """
    real_activations = checked("real_activations", real_activations)
    fake_activations = checked("fake_activations", fake_activations)
    check_features(real_activations, fake_activations)
    metrics = tfgan.classifier_metrics()
    return float(
        metrics.frechet_classifier_distance_from_activations(
            tf.constant(real_activations), tf.constant(fake_activations)
        )
    )


def frechet_distance_from_statistics(
    real_mean, real_covariance, fake_mean, fake_covariance
):
    """`frechet_distance` of statistics instead of activations.

    The trace of the root is tensorflow-gan's `trace_sqrt_product`, in float64
    as in its own distance; the activations need not be in memory.

    Args:
        real_mean: (features,) floating point.
        real_covariance: (features, features) floating point, unbiased.
        fake_mean: (features,) floating point.
        fake_covariance: (features, features) floating point, unbiased.

    Returns:
        A float, as `frechet_distance`.
    """
    covariances = [
        tf.constant(covariance, tf.float64)
        for covariance in (real_covariance, fake_covariance)
    ]
    root = tfgan.classifier_metrics().trace_sqrt_product(*covariances)
    trace = sum(tf.linalg.trace(covariance) for covariance in covariances)
    difference = np.sum((np.asarray(real_mean) - np.asarray(fake_mean)) ** 2)
    return float(difference + trace - 2 * root)


def frechet_distance_of_few(real_activations, fake_activations):
    """The Frechet distance, exactly, at a cost that grows with the samples.

    With A and B the centred activations, divided by the roots of their counts
    less one, the covariances are S_1 = A^T A and S_2 = B^T B, and the trace of
    (S_1 S_2)^(1/2) is the sum of the singular values of A B^T, a matrix of
    (real count, fake count) in place of (features, features). Where a count
    exceeds the features, its R of a QR decomposition stands for it.

    Equal to `frechet_distance` within 1e-3, relative; 0 for equal sets.
    It ignores, as that does, all but means and covariances, and from so few
    samples it is biased upwards: compare only equal counts.

    Args:
        real_activations: (count, features) floating point, count at least 2.
        fake_activations: (count, features) floating point, count at least 2.

    Returns:
        A float of at least 0, up to rounding.

    Reference:
        - Heusel et al., https://arxiv.org/abs/1706.08500, equation 6; the
          nuclear norm is exact algebra.
    """
    means, factors = [], []
    for activations in (real_activations, fake_activations):
        activations = np.asarray(activations, np.float64)
        means.append(activations.mean(0))
        centred = (activations - means[-1]) / np.sqrt(len(activations) - 1)
        if centred.shape[0] > centred.shape[1]:
            centred = np.linalg.qr(centred, mode="r")
        factors.append(centred)
    traces = sum(np.sum(factor**2) for factor in factors)
    product = factors[0] @ factors[1].T
    nuclear_norm = np.linalg.svd(product, compute_uv=False).sum()
    distance = np.sum((means[0] - means[1]) ** 2)
    return float(distance + traces - 2 * nuclear_norm)


def intra_frechet_distance(
    real_activations, real_labels, fake_activations, fake_labels
):
    """Frechet distance of each class; their mean is the intra-FID.

    It sees what the FID of all classes together does not: a class of which
    the generator draws one image only, or another class in its place. It
    ignores what the Frechet distance ignores.

    Args:
        real_activations: (count, features) floating point.
        real_labels: (count,) integers.
        fake_activations: (count, features) floating point.
        fake_labels: (count,) integers.

    Returns:
        A dictionary from class to distance, a float of at least 0, for each
        class of either set.

    Raises:
        ValueError: If a class has fewer than 2 images in either set.

    Reference:
        - Miyato and Koyama, https://arxiv.org/abs/1802.05637, section 4;
          Zhang et al., https://arxiv.org/abs/1805.08318, table 2.
    """
    real_labels, fake_labels = map(np.asarray, (real_labels, fake_labels))
    classes = np.union1d(real_labels, fake_labels)
    for kind, labels in (("real", real_labels), ("generated", fake_labels)):
        few = [int(c) for c in classes if np.sum(labels == c) < 2]
        if few:
            raise ValueError(
                "The intra-class Frechet distance needs 2 images of each "
                f"class. Fewer {kind} ones have the classes "
                f"{', '.join(map(str, few[:10]))}"
                f"{', ...' * (len(few) > 10)}"
            )
    return {
        int(c): frechet_distance_of_few(
            real_activations[real_labels == c],
            fake_activations[fake_labels == c],
        )
        for c in classes
    }
