"""How good generated images are, measured through tensorflow-gan."""

from sagan_tf.evaluation.evaluate_run import evaluate
from sagan_tf.evaluation.evaluator import Evaluator
from sagan_tf.evaluation.frechet_distances import (
    frechet_distance,
    frechet_distance_of_few,
    intra_frechet_distance,
)
from sagan_tf.evaluation.inception_scores import inception_score
from sagan_tf.evaluation.kernel_distances import kernel_distance
from sagan_tf.evaluation.nearest_neighbours import (
    density_coverage,
    precision_recall,
)
from sagan_tf.evaluation.protocols import PRESETS, Protocol
from sagan_tf.evaluation.results import compare, describe, read, record

__all__ = [
    "PRESETS",
    "Evaluator",
    "Protocol",
    "compare",
    "density_coverage",
    "describe",
    "evaluate",
    "frechet_distance",
    "frechet_distance_of_few",
    "inception_score",
    "intra_frechet_distance",
    "kernel_distance",
    "precision_recall",
    "read",
    "record",
]
