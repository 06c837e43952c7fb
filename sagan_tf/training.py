"""Training: devices, data, the loop, and resuming."""

import contextlib
import dataclasses
import math
import signal
import sys
import zlib

import keras
import tensorflow as tf
from absl import logging

from sagan_tf import callbacks as callbacks_module
from sagan_tf import (
    checkpoints,
    data,
    generation,
    interruption,
    schedules,
    strategies,
)
from sagan_tf.gan import SAGAN
from sagan_tf.optimizers import FusedAdam
from sagan_tf.workdir import Workdir, build_networks

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
    strategy = make_strategy(config)
    workdir = Workdir(workdir)
    with contextlib.ExitStack() as stack:
        if strategies.is_chief(strategy):
            workdir.check_directory()
            stack.enter_context(workdir.locked())
        stack.enter_context(strategies.losing_workers(strategy))
        return _train(config, workdir, strategy, callbacks, inception)


def _train(config, workdir, strategy, callbacks, inception):
    source = data.open_source(config.dataset, config.data_dir, config.split)
    config = dataclasses.replace(
        config,
        num_classes=data.resolve_num_classes(source, config.num_classes),
    )
    chief = strategies.is_chief(strategy)
    if chief:
        workdir.check_claim(config)
    _check_same(strategy, "configuration", config.to_json())
    keras.utils.set_random_seed(config.seed)
    gan = build_gan(config, strategy)
    resumed = restore(gan, workdir, config)
    strategies.check_equal(
        strategy,
        resumed,
        "`workdir` must be one directory that all workers share: they have "
        "checkpoints of different steps.",
    )
    source = data.check(
        source,
        config.image_size,
        config.num_classes,
        config.cache_gibibytes * _GIBIBYTE,
    )
    _check_same(strategy, "data", source.identity)
    callbacks = [
        callbacks_module.DivergenceGuard(workdir.checkpoints),
        *callbacks,
        callbacks_module.MemoryTrimmer(),
    ]
    if chief:
        callbacks[1:1] = _writers(
            gan,
            config,
            workdir,
            checkpoint_managers(gan, workdir),
            strategy,
            inception,
        )
        callbacks_module.keep_until(resumed, workdir)
        workdir.claim(config)
    if resumed >= config.steps:
        logging.info("%s is at step %d already.", workdir.path, resumed)
        return gan
    per_step = config.batch_size * config.discriminator_steps

    def dataset_of(context):
        return data.training_dataset(
            source,
            config.image_size,
            per_step,
            labelled=config.num_classes > 0,
            horizontal_flip=config.horizontal_flip,
            seed=config.seed,
            start=resumed * per_step,
            worker=context.input_pipeline_id,
            workers=context.num_input_pipelines,
            replicas=context.num_replicas_in_sync,
        )

    run(gan, strategy, dataset_of, config, callbacks, resumed)
    return gan


def _check_same(strategy, what, text):
    strategies.check_equal(
        strategy,
        zlib.crc32(text.encode()),
        f"The {what} must be the same on all workers (here by a checksum).",
    )


