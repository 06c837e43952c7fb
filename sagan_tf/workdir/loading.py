"""Networks read back from a run's folder."""

import tensorflow as tf

from sagan_tf.models.from_config import build_networks
from sagan_tf.workdir import checkpoints
from sagan_tf.workdir.paths import Workdir


def load_generator(workdir, step=None, best=False, averaged=None):
    """Reads a trained generator back.

    Args:
        workdir: Directory of a run.
        step: Integer, which checkpoint, or None for the last.
        best: Boolean, whether to take the best evaluated checkpoint.
        averaged: Boolean, whether to take the averaged weights; None: if
            there are any.

    Returns:
        The `keras.Model`, the run's `Config`, and the step.

    Raises:
        ValueError: If there is no such run, checkpoint or average, or the
            checkpoint does not fit the configuration.
    """
    directory = Workdir(workdir)
    config = directory.read_config()
    path = directory.checkpoint(step, best)
    if averaged is None:
        averaged = config.ema_decay > 0
    if averaged and not config.ema_decay:
        raise ValueError(
            f"`averaged` must be False: {workdir} has no averaged generator, "
            "its `ema_decay` is 0"
        )
    generator, _ = build_networks(config)
    name = "ema_generator" if averaged else "generator"
    _restore(path, name, generator)
    return generator, config, checkpoints.step_of(path)


def load_discriminator(workdir, step=None, best=False):
    """Reads a trained discriminator back; see `load_generator`.

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
            f"Checkpoint {path} cannot be read, or is not of this "
            f"configuration ({str(error).splitlines()[0]})"
        ) from None
