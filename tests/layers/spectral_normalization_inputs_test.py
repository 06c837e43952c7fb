"""Tests of dividing the inputs by sigma instead of the kernel."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import layers


def _inputs_of(layer):
    """Returns a list that collects the inputs of a layer's calls."""
    seen, call = [], layer.call

    def recorded(inputs, **options):
        seen.append(inputs)
        return call(inputs, **options)

    layer.call = recorded
    return seen


class _Twice(keras.layers.Dense):
    """Not linear: nobody may divide its inputs."""

    def call(self, inputs):
        return super().call(inputs) * inputs[:, :1]


@pytest.mark.parametrize(
    ("make", "shape", "divides"),
    [
        (lambda: keras.layers.Dense(9), (2, 5), True),
        (lambda: keras.layers.Dense(9), (20, 5), False),
        (lambda: _Twice(9), (2, 5), False),
        (lambda: keras.layers.EinsumDense("ab,bc->ac", 9, bias_axes="c"),
         (2, 5), False),
        (lambda: keras.layers.Conv2D(9, 3), (1, 4, 4, 5), True),
        (lambda: keras.layers.Conv2DTranspose(9, 3), (1, 4, 4, 5), True),
        (lambda: keras.layers.DepthwiseConv2D(3, depth_multiplier=9),
         (1, 4, 4, 5), True),
        (lambda: layers.UpsampleConv2D(9), (1, 4, 4, 5), True),
        (lambda: layers.DownsampleConv2D(9), (1, 4, 4, 5), True),
        (lambda: layers.WinogradConv2D(9, 3), (1, 4, 4, 5), True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("differentiate_vectors", [False, True])
def test_dividing_the_inputs_is_dividing_the_kernel(
    random, make, shape, divides, differentiate_vectors
):
    """Outputs, `u` and gradients; with a bias and an activation after it."""
    inputs = tf.constant(random.normal(size=shape), tf.float32)
    results, weights = [], None
    for divide_inputs in (True, False):
        layer = make()
        layer.activation = keras.activations.tanh
        wrapper = layers.SpectralNormalization(
            layer,
            differentiate_vectors=differentiate_vectors,
            divide_inputs=divide_inputs,
        )
        wrapper.build(inputs.shape)
        seen = _inputs_of(layer)
        if weights is None:
            layer.bias.assign(random.normal(size=layer.bias.shape))
            weights = wrapper.get_weights()
        wrapper.set_weights(weights)
        sources = [inputs, *(w.value for w in wrapper.trainable_variables)]
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = wrapper(inputs, training=True)
            loss = tf.reduce_sum(tf.sin(outputs))
        divided = np.any(seen[0] != np.array(inputs))
        assert divided == (divides and divide_inputs)
        gradients = tape.gradient(loss, sources)
        results.append([outputs, np.array(wrapper.u), *gradients])
    for ours, expected in zip(*results, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("scale", [0.0, 1e-6])
def test_float16_of_a_small_kernel(random, scale):
    """Inputs divided by its sigma would leave the range of float16."""
    inputs = random.normal(size=(2, 5)).astype("float16")
    layer = keras.layers.Dense(9, dtype="mixed_float16")
    wrapper = layers.SpectralNormalization(layer)
    wrapper.build(inputs.shape)
    layer.kernel.assign(layer.kernel * scale)
    outputs = wrapper(inputs)
    expected = inputs @ np.array(wrapper.normalized_kernel())
    np.testing.assert_allclose(outputs, expected, atol=1e-2)


def test_integers_are_not_divided(random):
    inputs = random.integers(0, 3, (2, 5), dtype="int32")
    wrapper = layers.SpectralNormalization(keras.layers.Dense(9))
    wrapper.build(inputs.shape)
    np.testing.assert_allclose(
        wrapper(inputs),
        inputs @ np.array(wrapper.normalized_kernel()),
        atol=1e-5,
    )


def test_the_kernel_is_divided_if_the_batch_size_is_unknown(random):
    layer = keras.layers.Dense(9)
    wrapper = layers.SpectralNormalization(layer)
    wrapper.build((None, 5))
    seen = _inputs_of(layer)
    graph = tf.function(wrapper).get_concrete_function(
        tf.TensorSpec((None, 5), tf.float32)
    )
    assert seen[0] is graph.inputs[0]
