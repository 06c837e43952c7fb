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
    chief = distribution.is_chief(strategy)
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
    with signals.deferred() as request:

        def is_to_stop():
            asked, stop = distribution.any_worker(
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
        distribution.any_worker(strategy, False)


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
