"""Time and peak memory of the metrics, and images per second of extraction.

    python benchmarks/evaluation.py [--images=50000] [--features=2048]

Each metric runs in a process of its own on the same random activations; the
peak is that process' resident memory, activations and imports included, and
"activations" is the same without any metric. Two rows are other ways to the
same number: SciPy's root of a matrix for the Frechet distance, and one class
at a time by tensorflow-gan for the intra-class distance (`--classes_timed` of
them, times the number of classes).
"""

import json
import os
import platform
import resource
import subprocess
import sys
import time

from absl import app, flags

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_IMAGES = flags.DEFINE_integer("images", 50_000, "Of each kind.")
_FEATURES = flags.DEFINE_integer("features", 2048, "Of the extractor.")
_CLASSES = flags.DEFINE_integer("classes", 1000, "For the intra-class one.")
_CLASSES_TIMED = flags.DEFINE_integer(
    "classes_timed", 2, "Classes measured one at a time by tensorflow-gan."
)
_MANIFOLD_IMAGES = flags.DEFINE_integer(
    "manifold_images", 10_000, "For precision, recall, density, coverage."
)
_EXTRACTED = flags.DEFINE_integer("extracted", 200, "Images to extract.")
_METRIC = flags.DEFINE_string("metric", None, "Run this one alone.")


def _activations():
    """Correlated, with variances that fall as those of real features."""
    import numpy as np

    random = np.random.default_rng(0)
    shape = (_IMAGES.value, _FEATURES.value)
    scales = (np.arange(1, shape[1] + 1) ** -0.5).astype("float32")
    real, fake = (random.standard_normal(shape, "float32") for _ in range(2))
    real *= scales
    fake *= 1.1 * scales
    return real, fake


def _activations_alone(real, fake):
    return float(real[0, 0])


def _frechet(real, fake):
    from sagan_tf import evaluation

    return evaluation.frechet_distance(real, fake)


def _statistics(activations):
    from sagan_tf.evaluation.accumulators import Statistics

    statistics = Statistics()
    for start in range(0, len(activations), 100):
        statistics.add(activations[start : start + 100], "the benchmark")
    return statistics.result()


def _frechet_from_statistics(real, fake):
    from sagan_tf.evaluation import tfgan

    return tfgan.frechet_distance_from_statistics(
        *_statistics(real), *_statistics(fake)
    )


def _frechet_scipy(real, fake):
    import numpy as np
    import scipy.linalg

    means = real.mean(0, "float64"), fake.mean(0, "float64")
    covariances = [np.cov(a, rowvar=False) for a in (real, fake)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    traces = sum(np.trace(covariance) for covariance in covariances)
    return float(
        np.sum((means[0] - means[1]) ** 2) + traces - 2 * np.trace(root.real)
    )


def _kernel(real, fake):
    from sagan_tf import evaluation

    return evaluation.kernel_distance(real, fake)


def _manifold(real, fake):
    from sagan_tf.evaluation import nearest_neighbours

    most = _MANIFOLD_IMAGES.value
    return nearest_neighbours.manifold_metrics(real[:most], fake[:most])[
        "precision"
    ]


def _score(real, fake):
    from sagan_tf import evaluation

    return evaluation.inception_score(fake[:, :1008])[0]


def _labels():
    import numpy as np

    return np.arange(_IMAGES.value) % _CLASSES.value


def _intra_frechet(real, fake):
    from sagan_tf import evaluation

    labels = _labels()
    found = evaluation.intra_frechet_distance(real, labels, fake, labels)
    return sum(found.values()) / len(found)


def _intra_frechet_tensorflow_gan(real, fake):
    from sagan_tf import evaluation

    labels = _labels()
    return sum(
        evaluation.frechet_distance(real[labels == c], fake[labels == c])
        for c in range(_CLASSES_TIMED.value)
    )


def _extraction():
    """Images per second through a network of Inception's size."""
    import keras
    import tensorflow as tf

    network = keras.applications.InceptionV3(
        weights=None, include_top=False, pooling="avg"
    )
    run = tf.function(
        lambda images: network(
            tf.image.resize(images, (299, 299)), training=False
        )
    )
    images = tf.random.uniform((100, 128, 128, 3), -1, 1)
    run(images)
    start = time.monotonic()
    for _ in range(_EXTRACTED.value // 100):
        run(images).numpy()
    return _EXTRACTED.value // 100 * 100 / (time.monotonic() - start)


METRICS = {
    "activations": _activations_alone,
    "FID, tensorflow-gan, as evaluated": _frechet_from_statistics,
    "FID, tensorflow-gan, from activations": _frechet,
    "FID, SciPy's sqrtm": _frechet_scipy,
    "KID, tensorflow-gan": _kernel,
    "Inception score, tensorflow-gan": _score,
    "precision, recall, density, coverage": _manifold,
    "intra-FID": _intra_frechet,
    "intra-FID, tensorflow-gan": _intra_frechet_tensorflow_gan,
}


def _measure(name):
    """In a child: prints the value, the seconds and the peak in GiB."""
    from sagan_tf import evaluation

    real, fake = _activations()
    # What tensorflow-gan's first call imports is not the metric's time.
    evaluation.frechet_distance(real[:9, :9], fake[:9, :9])
    start = time.monotonic()
    value = METRICS[name](real, fake)
    seconds = time.monotonic() - start
    if name == "intra-FID, tensorflow-gan":
        seconds *= _CLASSES.value / _CLASSES_TIMED.value
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(json.dumps([value, seconds, peak]))


def main(_):
    if _METRIC.value is not None:
        _measure(_METRIC.value)
        return
    cores = os.cpu_count()
    print(
        f"{_IMAGES.value} x {_FEATURES.value} activations of each kind, "
        f"{_CLASSES.value} classes, {_MANIFOLD_IMAGES.value} images for "
        f"precision and recall; {platform.machine()}, {cores} cores"
    )
    print(f"{'':40} {'value':>12} {'seconds':>9} {'peak GiB':>9}")
    for name in METRICS:
        child = subprocess.run(
            [sys.executable, *sys.argv, f"--metric={name}"],
            capture_output=True,
            text=True,
        )
        if child.returncode:
            sys.exit(child.stderr)
        value, seconds, peak = json.loads(child.stdout.splitlines()[-1])
        print(f"{name:40} {value:12.6g} {seconds:9.1f} {peak:9.2f}", flush=True)
    if _EXTRACTED.value:
        print(f"extraction: {_extraction():.1f} images/s")


if __name__ == "__main__":
    app.run(main)
