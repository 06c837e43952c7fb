"""Training: devices, data, the loop, and resuming."""

import dataclasses
import math
import sys

import keras
import tensorflow as tf
from absl import logging

from sagan_tf import callbacks as callbacks_module
from sagan_tf import data, schedules
from sagan_tf.gan import SAGAN
from sagan_tf.optimizers import FusedAdam
from sagan_tf.workdir import UNREADABLE, Workdir, build_networks

_GIBIBYTE = 2**30
_KEPT_CHECKPOINTS = 3


def train(config, workdir, callbacks=(), inception=None):
    """Trains a SAGAN, or goes on where an earlier call stopped.

    What is left in `workdir` is described in `sagan_tf.workdir`. The same
    call again resumes from the last checkpoint, and ends at the same weights
    as an uninterrupted run: on a CPU to the bit, on a GPU as far as its
    kernels are deterministic.

    Args:
        config: `Config`.
        workdir: Directory of the run: new, empty, or holding a run of the
            same configuration.
        callbacks: `keras.callbacks.Callback`s. An epoch is
            `config.log_every_steps` steps; the model is the `SAGAN`.
        inception: Path of a local Inception SavedModel for the evaluations
            in training, or None to download it where it is needed.

    Returns:
        The trained `SAGAN`.

    Raises:
        ValueError: If the configuration, the data or the workdir cannot be
            trained with; nothing is written then.
    """
    config.validate()
    workdir = Workdir(workdir)
    source = data.open_source(config.dataset, config.data_dir, config.split)
    config = dataclasses.replace(
        config,
        num_classes=data.resolve_num_classes(source, config.num_classes),
    )
    strategy = make_strategy(config)
    workdir.check_claim(config)
    keras.utils.set_random_seed(config.seed)
    gan = build_gan(config, strategy)
    managers = checkpoint_managers(gan, workdir)
    resumed = restore(gan, managers[0], workdir)
    source = data.check(
        source,
        config.image_size,
        config.num_classes,
        config.cache_gibibytes * _GIBIBYTE,
    )
    callbacks = [
        *_writers(config, workdir, managers, strategy, inception),
        *callbacks,
    ]
    workdir.claim(config)
    callbacks_module.keep_metrics_until(resumed, workdir.metrics)
    if resumed >= config.steps:
        logging.info("%s is at step %d already.", workdir.path, resumed)
        return gan
    per_step = config.batch_size * config.discriminator_steps
    dataset = data.training_dataset(
        source,
        config.image_size,
        per_step,
        labelled=config.num_classes > 0,
        horizontal_flip=config.horizontal_flip,
        seed=config.seed,
        start=resumed * per_step,
    )
    run(gan, strategy, dataset, config, callbacks, resumed)
    return gan


def make_strategy(config):
    """Returns the `tf.distribute.Strategy` that `config.strategy` names.

    Raises:
        ValueError: If the batch cannot be divided over its replicas, or XLA
            is asked for on several.
    """
    several = len(tf.config.list_logical_devices("GPU")) > 1
    if config.strategy == "mirrored" or config.strategy == "auto" and several:
        strategy = tf.distribute.MirroredStrategy()
    else:
        strategy = tf.distribute.get_strategy()
    replicas = strategy.num_replicas_in_sync
    if config.batch_size % replicas:
        raise ValueError(
            f"`batch_size` must be a multiple of the {replicas} replicas. "
            f"Received: batch_size={config.batch_size}"
        )
    if config.jit_compile and replicas > 1:
        raise ValueError(
            "`jit_compile` needs a single device: TensorFlow cannot compile "
            f"the step of several. Received: jit_compile=True, {replicas} "
            "replicas"
        )
    device = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    logging.info("Training on %d replica(s), %s.", replicas, device)
    return strategy


