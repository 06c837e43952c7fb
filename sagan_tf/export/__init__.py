"""Exports of a trained generator: SavedModel, ONNX and LiteRT."""

from sagan_tf.export.from_run import export_run
from sagan_tf.export.onnx_and_litert import export_file
from sagan_tf.export.saved_model import export_generator

__all__ = ["export_file", "export_generator", "export_run"]
