"""Tests of the strategy of a configuration."""

import dataclasses

import pytest
import tensorflow as tf

from sagan_tf import training


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 7}, "multiple of the 2 replicas"),
        (
            {"batch_size": 10, "accumulation_steps": 2},
            "2 replicas times `accumulation",
        ),
        ({"jit_compile": True}, "`jit_compile` must be False on several"),
    ],
    ids=str,
)
def test_configuration_must_fit_the_replicas(
    small_run, mirrored, monkeypatch, changes, message
):
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda: mirrored)
    config = dataclasses.replace(small_run, strategy="mirrored", **changes)
    with pytest.raises(ValueError, match=message):
        training.make_strategy(config)
