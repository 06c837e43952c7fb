"""Frechet distances: FID, and its forms for few images and for classes."""

import functools

import numpy as np
import tensorflow as tf

from sagan_tf.evaluation import tfgan
from sagan_tf.evaluation.accumulators import (
    Statistics,
    check_features,
    checked,
    row_blocks,
)

_JITTER = 1e-10


def frechet_distance(real_activations, fake_activations):
    """Frechet distance between Gaussians fitted to two sets of activations.

    `|m_1 - m_2|^2 + tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2))` with means m and
    covariances S, by tensorflow-gan. With the features "pool_3" of Inception
    it is the Frechet Inception distance (FID).

    Args:
        real_activations: (count, features) floating point.
        fake_activations: (count, features) floating point.

    Returns:
        A float of at least 0, up to rounding; 0 for equal statistics. It
        ignores all moments except the first two. Few samples bias it upwards:
        compare only equal counts, 10,000 or more.

    Raises:
        ValueError: If the arrays are not two-dimensional, have different
            numbers of features, or fewer than 2 rows.

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
    """Computes `frechet_distance` from statistics instead of activations.

    The trace of the matrix root is tensorflow-gan's `trace_sqrt_product` in
    float64, as in its own distance.

    Args:
        real_mean: (features,) floating point.
        real_covariance: (features, features) floating point, unbiased.
        fake_mean: (features,) floating point.
        fake_covariance: (features, features) floating point, unbiased.

    Returns:
        A float, as `frechet_distance` returns.
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
    """Computes the Frechet distance of few samples, exactly and fast.

    Let A and B be the centred activations, each divided by the square root of
    its count less one. The covariances are then S_1 = A^T A and S_2 = B^T B,
    and the trace of (S_1 S_2)^(1/2) is the sum of the singular values of
    A B^T. That matrix is (real count, fake count) instead of (features,
    features). If a count exceeds the features, the R of its QR decomposition
    replaces the activations.

    The result equals `frechet_distance` within 1e-3, relative. Few samples
    bias it upwards: compare only equal counts.

    Args:
        real_activations: (count, features) floating point, count at least 2.
        fake_activations: (count, features) floating point, count at least 2.

    Returns:
        A float of at least 0, up to rounding.

    Reference:
        - Heusel et al., https://arxiv.org/abs/1706.08500, equation 6; the
          sum of singular values is exact algebra.
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


def extrapolated_frechet_distance(
    real_mean, real_covariance, fake_activations, points=15
):
    """Frechet distance to infinitely many generated images (FID-infinity).

    With n images the expected distance is nearly `a + b / n`. The result is
    the `a` of the line through the distances of `points` numbers of images,
    from a tenth to all of them.

    Args:
        real_mean: (features,) floating point.
        real_covariance: (features, features) floating point, unbiased.
        fake_activations: (count, features) floating point, in any order.
        points: Integer of at least 3.

    Returns:
        The distance and its standard error from the fit, two floats.

    Raises:
        ValueError: If there are fewer than 1,000 images.

    Reference:
        - Chong and Forsyth, https://arxiv.org/abs/1911.07023.
    """
    count = len(fake_activations)
    if count < 1_000:
        raise ValueError(
            "The Frechet distance at infinity needs at least 1,000 generated "
            f"images. Received: {count}"
        )
    order = np.random.default_rng(0).permutation(count)
    counts = np.linspace(count // 10, count, points).astype(int)
    sums, distances, done = Statistics(), [], 0
    for end in counts:
        added = order[done:end]
        for rows in row_blocks(len(added)):
            sums.add(fake_activations[added[rows]], "generated images")
        done = end
        distances.append(
            gaussian_distance(
                real_mean, real_covariance, *sums.result(), overwrite=True
            )
        )
    (_, at_infinity), covariance = np.polyfit(
        1 / counts, distances, 1, cov=True
    )
    return float(at_infinity), float(np.sqrt(covariance[1, 1]))


def gaussian_distance(
    real_mean, real_covariance, mean, covariance, overwrite=False
):
    """Computes the Frechet distance of two Gaussians, fast.

    With the Cholesky factor L of the first covariance, the trace of the root
    of the product is the sum of the roots of the eigenvalues of L^T S_2 L.
    It equals `frechet_distance_from_statistics` within 1e-9, relative,
    where variances are above the 1e-10 below which tensorflow-gan takes no
    root, and needs less memory. If the first covariance has no
    full rank, because a feature never changes, a little is added to the first
    variances, which moves the distance by less than 1e-4 of it.

    Args:
        real_mean, mean: Float64 (features,).
        real_covariance, covariance: Float64 (features, features).
        overwrite: Boolean, whether `covariance` may be overwritten.

    Returns:
        A float.
    """
    # Imported here because it takes time, and few commands need it.
    import scipy.linalg

    try:
        factor = scipy.linalg.cholesky(real_covariance, lower=True)
    except np.linalg.LinAlgError:
        size = len(real_mean)
        jitter = _JITTER * np.trace(real_covariance) / size + 1e-300
        regular = real_covariance.copy()
        regular[np.diag_indices(size)] += jitter
        factor = scipy.linalg.cholesky(regular, lower=True, overwrite_a=True)
        del regular
    traces = np.trace(real_covariance) + np.trace(covariance)
    # In place, because there may be thousands of features. A symmetric matrix
    # is its transpose, which is in the order that BLAS needs.
    multiply = functools.partial(
        scipy.linalg.blas.dtrmm, 1, factor, lower=True, overwrite_b=True
    )
    product = covariance.T if overwrite else covariance.T.copy(order="F")
    product = multiply(product, trans_a=True)
    product = multiply(product, side=True)
    eigenvalues = scipy.linalg.eigvalsh(product, overwrite_a=True)
    root = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    return float(np.sum((real_mean - mean) ** 2) + traces - 2 * root)


def intra_frechet_distance(
    real_activations, real_labels, fake_activations, fake_labels
):
    """Computes the Frechet distance of each class; their mean is intra-FID.

    Unlike the FID of all classes together, it reveals a generator that always
    draws the same image of a class, or that draws another class.

    Args:
        real_activations: (count, features) floating point.
        real_labels: (count,) integers.
        fake_activations: (count, features) floating point.
        fake_labels: (count,) integers.

    Returns:
        A dictionary from each class in either set to its distance, a float of
        at least 0.

    Raises:
        ValueError: If a class has fewer than 2 images in one of the sets.

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
                f"class. Classes with fewer {kind} images: "
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
