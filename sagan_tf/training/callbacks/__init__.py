"""What training does at the end of each window of `log_every_steps`."""

from sagan_tf.training.callbacks.memory import MemoryTrimmer
from sagan_tf.training.callbacks.stability import DivergenceGuard
from sagan_tf.training.callbacks.writers import (
    CheckpointWriter,
    EvaluationWriter,
    MetricsWriter,
    SampleWriter,
)
from sagan_tf.workdir.records import keep_until, last_metrics

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
