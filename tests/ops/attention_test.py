"""Tests of attention in blocks."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import layers
from sagan_tf.ops import attention


def _tensors(random, batch, positions, keys, dtype="float32"):
    shapes = [
        (batch, positions, 3),
        (batch, keys, 3),
        (batch, keys, 5),
        (batch, positions, 5),
    ]
    return [tf.cast(random.normal(size=shape), dtype) for shape in shapes]


def _with_gradients(function, queries, keys, values, upstream):
    sources = [queries, keys, values]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        outputs = function(*sources)
    return [outputs, *tape.gradient(outputs, sources, upstream)]


def _in_blocks_of(min_scores):
    return functools.partial(attention.attend, min_scores=min_scores)


def _plain(*sources):
    return attention.attend_at_once(*sources)[0]


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize(
    ("batch", "positions", "keys", "min_scores", "block"),
    [
        (4, 12, 6, 24, (1, 3)),
        (4, 12, 6, 72, (1, 1)),
        (12, 4, 2, 16, (2, 1)),
        (5, 4, 2, 10, (1, 1)),
        (1, 30, 7, 50, (1, 5)),
    ],
)
def test_equals_the_plain_computation(
    random, batch, positions, keys, min_scores, block, compiled
):
    found_block = attention.block_size(batch, positions, keys, min_scores)
    assert found_block == block
    tensors = _tensors(random, batch, positions, keys)
    run = tf.function(_with_gradients) if compiled else _with_gradients
    found = run(_in_blocks_of(min_scores), *tensors)
    expected = _with_gradients(_plain, *tensors)
    for ours, plain in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, plain, atol=2e-6)


def test_bfloat16_is_no_worse_than_plain(random):
    tensors = _tensors(random, 4, 48, 24)
    exact = _with_gradients(_plain, *tensors)
    rounded = [tf.cast(tensor, tf.bfloat16) for tensor in tensors]
    for function in (_in_blocks_of(24), _plain):
        for found, expected in zip(
            _with_gradients(function, *rounded), exact, strict=True
        ):
            assert found.dtype == tf.bfloat16
            scale = np.abs(expected).max()
            error = np.abs(tf.cast(found, tf.float32) - expected).max()
            assert error < 0.03 * scale


def test_unknown_batch(random):
    *tensors, _ = _tensors(random, 3, 12, 6)
    function = tf.function(
        _in_blocks_of(24),
        input_signature=[
            tf.TensorSpec((None, *tensor.shape[1:])) for tensor in tensors
        ],
    )
    np.testing.assert_allclose(function(*tensors), _plain(*tensors), atol=2e-6)


def test_float16_is_computed_at_once(random):
    """In float16 matmuls of blocks, small gradients would underflow."""
    tensors = _tensors(random, 4, 12, 6, "float16")
    for found, expected in zip(
        _with_gradients(_in_blocks_of(24), *tensors),
        _with_gradients(_plain, *tensors),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)


def test_small_or_unknown_maps_are_one_block():
    assert attention.block_size(4, 256, 64) is None
    assert attention.block_size(0, 64**2, 32**2) is None
    assert attention.block_size(None, 256, 64) is None
    assert attention.block_size(4, None, 64) is None
    assert attention.block_size(4, 256, None) is None


@pytest.mark.parametrize("batch", [1, 7, 16, 256, None])
def test_a_block_is_small(batch):
    """At 64x64 and 128x128 blocks are small, and there are not too many."""
    for positions in (64**2, 128**2):
        keys = positions // 4
        images, parts = attention.block_size(batch, positions, keys)
        total = (batch or 1) * positions * keys
        size = images * positions * keys // parts
        assert positions % parts == 0
        assert size <= max(2**20, total // 64)
        assert total // size <= 256


def _largest(function):
    """Returns the largest tensor of a graph and of the functions it calls."""
    definition = function.graph.as_graph_def(add_shapes=True)
    functions = (called.node_def for called in definition.library.function)
    return max(
        tf.TensorShape(shape).num_elements() or 0
        for nodes in (definition.node, *functions)
        for node in nodes
        for shape in node.attr["_output_shapes"].list.shape
        if not shape.unknown_rank
    )


@pytest.mark.parametrize("blockwise", [True, False])
def test_no_tensor_holds_all_scores(blockwise):
    """At 64x64, forward and backward, the largest tensor is much smaller."""
    layer = layers.SelfAttention(blockwise=blockwise)
    shape = (16, 64, 64, 32)
    layer.build(shape)

    @tf.function
    def run(features):
        with tf.GradientTape() as tape:
            tape.watch(features)
            outputs = layer(features, training=True)
        variables = [weight.value for weight in layer.trainable_variables]
        return tape.gradient(outputs, [features, *variables])

    largest = _largest(run.get_concrete_function(tf.TensorSpec(shape)))
    scores = 16 * 64**2 * 32**2
    assert largest < scores / 16 if blockwise else largest == scores


def test_layer_in_blocks_equals_the_plain_layer(random):
    features = tf.constant(random.normal(size=(1, 64, 64, 16)), tf.float32)
    assert attention.block_size(1, 64**2, 32**2) is not None
    blockwise, plain = (
        layers.SelfAttention(blockwise=b) for b in (True, False)
    )
    results = []
    for layer in (blockwise, plain):
        layer.build(features.shape)
        layer.set_weights(blockwise.get_weights())
        layer.gamma.assign(0.7)
        variables = [weight.value for weight in layer.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch(features)
            outputs = layer(features)
            loss = tf.reduce_sum(tf.sin(outputs))
        results.append([outputs, *tape.gradient(loss, [features, *variables])])
    for ours, expected in zip(*results, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)
    outputs, scores = blockwise(features, return_attention_scores=True)
    np.testing.assert_allclose(outputs, results[0][0], rtol=1e-5, atol=1e-5)
    assert scores.shape == (1, 64**2, 32**2)


def test_loads_with_its_argument():
    layer = layers.SelfAttention(blockwise=False)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(layer)
    )
    assert not again.blockwise
