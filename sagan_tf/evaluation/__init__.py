"""How good generated images are, measured through tensorflow-gan."""

from sagan_tf.evaluation.evaluator import Evaluator
from sagan_tf.evaluation.intra_frechet_distance import (
    frechet_distance_of_few,
    intra_frechet_distance,
)
from sagan_tf.evaluation.manifold import density_coverage, precision_recall
from sagan_tf.evaluation.protocols import PRESETS, Protocol
from sagan_tf.evaluation.results import compare, describe, read, record
from sagan_tf.evaluation.runs import evaluate
from sagan_tf.evaluation.tensorflow_gan_metrics import (
    frechet_distance,
    inception_score,
    kernel_distance,
)

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
