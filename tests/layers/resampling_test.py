"""Tests of UpsampleConv2D and DownsampleConv2D."""

import gradients
import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import layers


def _composition(layer_class, kernel, bias):
    """What the layer stands for, in Keras' own layers."""
    convolution = keras.layers.Conv2D(
        kernel.shape[-1], kernel.shape[0], padding="same"
    )
    if layer_class is layers.UpsampleConv2D:
        parts = [keras.layers.UpSampling2D(), convolution]
    else:
        parts = [convolution, keras.layers.AveragePooling2D(2)]
    model = keras.Sequential(parts)
    model.build((None, None, None, kernel.shape[2]))
    convolution.set_weights([kernel, bias])
    return model, convolution


@pytest.mark.parametrize(
    ("method", "kernel_size"),
    [
        *(
            (method, size)
            for method in ("auto", "direct")
            for size in (1, 3, 5)
        ),
        ("strided", 3),
        ("winograd", 3),
    ],
)
@pytest.mark.parametrize(
    "layer_class", [layers.UpsampleConv2D, layers.DownsampleConv2D]
)
def test_equals_the_composition(random, layer_class, method, kernel_size):
    """Outputs, and gradients of kernel, bias and inputs."""
    inputs = tf.constant(random.normal(size=(2, 8, 6, 5)), tf.float32)
    layer = layer_class(4, kernel_size, method=method)
    layer.build(inputs.shape)
    layer.bias.assign(random.normal(size=4))
    model, convolution = _composition(
        layer_class, np.array(layer.kernel), np.array(layer.bias)
    )
    gradients.assert_equal(
        inputs,
        (layer, [layer.kernel, layer.bias]),
        (model, [convolution.kernel, convolution.bias]),
    )


@pytest.mark.parametrize(
    ("arguments", "channels", "device", "method"),
    [
        ({}, 256, "cpu", "winograd"),
        ({}, 255, "cpu", "strided"),
        ({}, 256, "gpu", "strided"),
        ({"kernel_size": 5}, 256, "cpu", "strided"),
        ({"method": "direct"}, 256, "cpu", "direct"),
        ({"method": "strided"}, 256, "cpu", "strided"),
        ({"method": "winograd"}, 1, "gpu", "winograd"),
    ],
)
@pytest.mark.parametrize(
    "layer_class", [layers.UpsampleConv2D, layers.DownsampleConv2D]
)
def test_auto_chooses_by_channels_and_device(
    layer_class, arguments, channels, device, method
):
    layer = layer_class(4, **arguments)
    assert layer.method_for((None, 8, 8, channels), device) == method


def test_weight_is_the_3x3_kernel_in_conv2d_layout():
    layer = layers.UpsampleConv2D(4)
    layer.build((None, 8, 8, 5))
    assert layer.kernel.shape == (3, 3, 5, 4)


def test_without_bias():
    layer = layers.DownsampleConv2D(4, use_bias=False)
    assert layer(np.zeros((1, 4, 4, 2), "float32")).shape == (1, 2, 2, 4)
    assert len(layer.weights) == 1


def test_regularizer_and_constraint_see_the_kernel():
    layer = layers.UpsampleConv2D(
        2, kernel_regularizer="l2", kernel_constraint="non_neg"
    )
    layer(np.ones((1, 4, 4, 2), "float32"))
    np.testing.assert_allclose(
        layer.losses[0], 0.01 * np.sum(np.square(layer.kernel)), rtol=1e-5
    )
    assert layer.kernel.constraint is layer.kernel_constraint


@pytest.mark.parametrize(
    ("layer_class", "arguments", "shape", "message"),
    [
        (layers.UpsampleConv2D, {"filters": 0}, (1, 4, 4, 2), "`filters`"),
        (
            layers.UpsampleConv2D,
            {"filters": 2, "kernel_size": 4},
            (1, 4, 4, 2),
            "`kernel_size` must be an odd",
        ),
        (
            layers.UpsampleConv2D,
            {"filters": 2, "kernel_size": 5, "method": "winograd"},
            (1, 4, 4, 2),
            "`kernel_size` must be 3 with",
        ),
        (
            layers.UpsampleConv2D,
            {"filters": 2, "method": "fast"},
            (1, 4, 4, 2),
            "`method` must be one of",
        ),
        (
            layers.DownsampleConv2D,
            {"filters": 2},
            (1, 5, 4, 2),
            "Height and width of `inputs` must be even",
        ),
    ],
)
def test_bad_input(layer_class, arguments, shape, message):
    with pytest.raises(ValueError, match=message):
        layer_class(**arguments)(np.ones(shape, "float32"))


def test_arguments_that_cannot_be_chosen_are_refused():
    with pytest.raises(TypeError, match="strides"):
        layers.DownsampleConv2D(2, strides=2)


def test_unknown_channels():
    with pytest.raises(ValueError, match="number of channels"):
        layers.UpsampleConv2D(2)(keras.Input((4, 4, None)))
