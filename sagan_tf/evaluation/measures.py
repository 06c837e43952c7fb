"""All metrics of a protocol, from activations."""

import dataclasses

import numpy as np

from sagan_tf.evaluation.accumulators import Statistics
from sagan_tf.evaluation.frechet_distances import (
    frechet_distance_from_statistics,
    intra_frechet_distance,
)
from sagan_tf.evaluation.inception_scores import inception_score
from sagan_tf.evaluation.kernel_distances import kernel_distance
from sagan_tf.evaluation.nearest_neighbours import manifold_metrics

_LISTED_CLASSES = 10


@dataclasses.dataclass
class Generated:
    """What an extractor made of generated images.

    Attributes:
        statistics: `Statistics` of the features.
        features: Float32 (count, features).
        logits: Float32 (count, classes).
        labels: int32 (count,), the requested classes; None without classes.
    """

    statistics: Statistics
    features: np.ndarray
    logits: np.ndarray
    labels: np.ndarray | None


def measure(real, generated, extractor, protocol, num_classes=None):
    """Computes the metrics of generated images.

    Args:
        real: `Reference`.
        generated: `Generated`.
        extractor: `Extractor` that both come from.
        protocol: `Protocol`.
        num_classes: Integer, number of classes of the run, or None.

    Returns:
        The metrics, a dictionary from names to floats; the classes with the
        smallest and the largest intra-class Frechet distance, two
        dictionaries; and a list of warnings, one for each metric that needs
        more images.
    """
    prefix = extractor.metric_prefix
    by_class = {}

    def frechet():
        distance = frechet_distance_from_statistics(
            real.mean, real.covariance, *generated.statistics.result()
        )
        return {f"frechet_{prefix}_distance": distance}

    def score():
        name = f"{prefix}_score"
        mean, deviation = inception_score(
            generated.logits, protocol.score_splits
        )
        whole, _ = inception_score(generated.logits, splits=1)
        return {
            f"{name}_mean": mean,
            f"{name}_standard_deviation": deviation,
            f"{name}_without_splits": whole,
        }

    def kernel():
        distance = kernel_distance(real.features, generated.features)
        return {f"kernel_{prefix}_distance": distance}

    def manifold():
        count = protocol.manifold_images
        return manifold_metrics(
            real.features[:count], generated.features[:count]
        )

    def class_accuracy():
        correct = np.argmax(generated.logits, axis=-1) == generated.labels
        return {"asked_for_class_share": float(np.mean(correct))}

    def intra_frechet():
        by_class.update(
            intra_frechet_distance(
                real.features, real.labels, generated.features, generated.labels
            )
        )
        mean = float(np.mean(list(by_class.values())))
        return {f"intra_frechet_{prefix}_distance": mean}

    metrics = {**frechet(), **score()}
    # These may need more images than there are.
    optional = [kernel, manifold]
    if generated.labels is not None:
        same_classes = generated.logits.shape[1] == num_classes
        if extractor.predicts_labels or (prefix == "custom" and same_classes):
            optional.append(class_accuracy)
        optional.append(intra_frechet)
    warnings = []
    for compute in optional:
        try:
            metrics.update(compute())
        except ValueError as error:
            warnings.append(f"Not computed: {error}")
    return metrics, _extremes(by_class), warnings


def _extremes(by_class):
    """Returns the classes with the smallest and largest distances, if any."""
    if not by_class:
        return {}
    ordered = sorted(by_class.items(), key=lambda item: item[1])
    return {
        "best": dict(ordered[:_LISTED_CLASSES]),
        "worst": dict(ordered[::-1][:_LISTED_CLASSES]),
    }