def build_gan(config, strategy):
    """Builds and compiles the `SAGAN` of a configuration.

    Args:
        config: `Config` whose `num_classes` is not None.
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
    if config.linear_decay_steps:
        learning_rate = schedules.LinearDecay(
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


def checkpoint_managers(gan, workdir):
    """Returns the managers of the last checkpoints and of the best one."""
    parts = {
        "generator": gan.generator,
        "discriminator": gan.discriminator,
        "generator_optimizer": gan.generator_optimizer,
        "discriminator_optimizer": gan.discriminator_optimizer,
        "step": gan.step,
    }
    if gan.ema_generator is not None:
        parts["ema_generator"] = gan.ema_generator
    checkpoint = tf.train.Checkpoint(**parts)
    return (
        tf.train.CheckpointManager(
            checkpoint, str(workdir.checkpoints), _KEPT_CHECKPOINTS
        ),
        tf.train.CheckpointManager(checkpoint, str(workdir.best_checkpoint), 1),
    )


def restore(gan, manager, workdir):
    """Restores the last checkpoint, if there is one; returns the step.

    Raises:
        ValueError: If it cannot be read whole.
    """
    path = manager.latest_checkpoint
    if path is None:
        return 0
    try:
        saved = {
            name.split("/")[0] for name, _ in tf.train.list_variables(path)
        }
        imported = "generator_optimizer" not in saved
        if not imported:
            manager.checkpoint.restore(path).assert_consumed()
    except UNREADABLE as error:
        raise ValueError(
            f"Checkpoint {path} cannot be read, or is not of this "
            f"configuration ({str(error).splitlines()[0]})"
        ) from None
    if imported:
        raise ValueError(
            f"`workdir` {workdir.path} cannot be trained on: its checkpoint "
            "has no optimizers, since it was imported"
        )
    step = int(gan.step.numpy())
    logging.info("Resuming %s at step %d.", workdir.path, step)
    return step


def run(gan, strategy, dataset, config, callbacks, first_step=0):
    """Runs the training steps from `first_step` to `config.steps`.

    Keras' `fit` cannot drive every strategy, nor several steps per call on
    several replicas, so this loop stands in for it: the same `train_step`,
    the same callbacks, in the same order, with Keras' progress bar. An epoch
    ends at each multiple of `config.log_every_steps`.

    Args:
        gan: Compiled `SAGAN`.
        strategy: `tf.distribute.Strategy` it was built under.
        dataset: Endless `tf.data.Dataset` of global batches.
        config: `Config`.
        callbacks: List of `keras.callbacks.Callback`.
        first_step: Integer, steps made before.
    """
    window = config.log_every_steps
    callbacks = keras.callbacks.CallbackList(
        callbacks,
        add_progbar=True,
        model=gan,
        # A bar for a person, a line for a log file.
        verbose=1 if sys.stdout.isatty() else 2,
        epochs=math.ceil(config.steps / window),
        steps=window,
    )
    iterator = iter(strategy.experimental_distribute_dataset(dataset))
    run_steps = _compiled_steps(gan, strategy, config.jit_compile)
    gan.stop_training = False
    callbacks.on_train_begin()
    step, logs = first_step, {}
    while step < config.steps and not gan.stop_training:
        epoch = step // window
        begin, end = step, min((epoch + 1) * window, config.steps)
        gan.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        while step < end and not gan.stop_training:
            callbacks.on_train_batch_begin(step - begin)
            count = min(config.steps_per_call, end - step)
            run_steps(iterator, tf.constant(count))
            step += count
            logs = _results(gan)
            callbacks.on_train_batch_end(step - begin - 1, logs)
        callbacks.on_epoch_end(epoch, logs)
    callbacks.on_train_end(logs)


def _compiled_steps(gan, strategy, jit_compile):
    train_step = gan.train_step
    if jit_compile:
        train_step = tf.function(train_step, jit_compile=True)

    @tf.function
    def run_steps(iterator, count):
        for _ in tf.range(count):
            strategy.run(train_step, args=(next(iterator),))

    return run_steps


def _results(gan):
    results = gan.get_metrics_result()
    return {name: float(value) for name, value in results.items()}


def _writers(config, workdir, managers, strategy, inception):
    # The checkpoint comes last: what is on disk for a step is complete when
    # a later run resumes from there.
    last, best = managers
    writers = [
        callbacks_module.MetricsWriter(config, workdir),
        callbacks_module.SampleWriter(config, workdir),
    ]
    if config.eval_every_steps:
        writers.append(
            callbacks_module.EvaluationWriter(
                config, workdir, best, strategy, inception
            )
        )
    return [*writers, callbacks_module.CheckpointWriter(config, last)]
