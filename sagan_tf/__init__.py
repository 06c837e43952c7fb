"""Self-Attention GANs (Zhang et al., arXiv 1805.08318) in Keras 3."""

import os
import sys

# TensorFlow's C++ log has alarming, harmless lines. Commands of ours, whose
# package Python imports first, go without them; a program that imports this
# package keeps its own setting. ("-m" stands here while `python -m sagan_tf.x`
# imports `sagan_tf`.)
if sys.argv[0] == "-m" or os.path.basename(sys.argv[0]).startswith("sagan-"):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from sagan_tf import layers, losses, models  # noqa: E402
from sagan_tf.config import Config  # noqa: E402
from sagan_tf.gan import SAGAN  # noqa: E402
from sagan_tf.version import __version__  # noqa: E402

__all__ = ["SAGAN", "Config", "__version__", "layers", "losses", "models"]
