"""The strategy and the `SAGAN` of a configuration."""

import tensorflow as tf
from absl import logging

from sagan_tf import distribution
from sagan_tf.gan import SAGAN
from sagan_tf.models.from_config import build_networks
from sagan_tf.optimizers import FusedAdam, LinearDecay


def make_strategy(config):
    """Returns the `tf.distribute.Strategy` that `config.strategy` names.

    Raises:
        ValueError: If this machine does not have the devices, if the batch
            cannot be divided over the replicas, or if `jit_compile` is true
            for several replicas.
    """
    strategy = distribution.make(config.strategy)
    replicas = strategy.num_replicas_in_sync
    if config.batch_size % (replicas * config.accumulation_steps):
        raise ValueError(
            f"`batch_size` must be a multiple of the {replicas} replicas "
            "times `accumulation_steps`. Received: "
            f"batch_size={config.batch_size}, "
            f"accumulation_steps={config.accumulation_steps}"
        )
    if config.jit_compile and replicas > 1:
        raise ValueError(
            "`jit_compile` must be False on several devices, whose step "
            "TensorFlow cannot compile. Received: jit_compile=True, "
            f"{replicas} replicas"
        )
    device = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    logging.info(
        "Training on %d replica(s) of %d worker(s), %s.",
        replicas,
        distribution.workers(strategy),
        device,
    )
    return strategy


def build_gan(config, strategy):
    """Builds and compiles the `SAGAN` of a configuration.

    Args:
        config: `Config` that is resolved for its data.
        strategy: `tf.distribute.Strategy` to train under.
    """
    with strategy.scope():
        generator, discriminator = build_networks(config)
        gan = SAGAN(
            generator,
            discriminator,
            discriminator_steps=config.discriminator_steps,
            accumulation_steps=config.accumulation_steps,
            loss=config.loss,
            ema_decay=config.ema_decay or None,
            ema_start_step=config.ema_start_step,
            augmentations=config.augmentations,
            lecam_weight=config.lecam_weight,
            mode_seeking_weight=config.mode_seeking_weight,
            seed=config.seed,
        )
        gan.compile(
            _optimizer(config, config.generator_learning_rate, 1),
            _optimizer(
                config,
                config.discriminator_learning_rate,
                config.discriminator_steps,
            ),
            jit_compile=config.jit_compile,
        )
    return gan


def _optimizer(config, learning_rate, updates_per_step):
    """Returns the optimizer of a network."""
    if config.linear_decay_steps:
        learning_rate = LinearDecay(
            learning_rate,
            config.steps * updates_per_step,
            config.linear_decay_steps * updates_per_step,
        )
    return FusedAdam(
        learning_rate,
        config.adam_beta_1,
        config.adam_beta_2,
        config.adam_epsilon,
    )