def make_strategy(config):
    """Returns the `tf.distribute.Strategy` that `config.strategy` names.

    Raises:
        ValueError: If there is none here, the batch cannot be divided over
            its replicas, or XLA is asked for on several.
    """
    strategy = strategies.make(config.strategy)
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
            "`jit_compile` needs a single device: TensorFlow cannot compile "
            f"the step of several. Received: jit_compile=True, {replicas} "
            "replicas"
        )
    device = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    logging.info(
        "Training on %d replica(s) of %d worker(s), %s.",
        replicas,
        strategies.workers(strategy),
        device,
    )
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
        # Of the window that a run may be stopped in.
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
        The step; 0 if there was no checkpoint yet.

    Raises:
        ValueError: If there were some and none is intact, or it is of
            another configuration.
    """
    path = checkpoints.newest_intact(workdir.checkpoints)
    if path is None:
        last = callbacks_module.last_metrics(workdir.metrics).get("step", 0)
        if last > config.checkpoint_every_steps or checkpoints.has_record(
            workdir.checkpoints
        ):
            raise ValueError(
                f"`workdir` {workdir.path} was trained to step {last}, but "
                f"there is no checkpoint in {workdir.checkpoints}: put a copy "
                "of one back, or take a new `workdir`"
            )
        if last:
            logging.warning(
                "%s has no checkpoint yet, only records to step %d: starting "
                "over.",
                workdir.path,
                last,
            )
        return 0
    saved = {name.split("/")[0] for name, _ in tf.train.list_variables(path)}
    if "generator_optimizer" not in saved:
        raise ValueError(
            f"`workdir` {workdir.path} cannot be trained on: its checkpoint "
            "has no optimizers, since it was imported"
        )
    try:
        _checkpoint(gan).restore(path).assert_consumed()
    except checkpoints.UNREADABLE as error:
        raise ValueError(
            f"Checkpoint {path} is not of this configuration "
            f"({str(error).splitlines()[0]})"
        ) from None
    step = int(gan.step.numpy())
    logging.info("Resuming %s at step %d.", workdir.path, step)
    return step


def run(gan, strategy, dataset_of, config, callbacks, first_step=0):
    """Runs the training steps from `first_step` to `config.steps`.

    Keras' `fit` cannot drive every strategy, nor several steps per call on
    several replicas, so this loop stands in for it: the same `train_step`,
    the same callbacks, in the same order, with Keras' progress bar. An epoch
    ends at each multiple of `config.log_every_steps`.

    SIGTERM and SIGINT, on any worker, end it after the step. What is left
    of that step's window is not recorded; a resumed run records the whole.

    Args:
        gan: Compiled `SAGAN`.
        strategy: `tf.distribute.Strategy` it was built under.
        dataset_of: Function from a `tf.distribute.InputContext` to an endless
            `tf.data.Dataset` of batches of one replica.
        config: `Config`.
        callbacks: List of `keras.callbacks.Callback`.
        first_step: Integer, steps made before.

    Raises:
        KeyboardInterrupt, SystemExit: After such a signal, when the callbacks
            have saved.
    """
    window = config.log_every_steps
    chief = strategies.is_chief(strategy)
    callbacks = keras.callbacks.CallbackList(
        callbacks,
        add_progbar=chief,
        model=gan,
        # A bar for a person, a line for a log file.
        verbose=1 if sys.stdout.isatty() else 2,
        epochs=math.ceil(config.steps / window),
        steps=window,
    )
    iterator = iter(strategy.distribute_datasets_from_function(dataset_of))
    run_steps = _compiled_steps(gan, strategy, config.jit_compile)
    gan.stop_training = False
    with interruption.deferred() as request:

        def is_to_stop():
            asked, stop = strategies.any_worker(
                strategy, request.signal is not None, gan.stop_training
            )
            if asked and request.signal is None:
                # Another worker was.
                request.signal = signal.SIGTERM
            return asked or stop

        callbacks.on_train_begin()
        step, logs = first_step, {}
        stopped = is_to_stop()
        while step < config.steps and not stopped:
            epoch = step // window
            begin, end = epoch * window, min((epoch + 1) * window, config.steps)
            if step == begin:
                gan.reset_metrics()
            callbacks.on_epoch_begin(epoch)
            while step < end and not stopped:
                callbacks.on_train_batch_begin(step - begin)
                count = min(config.steps_per_call, end - step)
                run_steps(iterator, tf.constant(count))
                step += count
                logs = _results(gan)
                callbacks.on_train_batch_end(step - begin - 1, logs)
                stopped = is_to_stop()
            if step == end:
                callbacks.on_epoch_end(epoch, logs)
                stopped = is_to_stop()
        callbacks.on_train_end(logs)
        # No worker leaves before the first has saved: a scheduler may end all
        # when one has.
        strategies.any_worker(strategy, False)


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


def _writers(gan, config, workdir, managers, strategy, inception):
    # The checkpoint comes last: what is on disk for a step is complete when
    # a later run resumes from there.
    last, best = managers
    sample = generation.sampler(gan.inference_generator)
    writers = [
        callbacks_module.MetricsWriter(config, workdir, sample),
        callbacks_module.SampleWriter(config, workdir, sample),
    ]
    if config.eval_every_steps:
        if strategies.workers(strategy) > 1:
            # The others do not take part.
            strategy = tf.distribute.get_strategy()
        writers.append(
            callbacks_module.EvaluationWriter(
                config, workdir, best, strategy, inception, sample
            )
        )
    return [*writers, callbacks_module.CheckpointWriter(config, last)]
