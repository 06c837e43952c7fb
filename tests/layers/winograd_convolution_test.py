"""Tests of WinogradConv2D."""

import gradients
import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import layers


@pytest.mark.parametrize(
    ("size", "arguments"),
    [
        ((8, 6), {"kernel_size": 3, "padding": "same"}),
        # Minimal filtering cannot compute the others.
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
        4, method="winograd", activation="tanh", **arguments
    )
    plain = keras.layers.Conv2D(4, activation="tanh", **arguments)
    for function in (layer, plain):
        function.build(inputs.shape)
        function.set_weights(layer.get_weights())
        function.bias.assign([0.1, -0.2, 0.3, 0.4])
    gradients.assert_equal(
        inputs,
        (layer, [layer.kernel, layer.bias]),
        (plain, [plain.kernel, plain.bias]),
    )


def test_direct_if_winograd_is_impossible():
    layer = layers.WinogradConv2D(4, 3, padding="same", method="winograd")
    assert layer.method_for((None, 8, 6, 5), "gpu") == "winograd"
    for shape in ((None, 7, 6, 5), (None, 8, 5, 5), (None, None, 6, 5)):
        assert layer.method_for(shape, "cpu") == "direct"
    for arguments in (
        {"strides": 2},
        {"dilation_rate": 2},
        {"groups": 2},
        {"padding": "valid"},
        {"kernel_size": 5},
    ):
        arguments = {"kernel_size": 3, "padding": "same", **arguments}
        layer = layers.WinogradConv2D(4, method="winograd", **arguments)
        assert layer.method_for((None, 8, 6, 4), "cpu") == "direct"


@pytest.mark.parametrize(
    ("filters", "channels", "device", "method"),
    [
        (128, 128, "cpu", "winograd"),
        (128, 127, "cpu", "direct"),
        (127, 128, "cpu", "direct"),
        (128, 128, "gpu", "direct"),
    ],
)
def test_auto_chooses_by_channels_and_device(filters, channels, device, method):
    layer = layers.WinogradConv2D(filters, 3, padding="same")
    assert layer.method_for((None, 8, 8, channels), device) == method


def test_auto_computes_by_minimal_filtering(random):
    """The rounding of 128 channels shows which method computed them."""
    inputs = random.normal(size=(1, 4, 4, 128)).astype("float32")
    layer = layers.WinogradConv2D(128, 3, padding="same")
    plain = layers.WinogradConv2D(128, 3, padding="same", method="direct")
    outputs = layer(inputs)
    plain.build(inputs.shape)
    plain.set_weights(layer.get_weights())
    np.testing.assert_allclose(outputs, plain(inputs), atol=1e-5)
    assert np.any(outputs != plain(inputs))


def test_size_known_only_at_run_time(random):
    inputs = keras.Input((None, None, 5))
    layer = layers.WinogradConv2D(4, 3, padding="same", method="winograd")
    model = keras.Model(inputs, layer(inputs))
    images = random.normal(size=(2, 7, 6, 5)).astype("float32")
    np.testing.assert_allclose(model(images), layer(images), atol=1e-6)


@pytest.mark.parametrize("method", ["fast", "strided"])
def test_bad_method(method):
    with pytest.raises(ValueError, match="`method` must be one of"):
        layers.WinogradConv2D(4, 3, method=method)
