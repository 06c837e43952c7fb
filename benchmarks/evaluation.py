"""Times the metrics of an evaluation, and the extraction of features.

    python benchmarks/evaluation.py [--images=50000] [--features=2048]

Each metric runs in a process of its own, once, on the same random activations.
Its peak is the resident memory of that process, activations and imports
included; "activations" is the same without a metric. Two rows are other ways
to the same number: SciPy's matrix square root for the Frechet distance, and
tensorflow-gan one class at a time for the intra-class distance, of which
`--classes_timed` classes are timed and the seconds multiplied. "extraction" is
an InceptionV3 with random weights on batches of 100 images. "two sets" is
`evaluate_images` from batches of images of 32 px to all metrics, with a random
projection in the place of Inception; `activations_gibibytes` is the memory of
the features and logits of both sets, and `gibibytes_before` the resident memory
after an evaluation of 1,000 images.

The result is benchmarks/results/evaluation.json.
"""

from absl import app, flags
from harness import pairs, record, workloads

_IMAGES = flags.DEFINE_integer("images", 50_000, "Activations of each kind.")
_FEATURES = flags.DEFINE_integer("features", 2048, "Length of an activation.")
_CLASSES = flags.DEFINE_integer("classes", 1000, "Classes for intra-FID.")
_CLASSES_TIMED = flags.DEFINE_integer(
    "classes_timed", 2, "Classes timed one at a time by tensorflow-gan."
)
_NEIGHBOUR_IMAGES = flags.DEFINE_integer(
    "neighbour_images", 10_000, "Images for precision and recall."
)
_ROWS = flags.DEFINE_multi_string(
    "row", [], "A row to measure; all by default."
)

_EXTRACTION_BATCH = 100
_LOGITS = 1008  # of Inception


def _activations(images, features):
    """Returns real and fake ones, whose variances fall as real features' do."""
    import numpy as np

    random = np.random.default_rng(0)
    scales = (np.arange(1, features + 1) ** -0.5).astype("float32")
    real, fake = (
        random.standard_normal((images, features), "float32") for _ in range(2)
    )
    real *= scales
    fake *= 1.1 * scales
    return real, fake


def _no_metric(real, fake, options):
    return float(real[0, 0])


def _frechet(real, fake, options):
    from sagan_tf import evaluation

    return evaluation.frechet_distance(real, fake)


def _statistics(activations):
    from sagan_tf.evaluation.accumulators import Statistics

    statistics = Statistics()
    for start in range(0, len(activations), 100):
        statistics.add(activations[start : start + 100], "the benchmark")
    return statistics.result()


def _frechet_from_statistics(real, fake, options):
    from sagan_tf.evaluation import frechet_distances

    return frechet_distances.frechet_distance_from_statistics(
        *_statistics(real), *_statistics(fake)
    )


