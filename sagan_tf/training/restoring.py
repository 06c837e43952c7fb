"""Checkpoints of a training run, and resuming from one."""

import tensorflow as tf
from absl import logging

from sagan_tf.workdir import checkpoints, records

_KEPT_CHECKPOINTS = 3


def checkpoint_managers(gan, workdir):
    """Returns the managers of the last checkpoints and of the best one.

    Args:
        gan: Compiled `SAGAN`.
        workdir: `Workdir`.
    """
    checkpoint = _checkpoint(gan)
    return (
        checkpoints.manager(checkpoint, workdir.checkpoints, _KEPT_CHECKPOINTS),
        checkpoints.manager(checkpoint, workdir.best_checkpoint, 1),
    )


def _checkpoint(gan):
    parts = {
        "generator": gan.generator,
        "discriminator": gan.discriminator,
        "generator_optimizer": gan.generator_optimizer,
        "discriminator_optimizer": gan.discriminator_optimizer,
        "step": gan.step,
        # A copy, because Keras' own dictionary cannot be stored.
        "averages": dict(gan.averages),
        # A run may stop, and resume, within a window of the metrics.
        "metrics": {
            variable.path: variable
            for metric in gan.metrics
            for variable in metric.variables
        },
    }
    if gan.ema_generator is not None:
        parts["ema_generator"] = gan.ema_generator
    return tf.train.Checkpoint(**parts)


def restore(gan, workdir, config):
    """Restores the last intact checkpoint, if there is one.

    Returns:
        The step; 0 if there is no checkpoint yet.

    Raises:
        ValueError: If no checkpoint is intact any more, or if the checkpoint
            does not fit the configuration.
    """
    path = checkpoints.newest_intact(workdir.checkpoints)
    if path is None:
        last = records.last_metrics(workdir.path).get("step", 0)
        if last > config.checkpoint_every_steps or checkpoints.has_record(
            workdir.checkpoints
        ):
            raise ValueError(
                f"`workdir` {workdir.path} was trained to step {last}, but "
                f"there is no checkpoint in {workdir.checkpoints}: restore a "
                "copy of one, or use a new `workdir`"
            )
        if last:
            logging.warning(
                "%s has no checkpoint yet, only records until step %d: it "
                "starts again.",
                workdir.path,
                last,
            )
        return 0
    saved = {name.split("/")[0] for name, _ in tf.train.list_variables(path)}
    if "generator_optimizer" not in saved:
        raise ValueError(
            f"`workdir` {workdir.path} cannot be trained further: it was "
            "imported, so its checkpoint has no optimizers"
        )
    try:
        _checkpoint(gan).restore(path).assert_consumed()
    except checkpoints.UNREADABLE as error:
        raise ValueError(
            f"Checkpoint {path} does not fit the configuration "
            f"({str(error).splitlines()[0]})"
        ) from None
    step = int(gan.step.numpy())
    logging.info("Resuming %s at step %d.", workdir.path, step)
    return step
