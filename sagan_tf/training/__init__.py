"""Training: a run, its loop, and its files."""

from sagan_tf.training.building import build_gan, make_strategy
from sagan_tf.training.loop import run_loop
from sagan_tf.training.restoring import checkpoint_managers, restore
from sagan_tf.training.run import train

__all__ = [
    "build_gan",
    "checkpoint_managers",
    "make_strategy",
    "restore",
    "run_loop",
    "train",
]
