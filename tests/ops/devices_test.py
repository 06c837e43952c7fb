"""Tests of what is known of the device."""

import keras

from sagan_tf.ops import devices


def test_on_cpu(monkeypatch):
    assert devices.on_cpu()
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0"])
    assert not devices.on_cpu()
    monkeypatch.setattr(keras.config, "backend", lambda: "torch")
    assert not devices.on_cpu()
