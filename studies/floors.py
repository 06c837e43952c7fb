"""How the metrics of real images depend on how many there are.

    python studies/floors.py [--data_dir=DIR]

Each data set is divided in two, with the same shares of the classes, and one
half is evaluated against the other as if it were generated. Nothing is
generated, so the numbers are what a perfect generator would reach. The features
are those of a classifier that is trained on the whole set. The result is
studies/floors.json and a table for docs/evaluation.md.
"""

import json
import pathlib

import numpy as np
import tensorflow as tf
from absl import app, flags

from sagan_tf import data
from sagan_tf.evaluation import trained_classifiers
from sagan_tf.evaluation.comparison import compare_sets
from sagan_tf.evaluation.extraction import extract
from sagan_tf.evaluation.replicas import OnReplicas
from sagan_tf.evaluation.sets import pictures
from sagan_tf.utils import files

_SETS = {
    "digits": "digits:train",
    "Fashion-MNIST": "tfds:fashion_mnist:train",
}
_COUNTS = (1_000, 5_000, None)
_METRICS = ["fid", "kid", "precision_recall", "intra_fid"]
_COLUMNS = {
    "frechet_classifier_distance": "Frechet distance",
    "intra_frechet_classifier_distance": "within classes",
    "kernel_classifier_distance": "kernel distance",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
}
RESULT = pathlib.Path(__file__).with_suffix(".json")


def halves(images, count):
    """Returns two halves of so many images, alike in their classes."""
    order = np.argsort(images.labels, kind="stable")
    chosen = order[data.is_spaced(np.arange(images.count), count, images.count)]
    return images.rows(np.sort(chosen[::2])), images.rows(np.sort(chosen[1::2]))


def _measure(name, data_dir):
    """Returns a dictionary from the number of images to the metrics."""
    images = pictures.of_data_set(name, data_dir)
    extractor = trained_classifiers.trained_on(images)
    run = OnReplicas(tf.distribute.get_strategy(), extractor.run)
    found, _ = extract(images, extractor, run, None, 100)
    results = {}
    for count in _COUNTS:
        if count is not None and count > found.count:
            continue
        first, second = halves(found, count or found.count)
        result = compare_sets(first, second, extractor, _METRICS)
        results[count or found.count] = {
            name: [result["metrics"][name], *result["intervals"][name]]
            for name in _COLUMNS
        }
    return results


def table(results):
    """Returns the results as a table in Markdown."""
    lines = [
        f"| images | {' | '.join(_COLUMNS.values())} |",
        f"|---|{'---|' * len(_COLUMNS)}",
    ]
    for name, by_count in results.items():
        for count, metrics in by_count.items():
            values = [
                f"{value:.3g} ({low:.3g} .. {high:.3g})"
                for value, low, high in (metrics[each] for each in _COLUMNS)
            ]
            lines.append(f"| {name}, {int(count):,} | {' | '.join(values)} |")
    return "\n".join(lines)


def main(_):
    data_dir = flags.FLAGS.data_dir
    results = {
        name: _measure(address, data_dir) for name, address in _SETS.items()
    }
    files.write_text(RESULT, json.dumps(results, indent=2) + "\n")
    print(table(results))


if __name__ == "__main__":
    flags.DEFINE_string("data_dir", "", "Directory of TensorFlow Datasets.")
    app.run(main)
