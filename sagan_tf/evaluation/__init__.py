"""How good generated images are, measured through tensorflow-gan."""

from sagan_tf.evaluation.protocol import (
    Evaluator,
    describe,
    evaluate,
    record,
)
from sagan_tf.evaluation.tensorflow_gan_metrics import (
    frechet_distance,
    inception_score,
    kernel_distance,
)

__all__ = [
    "Evaluator",
    "describe",
    "evaluate",
    "frechet_distance",
    "inception_score",
    "kernel_distance",
    "record",
]
