"""Networks loaded from the folder of a run."""

import dataclasses

import keras
import tensorflow as tf

from sagan_tf.config import Config
from sagan_tf.models.from_config import build_networks
from sagan_tf.workdir import checkpoints
from sagan_tf.workdir.paths import Workdir


@dataclasses.dataclass(frozen=True)
class Loaded:
    """A generator loaded from a run.

    Attributes:
        generator: `keras.Model`.
        config: The run's `Config`.
        step: Integer, step of the checkpoint.
        averaged: Boolean, whether the weights are the moving average.
    """

    generator: keras.Model
    config: Config
    step: int
    averaged: bool


def load(workdir, step=None, best=False, averaged=None):
    """Loads a trained generator.

    Args:
        workdir: Directory of a run.
        step: Integer, step of the checkpoint. None: the last one.
        best: Boolean, whether to load the checkpoint with the best Frechet
            distance in training.
        averaged: Boolean, whether to load the moving average of the weights.
            None: if the run has one.

    Returns:
        A `Loaded`.

    Raises:
        ValueError: If the run, the checkpoint or the average does not exist,
            or if the checkpoint does not fit the configuration.
    """
    directory = Workdir(workdir)
    config = directory.read_config()
    path = directory.checkpoint(step, best)
    has_average = config.ema_decay > 0
    if averaged is None:
        averaged = has_average
    if averaged and not has_average:
        raise ValueError(
            f"`averaged` must be False: {workdir} has no moving average, "
            "because its `ema_decay` is 0"
        )
    generator, _ = build_networks(config)
    _restore(path, "ema_generator" if averaged else "generator", generator)
    return Loaded(generator, config, checkpoints.step_of(path), averaged)


def load_generator(workdir, step=None, best=False, averaged=None):
    """Loads a trained generator; see `load` for arguments and errors.

    Returns:
        The `keras.Model`, the run's `Config`, and the step of the checkpoint.
    """
    run = load(workdir, step, best, averaged)
    return run.generator, run.config, run.step


def load_discriminator(workdir, step=None, best=False):
    """Loads a trained discriminator; see `load` for arguments and errors.

    Returns:
        The `keras.Model` and the run's `Config`.
    """
    directory = Workdir(workdir)
    config = directory.read_config()
    _, discriminator = build_networks(config)
    _restore(directory.checkpoint(step, best), "discriminator", discriminator)
    return discriminator, config


def _restore(path, name, network):
    try:
        status = tf.train.Checkpoint(**{name: network}).restore(path)
        status.assert_existing_objects_matched().expect_partial()
    except checkpoints.UNREADABLE as error:
        raise ValueError(
            f"Checkpoint {path} cannot be read, or does not fit the "
            f"configuration ({str(error).splitlines()[0]})"
        ) from None
