"""Images of a trained generator: samples, strips, attention, a report."""

from sagan_tf.sampling.attention_maps import attention_figure
from sagan_tf.sampling.outputs import write_outputs
from sagan_tf.sampling.request import Request
from sagan_tf.sampling.sampler import Sampler

__all__ = ["Request", "Sampler", "attention_figure", "write_outputs"]
