"""Self-Attention GANs (Zhang et al., arXiv 1805.08318) in Keras 3."""

from sagan_tf import layers, losses, models
from sagan_tf.config import Config
from sagan_tf.gan import SAGAN
from sagan_tf.version import __version__

__all__ = ["SAGAN", "Config", "__version__", "layers", "losses", "models"]
