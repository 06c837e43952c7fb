"""Tests of SpectralNormalization."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import layers


def _wrapped(layer, shape, calls=100):
    """The wrapped layer after enough iterations to converge."""
    wrapper = layers.SpectralNormalization(layer)
    inputs = np.zeros(shape, "float32")
    for _ in range(calls):
        wrapper(inputs, training=True)
    return wrapper


def _as_matrix(kernel, layer):
    """The kernel as (rest, output channels), by the definition."""
    kernel = np.asarray(kernel)
    if "Transpose" in type(layer).__name__:
        return np.moveaxis(kernel, -2, -1).reshape(-1, kernel.shape[-2])
    if "Depthwise" in type(layer).__name__:
        return kernel.reshape(-1, kernel.shape[-2] * kernel.shape[-1])
    if isinstance(layer, keras.layers.Embedding):
        return kernel.T
    if isinstance(layer, keras.layers.EinsumDense):
        # Both equations sum over the first axis.
        return kernel.reshape(len(kernel), -1)
    return kernel.reshape(-1, kernel.shape[-1])


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (lambda: keras.layers.Dense(5), (2, 7)),
        (lambda: keras.layers.Conv1D(5, 3), (2, 8, 4)),
        (lambda: keras.layers.Conv2D(5, 3), (2, 8, 8, 4)),
        (lambda: keras.layers.Conv2D(4, 3, groups=2), (2, 8, 8, 4)),
        (lambda: keras.layers.Conv3D(5, 2), (2, 4, 4, 4, 3)),
        (lambda: keras.layers.Conv1DTranspose(5, 3), (2, 8, 4)),
        (lambda: keras.layers.Conv2DTranspose(5, 3), (2, 8, 8, 4)),
        (lambda: keras.layers.Conv3DTranspose(5, 2), (2, 4, 4, 4, 3)),
        (lambda: keras.layers.DepthwiseConv1D(3), (2, 8, 4)),
        (
            lambda: keras.layers.DepthwiseConv2D(3, depth_multiplier=2),
            (2, 8, 8, 4),
        ),
        (lambda: keras.layers.Embedding(6, 5), (2,)),
        (lambda: keras.layers.EinsumDense("ab,bc->ac", 5), (2, 7)),
        (
            lambda: keras.layers.EinsumDense("abc,cde->abde", (None, 2, 5)),
            (2, 3, 7),
        ),
        (lambda: layers.UpsampleConv2D(5), (2, 8, 8, 4)),
        (lambda: layers.DownsampleConv2D(5), (2, 8, 8, 4)),
    ],
    ids=lambda value: type(value()).__name__ if callable(value) else "",
)
def test_sigma_is_the_largest_singular_value(random, make, shape):
    layer = make()
    wrapper = layers.SpectralNormalization(layer, power_iterations=200)
    wrapper.build(shape)
    kernel = layer.embeddings if hasattr(layer, "embeddings") else layer.kernel
    kernel.assign(random.normal(size=kernel.shape))
    wrapper(np.zeros(shape, "float32"), training=True)
    matrix = _as_matrix(kernel, layer)
    expected = np.linalg.svd(matrix, compute_uv=False)[0]
    assert wrapper.u.shape == (matrix.shape[1],)
    np.testing.assert_allclose(wrapper.sigma(), expected, rtol=1e-5)
    np.testing.assert_allclose(
        wrapper.normalized_kernel(),
        np.asarray(kernel) / expected,
        rtol=1e-4,
        atol=1e-6,
    )


def test_one_call_is_one_iteration_v_before_u(random):
    layer = keras.layers.Dense(4)
    wrapper = layers.SpectralNormalization(layer)
    wrapper.build((None, 6))
    kernel = np.array(layer.kernel, "float64")
    u = np.array(wrapper.u, "float64")
    inputs = random.normal(size=(3, 6)).astype("float32")
    outputs = wrapper(inputs, training=True)
    v = kernel @ u / np.linalg.norm(kernel @ u)
    u = v @ kernel / np.linalg.norm(v @ kernel)
    np.testing.assert_allclose(wrapper.u, u, atol=1e-6)
    np.testing.assert_allclose(
        outputs, inputs @ kernel / (v @ kernel @ u), atol=1e-5
    )


def test_power_iterations_is_their_number(random):
    kernel = random.normal(size=(6, 4)).astype("float32")
    once, thrice = (
        layers.SpectralNormalization(keras.layers.Dense(4), power_iterations=n)
        for n in (1, 3)
    )
    for wrapper in (once, thrice):
        wrapper.build((None, 6))
        wrapper.layer.kernel.assign(kernel)
    once.u.assign(thrice.u)
    inputs = np.zeros((1, 6), "float32")
    thrice(inputs, training=True)
    for _ in range(3):
        once(inputs, training=True)
    np.testing.assert_allclose(once.u, thrice.u, atol=1e-6)


def test_kernel_is_unchanged_by_training_calls():
    layer = keras.layers.Conv2D(4, 3)
    wrapper = layers.SpectralNormalization(layer)
    wrapper.build((None, 8, 8, 2))
    before = np.array(layer.kernel)
    wrapper(np.ones((1, 8, 8, 2), "float32"), training=True)
    np.testing.assert_array_equal(layer.kernel, before)


def test_inference_leaves_u_and_depends_on_weights_only():
    wrapper = layers.SpectralNormalization(keras.layers.Dense(4))
    inputs = np.ones((1, 6), "float32")
    wrapper.build(inputs.shape)
    before = np.array(wrapper.u)
    first, second = wrapper(inputs), wrapper(inputs, training=False)
    np.testing.assert_array_equal(wrapper.u, before)
    np.testing.assert_array_equal(first, second)


def test_gradient_is_orthogonal_to_the_kernel(random):
    layer = keras.layers.Conv2D(4, 3)
    wrapper = _wrapped(layer, (2, 8, 8, 3))
    inputs = random.normal(size=(2, 8, 8, 3)).astype("float32")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.sin(wrapper(inputs)))
    gradient = np.array(tape.gradient(loss, layer.kernel.value)).ravel()
    kernel = np.array(layer.kernel).ravel()
    cosine = gradient @ kernel / np.linalg.norm(gradient)
    assert abs(cosine / np.linalg.norm(kernel)) < 1e-5


@pytest.mark.parametrize("differentiate_vectors", [False, True])
def test_gradient_against_finite_differences(random, differentiate_vectors):
    """With `u` far from converged, so that the two options differ."""
    layer = keras.layers.Dense(3, use_bias=False, dtype="float64")
    wrapper = layers.SpectralNormalization(
        layer, differentiate_vectors=differentiate_vectors
    )
    inputs = random.normal(size=(5, 4))
    wrapper.build(inputs.shape)
    kernel = random.normal(size=(4, 3))
    layer.kernel.assign(kernel)
    u = np.array(wrapper.u, "float64")

    def vectors(matrix):
        v = matrix @ u / np.linalg.norm(matrix @ u)
        return v, v @ matrix / np.linalg.norm(v @ matrix)

    def loss(matrix):
        v, u_new = vectors(matrix if differentiate_vectors else kernel)
        return np.sin(inputs @ matrix / (v @ matrix @ u_new)).sum()

    expected = np.zeros_like(kernel)
    for index in np.ndindex(kernel.shape):
        step = np.zeros_like(kernel)
        step[index] = 1e-6
        expected[index] = (loss(kernel + step) - loss(kernel - step)) / 2e-6
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(tf.sin(wrapper(inputs)))
    gradient = tape.gradient(value, layer.kernel.value)
    np.testing.assert_allclose(gradient, expected, atol=1e-7)


def test_zero_kernel_stays_zero_and_recovers():
    layer = keras.layers.Dense(3, kernel_initializer="zeros")
    wrapper = layers.SpectralNormalization(layer)
    inputs = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(wrapper(inputs, training=True), 0)
    layer.kernel.assign(np.full((4, 3), 2.0))
    for _ in range(20):
        wrapper(inputs, training=True)
    np.testing.assert_allclose(wrapper.sigma(), 2 * 12**0.5, rtol=1e-5)


def test_float32_inside_a_mixed_precision_model(random):
    policy = keras.dtype_policies.DTypePolicy("mixed_bfloat16")
    layer = keras.layers.Dense(16, dtype=policy)
    wrapper = layers.SpectralNormalization(layer)
    inputs = keras.Input((8,))
    model = keras.Model(
        inputs, wrapper(keras.layers.Dense(8, dtype=policy)(inputs))
    )
    outputs = model(random.normal(size=(2, 8)), training=True)
    assert outputs.dtype == tf.bfloat16
    assert model.output.dtype == "bfloat16"
    kernel = np.array(layer.kernel)
    for _ in range(100):
        model(np.ones((1, 8)), training=True)
    # Rounded to bfloat16, the kernel would be off by some 1e-3.
    np.testing.assert_allclose(
        wrapper.sigma(), np.linalg.svd(kernel)[1][0], rtol=1e-5
    )
    assert wrapper.u.dtype == wrapper.normalized_kernel().dtype == "float32"


def test_trains_the_wrapped_layers_other_state():
    class Counting(keras.layers.Dense):
        def build(self, input_shape):
            super().build(input_shape)
            self.count = self.add_weight(
                shape=(), initializer="zeros", trainable=False
            )

        def call(self, inputs):
            self.count.assign(self.count + 1)
            return super().call(inputs)

    layer = Counting(3)
    wrapper = layers.SpectralNormalization(layer)
    for _ in range(3):
        wrapper(np.ones((2, 4), "float32"))
    assert float(layer.count) == 3


def test_frozen_layer_is_normalized_too():
    layer = keras.layers.Dense(3, trainable=False)
    wrapper = layers.SpectralNormalization(layer)
    inputs = np.eye(4, dtype="float32")
    outputs = wrapper(inputs)
    np.testing.assert_allclose(outputs, wrapper.normalized_kernel(), atol=1e-6)


def test_mask_of_an_embedding_passes():
    embedding = keras.layers.Embedding(5, 4, mask_zero=True)
    wrapper = layers.SpectralNormalization(embedding)
    mask = wrapper.compute_mask(np.array([[1, 0]]))
    np.testing.assert_array_equal(mask, [[True, False]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"power_iterations": 0}, "`power_iterations` must be an integer"),
        ({"epsilon": 0.0}, "`epsilon` must be positive"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        layers.SpectralNormalization(keras.layers.Dense(3), **arguments)


def test_layer_without_kernel():
    wrapper = layers.SpectralNormalization(keras.layers.LayerNormalization())
    with pytest.raises(ValueError, match="`layer` must have one variable"):
        wrapper(np.ones((2, 4), "float32"))
