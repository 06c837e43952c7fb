"""Training images: sources, their validation, and the pipeline."""

from sagan_tf.data.image_folder import open_pictures
from sagan_tf.data.pipeline import (
    is_spaced,
    ordered_dataset,
    spaced_source,
    training_dataset,
)
from sagan_tf.data.source import Source
from sagan_tf.data.sources import (
    class_names,
    open_configured,
    open_source,
    open_unchecked,
)
from sagan_tf.data.validation import (
    check,
    naming_bad_images,
    resolve_num_classes,
)

__all__ = [
    "Source",
    "check",
    "class_names",
    "is_spaced",
    "naming_bad_images",
    "open_configured",
    "open_pictures",
    "open_source",
    "open_unchecked",
    "ordered_dataset",
    "resolve_num_classes",
    "spaced_source",
    "training_dataset",
]
