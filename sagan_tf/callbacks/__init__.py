"""What training does at the end of each window of `log_every_steps`."""

from sagan_tf.callbacks.memory import MemoryTrimmer
from sagan_tf.callbacks.resuming import keep_until, last_metrics
from sagan_tf.callbacks.stability import DivergenceGuard
from sagan_tf.callbacks.writers import (
    CheckpointWriter,
    EvaluationWriter,
    MetricsWriter,
    SampleWriter,
)

__all__ = [
    "CheckpointWriter",
    "DivergenceGuard",
    "EvaluationWriter",
    "MemoryTrimmer",
    "MetricsWriter",
    "SampleWriter",
    "keep_until",
    "last_metrics",
]
