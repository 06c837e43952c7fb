"""The paper's parts as Keras layers, on any Keras backend."""

from sagan_tf.layers.conditional_batch_normalization import (
    ConditionalBatchNormalization,
)
from sagan_tf.layers.resampling import DownsampleConv2D, UpsampleConv2D
from sagan_tf.layers.self_attention import SelfAttention
from sagan_tf.layers.spectral_normalization import SpectralNormalization
from sagan_tf.layers.winograd_convolution import WinogradConv2D

__all__ = [
    "ConditionalBatchNormalization",
    "DownsampleConv2D",
    "SelfAttention",
    "SpectralNormalization",
    "UpsampleConv2D",
    "WinogradConv2D",
]
