"""Training: devices, data, the loop, and resuming."""

import contextlib
import dataclasses
import zlib

import keras
import tensorflow as tf
from absl import logging

from sagan_tf import data, distribution
from sagan_tf.images import image_function
from sagan_tf.training import callbacks as callbacks_module
from sagan_tf.training.building import build_gan, make_strategy
from sagan_tf.training.loop import run_loop
from sagan_tf.training.restoring import checkpoint_managers, restore
from sagan_tf.workdir import Workdir, records

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
        if distribution.is_chief(strategy):
            workdir.check_directory()
            stack.enter_context(workdir.locked())
        stack.enter_context(distribution.losing_workers(strategy))
        return _train(config, workdir, strategy, callbacks, inception)


def _train(config, workdir, strategy, callbacks, inception):
    source = data.open_source(config.dataset, config.data_dir, config.split)
    config = dataclasses.replace(
        config,
        num_classes=data.resolve_num_classes(source, config.num_classes),
    )
    chief = distribution.is_chief(strategy)
    if chief:
        workdir.check_claim(config)
    _check_same(strategy, "configuration", config.to_json())
    keras.utils.set_random_seed(config.seed)
    gan = build_gan(config, strategy)
    resumed = restore(gan, workdir, config)
    distribution.check_equal(
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
        records.keep_until(resumed, workdir)
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

    run_loop(gan, strategy, dataset_of, config, callbacks, resumed)
    return gan


def _check_same(strategy, what, text):
    distribution.check_equal(
        strategy,
        zlib.crc32(text.encode()),
        f"The {what} must be the same on all workers (here by a checksum).",
    )


def _writers(gan, config, workdir, managers, strategy, inception):
    # The checkpoint comes last: what is on disk for a step is complete when
    # a later run resumes from there.
    last, best = managers
    sample = image_function(gan.inference_generator)
    writers = [
        callbacks_module.MetricsWriter(config, workdir, sample),
        callbacks_module.SampleWriter(config, workdir, sample),
    ]
    if config.eval_every_steps:
        if distribution.workers(strategy) > 1:
            # The others do not take part.
            strategy = tf.distribute.get_strategy()
        writers.append(
            callbacks_module.EvaluationWriter(
                config, workdir, best, strategy, inception, sample
            )
        )
    return [*writers, callbacks_module.CheckpointWriter(config, last)]
