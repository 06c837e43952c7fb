"""Exports of a trained generator: SavedModels for TF Serving."""

from sagan_tf.export.from_run import export_run
from sagan_tf.export.saved_model import export_generator

__all__ = ["export_generator", "export_run"]
