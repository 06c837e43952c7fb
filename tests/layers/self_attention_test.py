"""Tests of SelfAttention."""

import keras
import numpy as np
import pytest

from sagan_tf import layers


def _loop(inputs, kernels, gamma, pool):
    """The paper's equations, position by position, in float64."""
    query, key, value, output = (np.asarray(k, "float64") for k in kernels)
    batch, height, width, channels = inputs.shape
    all_outputs = np.empty(inputs.shape)
    all_scores = []
    for image in range(batch):
        pixels = inputs[image].astype("float64")
        keys, values = pixels @ key, pixels @ value
        if pool:
            keys, values = (
                np.array(
                    [
                        [
                            t[2 * i : 2 * i + 2, 2 * j : 2 * j + 2].max((0, 1))
                            for j in range(width // 2)
                        ]
                        for i in range(height // 2)
                    ]
                )
                for t in (keys, values)
            )
        keys = keys.reshape(-1, keys.shape[-1])
        values = values.reshape(-1, values.shape[-1])
        scores = []
        for i in range(height):
            for j in range(width):
                logits = keys @ (pixels[i, j] @ query)
                weights = np.exp(logits) / np.exp(logits).sum()
                scores.append(weights)
                attended = (weights @ values) @ output
                all_outputs[image, i, j] = pixels[i, j] + gamma * attended
        all_scores.append(scores)
    assert channels == all_outputs.shape[-1]
    return all_outputs, np.array(all_scores)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"value_channels": 2, "pool": False},
        {"spectral_normalization": False, "key_channels": 5},
    ],
    ids=["released", "paper", "plain"],
)
def test_against_a_loop(random, arguments):
    inputs = random.normal(size=(2, 6, 4, 16)).astype("float32")
    layer = layers.SelfAttention(**arguments)
    layer.build(inputs.shape)
    layer.gamma.assign(0.7)
    kernels = [
        c.normalized_kernel() if layer.spectral_normalization else c.kernel
        for c in (
            layer.query_convolution,
            layer.key_convolution,
            layer.value_convolution,
            layer.output_convolution,
        )
    ]
    kernels = [np.array(kernel)[0, 0] for kernel in kernels]
    assert kernels[0].shape == (16, arguments.get("key_channels", 2))
    assert kernels[2].shape == (16, arguments.get("value_channels", 8))
    outputs, scores = layer(inputs, return_attention_scores=True)
    expected, expected_scores = _loop(inputs, kernels, 0.7, layer.pool)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)
    np.testing.assert_allclose(scores, expected_scores, atol=1e-6)


def test_starts_as_the_identity(random):
    inputs = random.normal(size=(2, 8, 8, 16)).astype("float32")
    layer = layers.SelfAttention()
    np.testing.assert_array_equal(layer(inputs), inputs)
    assert float(layer.gamma) == 0 and layer.gamma.trainable


def test_four_convolutions_start_differently():
    layer = layers.SelfAttention()
    layer.build((None, 8, 8, 16))
    query = np.array(layer.query_convolution.layer.kernel)
    key = np.array(layer.key_convolution.layer.kernel)
    assert not np.array_equal(query, key)
    assert all("bias" not in weight.name for weight in layer.weights)


def test_training_updates_every_u():
    layer = layers.SelfAttention()
    inputs = np.ones((1, 4, 4, 16), "float32")
    layer.build(inputs.shape)
    before = [np.array(weight) for weight in layer.non_trainable_weights]
    layer(inputs, training=False)
    for weight, old in zip(layer.non_trainable_weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    layer(inputs, training=True)
    assert len(before) == 4
    for weight, old in zip(layer.non_trainable_weights, before, strict=True):
        assert not np.array_equal(weight, old)


def test_fewer_channels_than_the_divisors():
    layer = layers.SelfAttention()
    layer(np.ones((1, 4, 4, 1), "float32"))
    assert layer.query_convolution.layer.filters == 1
    assert layer.value_convolution.layer.filters == 1


def test_sizes_known_only_at_run_time(random):
    inputs = keras.Input((None, None, 8))
    layer = layers.SelfAttention()
    model = keras.Model(inputs, layer(inputs, return_attention_scores=True))
    layer.gamma.assign(1.0)
    for size in (4, 7):
        images = random.normal(size=(1, size, 6, 8)).astype("float32")
        outputs, scores = model(images)
        expected, _ = layer(images, return_attention_scores=True)
        np.testing.assert_array_equal(outputs, expected)
        assert scores.shape == (1, size * 6, (size // 2) * 3)


def test_symbolic_shapes():
    outputs, scores = layers.SelfAttention()(
        keras.Input((6, 4, 16)), return_attention_scores=True
    )
    assert outputs.shape == (None, 6, 4, 16)
    assert scores.shape == (None, 24, 6)


@pytest.mark.parametrize(
    ("arguments", "shape", "message"),
    [
        ({"key_channels": 0}, (1, 4, 4, 8), "`key_channels` must be"),
        ({"value_channels": -1}, (1, 4, 4, 8), "`value_channels` must be"),
        ({}, (1, 1, 4, 8), "Height and width of `inputs`"),
        ({}, (1, 4, 8), "ndim"),
    ],
)
def test_bad_input(arguments, shape, message):
    with pytest.raises(ValueError, match=message):
        layers.SelfAttention(**arguments)(np.ones(shape, "float32"))


def test_unknown_channels():
    with pytest.raises(ValueError, match="number of channels"):
        layers.SelfAttention()(keras.Input((4, 4, None)))
