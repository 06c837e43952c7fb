"""Callbacks at the end of each window of `log_every_steps` steps."""

from sagan_tf.training.callbacks.memory import MemoryTrimmer
from sagan_tf.training.callbacks.savers import (
    CheckpointWriter,
    EvaluationWriter,
)
from sagan_tf.training.callbacks.stability import DivergenceGuard
from sagan_tf.training.callbacks.writers import MetricsWriter, SampleWriter

__all__ = [
    "CheckpointWriter",
    "DivergenceGuard",
    "EvaluationWriter",
    "MemoryTrimmer",
    "MetricsWriter",
    "SampleWriter",
]
