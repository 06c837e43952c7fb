"""How good generated images are, measured through tensorflow-gan.

Names are imported when they are first used, so that a command's `--help`,
which needs `Protocol`, does not wait for TensorFlow.
"""

from sagan_tf.utils import lazy

_NAMES = {
    "Evaluator": "evaluator",
    "PRESETS": "protocols",
    "Protocol": "protocols",
    "METRICS": "protocols",
    "density_coverage": "nearest_neighbours",
    "describe": "results",
    "describe_comparison": "tables",
    "evaluate": "evaluate_run",
    "evaluate_images": "image_evaluation",
    "extrapolated_frechet_distance": "frechet_distances",
    "frechet_distance": "frechet_distances",
    "frechet_distance_of_few": "frechet_distances",
    "inception_score": "inception_scores",
    "intra_frechet_distance": "frechet_distances",
    "kernel_distance": "kernel_distances",
    "precision_recall": "nearest_neighbours",
    "rank": "ranking",
    "record": "results",
}
__all__ = sorted(_NAMES)
__getattr__, __dir__ = lazy.attach(__name__, _NAMES)
