"""The training loop, for every strategy."""

import math
import signal
import sys

import keras
import tensorflow as tf

from sagan_tf import distribution
from sagan_tf.utils import signals


def run_loop(gan, strategy, dataset_of, config, callbacks, first_step=0):
    """Runs the training steps from `first_step` to `config.steps`.

    `keras.Model.fit` cannot drive every strategy, nor several steps per call
    on several replicas. This loop calls the same `train_step` and the same
    callbacks, in the same order, with Keras' progress bar. An epoch is a
    window of `config.log_every_steps` steps.

    SIGTERM and SIGINT, on any worker, stop the loop after a step. The last,
    incomplete window is then not recorded: a resumed run records it whole.

    Args:
        gan: Compiled `SAGAN`.
        strategy: `tf.distribute.Strategy` that `gan` was built under.
        dataset_of: Function from a `tf.distribute.InputContext` to an endless
            `tf.data.Dataset` of batches of one replica.
        config: `Config`.
        callbacks: List of `keras.callbacks.Callback`.
        first_step: Integer, number of steps that were made before.

    Raises:
        KeyboardInterrupt, SystemExit: After such a signal, when the callbacks
            have saved the run.
    """
    callbacks = keras.callbacks.CallbackList(
        callbacks,
        add_progbar=distribution.is_chief(strategy),
        model=gan,
        # A bar in a terminal, a line in a log file.
        verbose=1 if sys.stdout.isatty() else 2,
        epochs=math.ceil(config.steps / config.log_every_steps),
        steps=config.log_every_steps,
    )
    specifications = []

    def dataset(context):
        made = dataset_of(context)
        specifications.append(made.element_spec)
        return made

    iterator = iter(strategy.distribute_datasets_from_function(dataset))
    run_steps = _compiled_steps(
        gan, strategy, config.jit_compile, specifications[0]
    )
    gan.stop_training = False
    with signals.deferred() as request:

        def stopped():
            interrupted, stop = distribution.any_worker(
                strategy, request.signal is not None, gan.stop_training
            )
            return interrupted or stop

        callbacks.on_train_begin()
        logs, stop = {}, stopped()
        for epoch, first, start, end in _windows(first_step, config):
            if stop:
                break
            if start == first:
                gan.reset_metrics()
            callbacks.on_epoch_begin(epoch)
            step = start
            while step < end and not stop:
                callbacks.on_train_batch_begin(step - first)
                count = min(config.steps_per_call, end - step)
                run_steps(iterator, tf.constant(count))
                step += count
                logs = _results(gan)
                callbacks.on_train_batch_end(step - first - 1, logs)
                stop = stopped()
            if step == end:
                callbacks.on_epoch_end(epoch, logs)
                stop = stopped()
        callbacks.on_train_end(logs)
        # All workers wait here until the first one has saved: a scheduler may
        # end all workers when one has ended.
        if any(distribution.any_worker(strategy, request.signal is not None)):
            request.signal = request.signal or signal.SIGTERM


def _windows(first_step, config):
    """Yields the epoch, and the first, start and end step of each window.

    A resumed run may start within a window: `start` is then above `first`.
    """
    size = config.log_every_steps
    for epoch in range(first_step // size, math.ceil(config.steps / size)):
        first = epoch * size
        yield (
            epoch,
            first,
            max(first, first_step),
            min(first + size, config.steps),
        )


def _compiled_steps(gan, strategy, jit_compile, specification):
    """Returns a compiled function that runs some training steps."""

    def step(batch):
        # With several workers, TensorFlow forgets the size of the batches.
        gan.train_step(
            tf.nest.map_structure(
                lambda tensor, spec: tf.ensure_shape(tensor, spec.shape),
                batch,
                specification,
            )
        )

    # `fit` does not let AutoGraph convert the step either. Converting it takes
    # a third of the time that tracing takes.
    step = tf.autograph.experimental.do_not_convert(step)
    if jit_compile:
        step = tf.function(step, jit_compile=True)

    @tf.function
    def run_steps(iterator, count):
        for _ in tf.range(count):
            strategy.run(step, args=(next(iterator),))

    return run_steps


def _results(gan):
    results = gan.get_metrics_result()
    return {name: float(value) for name, value in results.items()}
