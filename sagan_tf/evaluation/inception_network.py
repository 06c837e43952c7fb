"""TF-GAN's Inception network, the feature extractor of FID."""

import keras
import tensorflow as tf

from sagan_tf.evaluation.extractors import Extractor, flat
from sagan_tf.utils import files

# The default of `tensorflow_gan.eval.inception_metrics`.
INCEPTION_URL = "https://tfhub.dev/tensorflow/tfgan/eval/inception/1"
_INCEPTION_SIZE = 299
_INCEPTION_OUTPUTS = ("logits", "pool_3")


def inception(path=None):
    """Loads TF-GAN's Inception module.

    Images are resized to 299x299 bilinearly, on the pixel grid of TensorFlow
    1, as in TF-GAN's examples and in the graph that defined the distance.

    Args:
        path: Local SavedModel of the module, or its https:// address on TF
            Hub. None: TF-GAN's address.

    Returns:
        An `Extractor` with 2048 features, "pool_3", and 1008 "logits".

    Raises:
        ValueError: If the module cannot be downloaded, or if `path` is not
            such a module.
    """
    url = INCEPTION_URL if path is None else str(path)
    is_url = url.startswith("https://")
    directory = _download(url) if is_url else path
    wrong = (
        f"`inception` must be a SavedModel of {INCEPTION_URL}, from 299x299 "
        f"images to {_INCEPTION_OUTPUTS}. Received: {directory}, "
    )
    try:
        module = tf.saved_model.load(str(directory))
        size = _INCEPTION_SIZE
        outputs = module(tf.zeros((1, size, size, 3)))
    except (OSError, ValueError, TypeError, tf.errors.OpError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ValueError(f"{wrong}which is not ({reason})") from None
    if not isinstance(outputs, dict) or not outputs.keys() >= set(
        _INCEPTION_OUTPUTS
    ):
        found = sorted(outputs) if isinstance(outputs, dict) else "no names"
        raise ValueError(f"{wrong}whose outputs are {found}")

    @tf.function(reduce_retracing=True)
    def run(images):
        outputs = module(tf.compat.v1.image.resize(images, (size, size)))
        return tuple(flat(outputs[name]) for name in ("pool_3", "logits"))

    return Extractor(
        f"inception ({directory})",
        "inception",
        run,
        files.sha256_of_tree(directory),
        ("pool_3", "logits"),
    )


def _download(url):
    # Keras cuts a name at its first dot.
    name = url.removeprefix("https://").replace("/", "_").replace(".", "_")
    try:
        return keras.utils.get_file(
            name, origin=f"{url}?tf-hub-format=compressed", extract=True
        )
    except Exception as error:
        # `get_file` raises a bare `Exception` for errors of the network.
        reason = str(error).strip().splitlines()[0]
        raise ValueError(
            f"{url} cannot be downloaded ({reason}): use a machine with a "
            "network, or pass a local SavedModel of it as --inception=PATH"
        ) from None