def _frechet_scipy(real, fake, options):
    import numpy as np
    import scipy.linalg

    means = real.mean(0, "float64"), fake.mean(0, "float64")
    covariances = [np.cov(a, rowvar=False) for a in (real, fake)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    traces = sum(np.trace(covariance) for covariance in covariances)
    return float(
        np.sum((means[0] - means[1]) ** 2) + traces - 2 * np.trace(root.real)
    )


def _kernel(real, fake, options):
    from sagan_tf import evaluation

    return evaluation.kernel_distance(real, fake)


def _neighbours(real, fake, options):
    from sagan_tf.evaluation import nearest_neighbours

    count = options["neighbour_images"]
    found = nearest_neighbours.manifold_metrics(real[:count], fake[:count])
    return found["precision"]


def _score(real, fake, options):
    from sagan_tf import evaluation

    return evaluation.inception_score(fake[:, :1008])[0]


def _labels(activations, options):
    import numpy as np

    return np.arange(len(activations)) % options["classes"]


def _intra_frechet(real, fake, options):
    from sagan_tf import evaluation

    labels = _labels(real, options)
    found = evaluation.intra_frechet_distance(real, labels, fake, labels)
    return sum(found.values()) / len(found)


def _intra_frechet_tensorflow_gan(real, fake, options):
    from sagan_tf import evaluation

    labels = _labels(real, options)
    return sum(
        evaluation.frechet_distance(real[labels == c], fake[labels == c])
        for c in range(options["classes_timed"])
    )


_BY_CLASS = "intra-FID, tensorflow-gan"
_METRICS = {
    "activations": _no_metric,
    "FID, tensorflow-gan, as evaluated": _frechet_from_statistics,
    "FID, tensorflow-gan, from activations": _frechet,
    "FID, SciPy's sqrtm": _frechet_scipy,
    "KID, tensorflow-gan": _kernel,
    "Inception score, tensorflow-gan": _score,
    "precision, recall, density, coverage": _neighbours,
    "intra-FID": _intra_frechet,
    _BY_CLASS: _intra_frechet_tensorflow_gan,
}


def metric(name, images, features, **options):
    """Makes the computation of one metric. Its result is the value."""
    from sagan_tf import evaluation

    real, fake = _activations(images, features)
    # The first call imports tensorflow-gan, which is not the metric's time.
    evaluation.frechet_distance(real[:9, :9], fake[:9, :9])
    return lambda: float(_METRICS[name](real, fake, options)), {}


def extraction():
    """Makes the extraction of the features of a batch of images."""
    tf = workloads.tensorflow()
    import keras

    network = keras.applications.InceptionV3(
        weights=None, include_top=False, pooling="avg"
    )
    run = tf.function(
        lambda images: network(
            tf.image.resize(images, (299, 299)), training=False
        )
    )
    images = tf.random.uniform((_EXTRACTION_BATCH, 128, 128, 3), -1, 1)
    return lambda: run(images).numpy().shape, {"images": _EXTRACTION_BATCH}


def two_sets(images, features):
    """Makes an evaluation of two sets of images. Its result is the memory."""
    tf = workloads.tensorflow()
    import numpy as np

    from sagan_tf import evaluation
    from sagan_tf.evaluation.extractors import Extractor

    random = np.random.default_rng(0)
    kernels = [
        tf.constant(random.standard_normal(shape, "float32") / 50)
        for shape in ((32 * 32 * 3, features), (features, _LOGITS))
    ]

    @tf.function(reduce_retracing=True)
    def run(batch):
        found = tf.nn.relu(tf.reshape(batch, (-1, 32 * 32 * 3)) @ kernels[0])
        return found, found @ kernels[1]

    def batches(seed, count):
        random = np.random.default_rng(seed)
        for _ in range(0, count, 500):
            coarse = random.integers(0, 256, (500, 8, 8, 3), np.uint8)
            yield coarse.repeat(4, axis=1).repeat(4, axis=2)

    def evaluate(count):
        return evaluation.evaluate_images(
            batches(1, count),
            batches(2, count),
            extractor=Extractor("random", "custom", run, "0", ("a", "b")),
        )

    evaluate(1000)
    before = pairs.memory("VmRSS")
    facts = {
        "images": images,
        "gibibytes_before": before,
        "activations_gibibytes": 2 * images * (features + _LOGITS) * 4 / 2**30,
    }
    return lambda: len(evaluate(images)["metrics"]), facts


def main():
    settings = {
        "images": _IMAGES.value,
        "features": _FEATURES.value,
        "classes": _CLASSES.value,
        "classes_timed": _CLASSES_TIMED.value,
        "neighbour_images": _NEIGHBOUR_IMAGES.value,
    }
    cases = [
        pairs.Case(name, "metric", {"name": name, **settings}, warm_up=False)
        for name in _METRICS
    ]
    cases.append(pairs.Case("extraction", "extraction"))
    sets = {"images": _IMAGES.value, "features": _FEATURES.value}
    cases.append(pairs.Case("two sets", "two_sets", sets, warm_up=False))
    rows = []
    for case in cases:
        if _ROWS.value and case.name not in _ROWS.value:
            continue
        (child,) = pairs.alternate([case], 1)
        row = record.measured(child)
        if case.kind == "metric":
            row["value"] = child.results[0]
        if case.name == _BY_CLASS:
            factor = _CLASSES.value / _CLASSES_TIMED.value
            row["seconds_for_all_classes"] = factor * child.seconds[0]
        rows.append(row)
        record.print_rows("evaluation", [row])
    record.write("evaluation", rows, **settings)


if __name__ == "__main__":
    app.run(lambda _: pairs.run([metric, extraction, two_sets], main))
