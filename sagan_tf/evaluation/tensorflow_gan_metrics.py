"""Metrics as tensorflow-gan computes them: the one place that imports it."""

import functools
import importlib
import importlib.machinery
import importlib.util
import pathlib
import sys
import warnings

import numpy as np
import tensorflow as tf

_PACKAGES = (
    "tensorflow_gan",
    "tensorflow_gan.python",
    "tensorflow_gan.python.eval",
)
# Rows, tensorflow-gan's default.
_KERNEL_BLOCK = 1024


@functools.cache
def _classifier_metrics():
    """Imports `tensorflow_gan.python.eval.classifier_metrics`.

    tensorflow-gan 2.1.0 as a whole cannot be imported on TensorFlow 2.16 and
    later (its estimators need `tf.estimator`), nor on Python 3.12 and later
    (`distutils`). The metrics need neither, so they are imported with bare
    packages standing in for the parents, whose `__init__` would fail. The
    parents are taken away again: where tensorflow_gan works, a later
    `import tensorflow_gan` gets the real one.
    """
    if "tensorflow_gan" in sys.modules:
        return importlib.import_module(
            "tensorflow_gan.python.eval.classifier_metrics"
        )
    specification = importlib.util.find_spec("tensorflow_gan")
    if specification is None:
        raise ImportError(
            "Evaluation needs tensorflow-gan: pip install tensorflow-gan"
        )
    root = pathlib.Path(specification.origin).parent
    before = set(sys.modules)
    try:
        for name in _PACKAGES:
            path = root.joinpath(*name.split(".")[1:])
            package = importlib.machinery.ModuleSpec(
                name, None, is_package=True
            )
            package.submodule_search_locations = [str(path)]
            sys.modules[name] = importlib.util.module_from_spec(package)
        with warnings.catch_warnings():
            # tensorflow-probability's, on version classes.
            warnings.simplefilter("ignore", DeprecationWarning)
            return importlib.import_module(
                f"{_PACKAGES[-1]}.classifier_metrics"
            )
    finally:
        for name in set(sys.modules) - before:
            if name.split(".")[0] == "tensorflow_gan":
                del sys.modules[name]


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
    real_activations = _checked("real_activations", real_activations)
    fake_activations = _checked("fake_activations", fake_activations)
    _check_features(real_activations, fake_activations)
    metrics = _classifier_metrics()
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
    root = _classifier_metrics().trace_sqrt_product(*covariances)
    trace = sum(tf.linalg.trace(covariance) for covariance in covariances)
    difference = np.sum((np.asarray(real_mean) - np.asarray(fake_mean)) ** 2)
    return float(difference + trace - 2 * root)


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
    real_activations = _checked("real_activations", real_activations)
    fake_activations = _checked("fake_activations", fake_activations)
    _check_features(real_activations, fake_activations)
    counts = len(real_activations), len(fake_activations)
    blocks = -(-max(counts) // _KERNEL_BLOCK)
    if min(counts) < 2 * blocks:
        raise ValueError(
            f"The kernel distance needs at least {2 * blocks} images of either "
            f"kind, 2 for each block of {_KERNEL_BLOCK} of the other. "
            f"Received: {counts[0]} real and {counts[1]} generated"
        )
    metrics = _classifier_metrics()
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


def inception_score(logits, splits=10):
    """Inception score (Salimans et al. 2016), by tensorflow-gan.

    `exp(mean(KL(p(y|x) | p(y))))`, computed for each of `splits` consecutive
    parts of nearly equal size.

    Args:
        logits: (count, classes) floating point, of generated images.
        splits: Integer of at least 1.

    Returns:
        The mean over the parts and their standard deviation, two floats; the
        score is in [1, classes]. It ignores the real images altogether, and
        variety within a class.

    Raises:
        ValueError: If `logits` is not two-dimensional, or `splits` is not in
            [1, count].

    Reference:
        - Salimans et al., https://arxiv.org/abs/1606.03498, section 4.
    """
    logits = _checked("logits", logits)
    if not 1 <= splits <= len(logits):
        raise ValueError(
            f"`splits` must be in [1, {len(logits)}], the number of images. "
            f"Received: splits={splits}"
        )
    metrics = _classifier_metrics()
    scores = [
        float(metrics.classifier_score_from_logits(tf.constant(part)))
        for part in np.array_split(logits, splits)
    ]
    return float(np.mean(scores)), float(np.std(scores))


def _checked(name, array):
    array = np.asarray(array, np.float32)
    if array.ndim != 2 or len(array) < 2:
        raise ValueError(
            f"`{name}` must be of shape (count, features) with at least 2 "
            f"rows. Received: {array.shape}"
        )
    if not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array).all(axis=1)))
        raise ValueError(f"`{name}` must be finite. Row {row} is not")
    return array


def _check_features(real_activations, fake_activations):
    if real_activations.shape[1] != fake_activations.shape[1]:
        raise ValueError(
            "`fake_activations` must have as many features as "
            f"`real_activations`. Received: {fake_activations.shape} and "
            f"{real_activations.shape}"
        )
