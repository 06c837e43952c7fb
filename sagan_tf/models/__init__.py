"""The networks, as functional Keras models."""

from sagan_tf.models.discriminator import build_discriminator
from sagan_tf.models.generator import build_generator

__all__ = ["build_discriminator", "build_generator"]
