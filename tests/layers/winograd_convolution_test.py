"""Tests of WinogradConv2D."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import layers
from sagan_tf.ops import devices


@pytest.mark.parametrize(
    ("size", "arguments"),
    [
        ((8, 6), {"kernel_size": 3, "padding": "same"}),
        # What minimal filtering cannot do.
        ((7, 6), {"kernel_size": 3, "padding": "same"}),
        ((8, 6), {"kernel_size": 3, "padding": "valid"}),
        ((8, 6), {"kernel_size": 5, "padding": "same"}),
        ((8, 6), {"kernel_size": 3, "padding": "same", "strides": 2}),
        ((8, 6), {"kernel_size": 3, "padding": "same", "dilation_rate": 2}),
    ],
)
def test_equals_conv2d(random, size, arguments):
    """Outputs, and gradients of kernel, bias and inputs."""
    inputs = tf.constant(random.normal(size=(2, *size, 5)), tf.float32)
    layer = layers.WinogradConv2D(
        4, form="products", activation="tanh", **arguments
    )
    plain = keras.layers.Conv2D(4, activation="tanh", **arguments)
    results = []
    for function in (layer, plain):
        function.build(inputs.shape)
        function.set_weights(layer.get_weights())
        function.bias.assign([0.1, -0.2, 0.3, 0.4])
        sources = [inputs, function.kernel.value, function.bias.value]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = function(inputs)
            loss = tf.reduce_sum(tf.sin(outputs))
        results.append([outputs, *tape.gradient(loss, sources)])
    for ours, expected in zip(*results, strict=True):
        scale = np.abs(expected).max()
        np.testing.assert_allclose(ours / scale, expected / scale, atol=2e-6)


def test_takes_products_only_where_it_can():
    layer = layers.WinogradConv2D(4, 3, padding="same", form="products")
    assert layer.uses_products((None, 8, 6, 5))
    for shape in ((None, 7, 6, 5), (None, 8, 5, 5), (None, None, 6, 5)):
        assert not layer.uses_products(shape)
    for arguments in (
        {"strides": 2},
        {"dilation_rate": 2},
        {"groups": 2},
        {"padding": "valid"},
        {"kernel_size": 5},
    ):
        arguments = {"kernel_size": 3, "padding": "same", **arguments}
        layer = layers.WinogradConv2D(4, form="products", **arguments)
        assert not layer.uses_products((None, 8, 6, 4))


def test_chooses_by_channels_and_device(monkeypatch):
    wide = layers.WinogradConv2D(128, 3, padding="same")
    narrow = layers.WinogradConv2D(127, 3, padding="same")
    assert wide.uses_products((None, 8, 8, 128))
    assert not wide.uses_products((None, 8, 8, 127))
    assert not narrow.uses_products((None, 8, 8, 128))
    never = layers.WinogradConv2D(128, 3, padding="same", form="convolution")
    assert not never.uses_products((None, 8, 8, 128))
    monkeypatch.setattr(devices, "on_cpu", lambda: False)
    assert not wide.uses_products((None, 8, 8, 128))


def test_takes_products_by_itself(random):
    """Of 128 channels; by the layer that never does."""
    inputs = random.normal(size=(1, 4, 4, 128)).astype("float32")
    layer = layers.WinogradConv2D(128, 3, padding="same")
    plain = layers.WinogradConv2D(128, 3, padding="same", form="convolution")
    outputs = layer(inputs)
    plain.build(inputs.shape)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(outputs, plain(inputs), atol=1e-5)
    assert np.any(outputs != plain(inputs))


def test_size_known_only_at_run_time(random):
    inputs = keras.Input((None, None, 5))
    layer = layers.WinogradConv2D(4, 3, padding="same", form="products")
    model = keras.Model(inputs, layer(inputs))
    images = random.normal(size=(2, 7, 6, 5)).astype("float32")
    np.testing.assert_allclose(model(images), layer(images), atol=1e-6)


def test_bad_form():
    with pytest.raises(ValueError, match="`form` must be one of"):
        layers.WinogradConv2D(4, 3, form="fast")
