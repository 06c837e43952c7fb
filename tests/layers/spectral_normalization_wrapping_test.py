"""Tests that SpectralNormalization is transparent, or refuses a layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import layers


class _Penalized(keras.layers.Layer):
    """A layer of a user, which adds a loss and takes a list."""

    def build(self, shapes):
        self.kernel = self.add_weight(shape=(shapes[0][-1], 4), name="kernel")

    def call(self, inputs):
        features, adjacency = inputs
        self.add_loss(keras.ops.sum(features))
        return adjacency @ (features @ self.kernel)


def test_losses_of_the_layer(random):
    """Those of a layer whose kernel is the normalized one."""
    inputs = random.normal(size=(4, 8, 8, 3)).astype("float32")
    # The kernel is divided for the first, the inputs for the second.
    for images in (inputs, inputs[:1, :3, :3]):
        wrapper, plain = (
            wrap(keras.layers.Conv2D(5, 3, activity_regularizer="l2"))
            for wrap in (layers.SpectralNormalization, lambda layer: layer)
        )
        wrapper(images)
        plain.build(images.shape)
        plain.kernel.assign(wrapper.normalized_kernel())
        plain(images)
        (loss,), (expected,) = wrapper.losses, plain.losses
        assert float(loss) == pytest.approx(float(expected), rel=1e-4)


def test_regularizer_of_the_kernel():
    """It sees the kernel itself, which is what is trained."""
    wrapper = layers.SpectralNormalization(
        keras.layers.Dense(5, kernel_regularizer=keras.regularizers.L1(1.0))
    )
    wrapper(np.ones((2, 7), "float32"))
    (loss,) = wrapper.losses
    kernel = np.array(wrapper.layer.kernel)
    assert float(loss) == pytest.approx(np.abs(kernel).sum(), rel=1e-5)


def test_losses_and_list_inputs_of_a_layer_of_a_user(random):
    wrapper = layers.SpectralNormalization(_Penalized())
    features = random.normal(size=(2, 5, 3)).astype("float32")
    adjacency = random.normal(size=(2, 5, 5)).astype("float32")
    outputs = wrapper([features, adjacency])
    np.testing.assert_allclose(
        outputs,
        adjacency @ (features @ np.array(wrapper.normalized_kernel())),
        atol=1e-5,
    )
    (loss,) = wrapper.losses
    assert float(loss) == pytest.approx(features.sum(), rel=1e-5)
    # A second call replaces the loss of the first.
    wrapper([features, adjacency])
    assert len(wrapper.losses) == 1


@pytest.mark.parametrize("training", [False, True])
def test_frozen_layer_writes_nothing(training):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.SpectralNormalization(keras.layers.Conv2D(4, 3)),
        ]
    )
    model.trainable = False
    graph = tf.function(model).get_concrete_function(
        tf.TensorSpec((None, 8, 8, 3)), training=training
    )
    types = [operation.type for operation in graph.graph.get_operations()]
    assert types and not any("Assign" in name for name in types)


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: keras.layers.Dropout(0.5), (2, 7)),
        (lambda: keras.layers.BatchNormalization(), (2, 7)),
        (lambda: keras.layers.PReLU(), (2, 7)),
        (lambda: keras.layers.SeparableConv1D(5, 3), (2, 8, 4)),
        (lambda: keras.layers.SeparableConv2D(5, 3), (2, 8, 8, 4)),
        (lambda: keras.layers.LSTM(5), (2, 8, 4)),
        (lambda: keras.layers.GRU(5), (2, 8, 4)),
        (lambda: keras.layers.ConvLSTM1D(5, 3), (2, 8, 6, 4)),
    ],
    ids=lambda value: type(value()).__name__ if callable(value) else "",
)
def test_layer_without_one_kernel(make, shape):
    layer = make()
    with pytest.raises(
        ValueError, match=f"Received: layer=<{layer.__class__.__name__} name"
    ):
        layers.SpectralNormalization(layer)(np.zeros(shape, "float32"))


def test_einsum_with_a_kernel_for_each_position():
    layer = keras.layers.EinsumDense("abc,bcd->abd", (3, 5))
    with pytest.raises(ValueError, match="one kernel to all of its inputs"):
        layers.SpectralNormalization(layer)(np.zeros((2, 3, 7), "float32"))


def _lora(layer):
    layer.enable_lora(2)


def _quantized(layer):
    layer.quantize("int8")


@pytest.mark.parametrize("change", [_lora, _quantized])
def test_kernel_that_is_no_variable_any_more(change):
    wrapper = layers.SpectralNormalization(keras.layers.Dense(4))
    inputs = np.ones((2, 5), "float32")
    wrapper(inputs)
    change(wrapper.layer)
    with pytest.raises(ValueError, match="neither quantized nor have LoRA"):
        wrapper(inputs)
