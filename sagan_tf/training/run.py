"""A training run: devices, data, networks, and resuming."""

import contextlib
import zlib

import keras
import tensorflow as tf
from absl import logging

from sagan_tf import data, distribution
from sagan_tf.images import image_function
from sagan_tf.training import callbacks as run_callbacks
from sagan_tf.training.building import build_gan, make_strategy
from sagan_tf.training.loop import run_loop
from sagan_tf.training.restoring import checkpoint_managers, restore
from sagan_tf.workdir import Workdir, records

_GIBIBYTE = 2**30


def train(config, workdir, callbacks=(), inception=None):
    """Trains a SAGAN, or resumes where an earlier call stopped.

    `sagan_tf.workdir` describes the files that it writes. The same call again
    resumes from the last checkpoint, and ends with the same weights as an
    uninterrupted run: on a CPU bit for bit, on a GPU as far as its kernels
    are deterministic.

    Args:
        config: `Config`.
        workdir: Directory of the run: new, empty, or with a run of the same
            configuration.
        callbacks: `keras.callbacks.Callback`s. An epoch is
            `config.log_every_steps` steps; the model is the `SAGAN`.
        inception: Path of a local Inception SavedModel for the evaluations
            during training. None: the module is downloaded if it is needed.

    Returns:
        The trained `SAGAN`.

    Raises:
        ValueError: If the configuration, the data or the workdir cannot be
            used. Nothing is written then.
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
    source = data.open_unchecked(config)
    config = config.resolved(
        data.resolve_num_classes(source, config.num_classes, config.labels)
    )
    names = source.class_names
    if len(names) != config.num_classes:
        # Without classes, or with classes that the data does not have.
        names = ()
    chief = distribution.is_chief(strategy)
    if chief:
        workdir.check_claim(config, names)
    _check_same(strategy, "configuration", config.to_json())
    keras.utils.set_random_seed(config.seed)
    gan = build_gan(config, strategy)
    step = restore(gan, workdir, config)
    distribution.check_equal(
        strategy,
        step,
        "`workdir` must be one directory that all workers share, but they "
        "have checkpoints of different steps.",
    )
    source = data.check(
        source,
        config.image_size,
        config.num_classes,
        config.cache_gibibytes * _GIBIBYTE,
        config.bad_images,
        config.small_images,
    )
    _check_same(strategy, "data", source.identity)
    writers = []
    if chief:
        writers = _writers(gan, config, workdir, strategy, inception)
        records.keep_until(step, workdir.path)
        workdir.claim(config, names)
    if step >= config.steps:
        logging.info("%s is at step %d already.", workdir.path, step)
        return gan
    run_loop(
        gan,
        strategy,
        _dataset_function(source, config, step),
        config,
        [
            run_callbacks.DivergenceGuard(workdir.checkpoints),
            *writers,
            *callbacks,
            run_callbacks.MemoryTrimmer(),
        ],
        step,
    )
    return gan


def _check_same(strategy, what, text):
    """Raises a `ValueError` unless all workers have the same text."""
    distribution.check_equal(
        strategy,
        zlib.crc32(text.encode()),
        f"The {what} must be the same on all workers (compared by checksum).",
    )


def _writers(gan, config, workdir, strategy, inception):
    """Returns the callbacks that write into the workdir.

    The checkpoint is written last, so that a run that resumes from it finds
    all other files of its step complete.
    """
    last, best = checkpoint_managers(gan, workdir)
    sample = image_function(gan.inference_generator)
    writers = [
        run_callbacks.MetricsWriter(config, workdir, sample),
        run_callbacks.SampleWriter(config, workdir, sample),
    ]
    if config.eval_every_steps:
        if distribution.workers(strategy) > 1:
            # The first worker evaluates alone.
            strategy = tf.distribute.get_strategy()
        writers.append(
            run_callbacks.EvaluationWriter(
                config, workdir, best, strategy, inception, sample
            )
        )
    return [*writers, run_callbacks.CheckpointWriter(config, last)]


def _dataset_function(source, config, step):
    """Returns a function from an input context to the data from `step` on."""
    images_per_step = config.batch_size * config.discriminator_steps

    def dataset_of(context):
        return data.training_dataset(
            source,
            config.image_size,
            images_per_step,
            labelled=config.num_classes is not None,
            horizontal_flip=config.horizontal_flip,
            seed=config.seed,
            start=step * images_per_step,
            worker=context.input_pipeline_id,
            workers=context.num_input_pipelines,
            replicas=context.num_replicas_in_sync,
        )

    return dataset_of
