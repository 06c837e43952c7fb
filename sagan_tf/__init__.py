"""Self-Attention GANs (Zhang et al., arXiv 1805.08318) in Keras 3."""

import os
import sys

# TensorFlow's C++ log has alarming, harmless lines. Commands of ours, whose
# package Python imports before them, go without; a program that imports this
# package keeps its own setting.
if any(
    os.path.basename(argument).startswith(("sagan-", "sagan_tf."))
    for argument in sys.orig_argv[1:3]
):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from sagan_tf import layers, losses, models, optimizers
from sagan_tf.config import Config
from sagan_tf.gan import SAGAN
from sagan_tf.version import __version__
from sagan_tf.workdir import load_generator

__all__ = [
    "SAGAN",
    "Config",
    "__version__",
    "layers",
    "load_generator",
    "losses",
    "models",
    "optimizers",
]
