"""Tests of the default device."""

import keras

from sagan_tf.ops import devices


def test_default(monkeypatch):
    assert devices.default() == "cpu"
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0"])
    assert devices.default() == "gpu"
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    assert devices.default() == "gpu"
