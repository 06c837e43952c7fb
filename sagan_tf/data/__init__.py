"""Images to train on: sources, a check of them, and the pipeline."""

from sagan_tf.data.check import check, check_headers, resolve_num_classes
from sagan_tf.data.pipeline import (
    evenly_spaced,
    ordered_dataset,
    to_float,
    to_uint8,
    training_dataset,
)
from sagan_tf.data.sources import Source, class_names, open_source

__all__ = [
    "Source",
    "check",
    "check_headers",
    "class_names",
    "evenly_spaced",
    "open_source",
    "ordered_dataset",
    "resolve_num_classes",
    "to_float",
    "to_uint8",
    "training_dataset",
]
