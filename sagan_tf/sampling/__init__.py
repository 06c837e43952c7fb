"""Pictures of a trained generator: samples, strips, attention, a report."""

from sagan_tf.sampling.attention_maps import attention_figure
from sagan_tf.sampling.sampler import Sampler

__all__ = ["Sampler", "attention_figure"]
