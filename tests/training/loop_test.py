"""Tests of the training loop."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import data, training

_METHODS = (
    "on_epoch_begin",
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_epoch_end",
)


def _recorder(calls):
    """Returns a callback that adds (method, index, logs) to a list."""

    def record(name):
        return lambda self, index, logs=None: calls.append(
            (name, index, {k: float(v) for k, v in (logs or {}).items()})
        )

    methods = {name: record(name) for name in _METHODS}
    return type("Recorder", (keras.callbacks.Callback,), methods)()


class _Counter(keras.Model):
    """Has the attributes that the loop needs, and counts steps."""

    def __init__(self):
        super().__init__()
        self.step = tf.Variable(0)

    def train_step(self, batch):
        self.step.assign_add(batch)

    def get_metrics_result(self):
        return {"step": self.step}


@pytest.mark.parametrize(
    ("steps_per_call", "first_step"), [(1, 0), (3, 0), (3, 2), (1, 5)]
)
def test_calls_of_callbacks(small_run, steps_per_call, first_step):
    """A call of several steps ends at the end of a window."""
    config = dataclasses.replace(
        small_run, steps=7, log_every_steps=5, steps_per_call=steps_per_call
    )
    calls = []
    model = _Counter()
    model.step.assign(first_step)
    training.run_loop(
        model,
        tf.distribute.get_strategy(),
        lambda _: tf.data.Dataset.from_tensors(1).repeat(),
        config,
        [_recorder(calls)],
        first_step,
    )
    expected = []
    for window, first, last in ((0, 0, 5), (1, 5, 7)):
        if first_step >= last:
            continue
        expected.append(("on_epoch_begin", window, {}))
        for step in range(max(first, first_step), last, steps_per_call):
            end = min(step + steps_per_call, last)
            logs = {"step": end}
            expected.append(("on_train_batch_begin", step - first, {}))
            expected.append(("on_train_batch_end", end - 1 - first, logs))
        expected.append(("on_epoch_end", window, {"step": last}))
    assert calls == expected


@pytest.mark.slow
def test_loop_equals_fit(small_run, weights_of):
    """The same weights, and the same calls of the same callbacks."""
    config = dataclasses.replace(small_run, num_classes=10, adam_epsilon=1e-3)
    source = data.open_source("digits")
    strategy = tf.distribute.get_strategy()
    weights, calls = [], [[], []]
    for drive, recorded in zip(("loop", "fit"), calls, strict=True):
        keras.utils.set_random_seed(0)
        gan = training.build_gan(config, strategy)
        dataset = data.training_dataset(source, 32, 8)
        callbacks = [_recorder(recorded)]
        if drive == "loop":
            training.run_loop(
                gan, strategy, lambda _, d=dataset: d, config, callbacks
            )
        else:
            gan.fit(
                dataset,
                epochs=2,
                shuffle=False,
                steps_per_epoch=2,
                callbacks=callbacks,
                verbose=0,
            )
        weights.append(weights_of(gan))
    assert len(calls[0]) == 12
    # TensorFlow fuses other ops inside a loop, so the last bits differ, and
    # the gradients of later steps by more.
    for call, other in zip(*calls, strict=True):
        assert call[:2] == other[:2] and call[2].keys() == other[2].keys()
        for name, value in call[2].items():
            np.testing.assert_allclose(value, other[2][name], rtol=1e-5)
    for (name, value), other in zip(
        weights[0].items(), weights[1].values(), strict=True
    ):
        np.testing.assert_allclose(
            value, other, rtol=1e-4, atol=2e-5, err_msg=name
        )
