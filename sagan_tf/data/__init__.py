"""Images to train on: sources, a check of them, and the pipeline."""

from sagan_tf.data.pipeline import (
    evenly_spaced,
    ordered_dataset,
    training_dataset,
)
from sagan_tf.data.source import Source
from sagan_tf.data.sources import class_names, open_source
from sagan_tf.data.validation import check, check_headers, resolve_num_classes

__all__ = [
    "Source",
    "check",
    "check_headers",
    "class_names",
    "evenly_spaced",
    "open_source",
    "ordered_dataset",
    "resolve_num_classes",
    "training_dataset",
]
