"""Multiply-adds of a training step, counted from its graph."""

import dataclasses

import numpy as np
import tensorflow as tf


def of_step(config):
    """Counts the multiply-adds of convolutions and products of matrices.

    Attention in blocks computes its scores twice; they are counted once.
    Products with a constant, which are sums of taps or pixels, do not count.

    Args:
        config: `Config` of the step.
    """
    from sagan_tf import training

    config = dataclasses.replace(
        config, precision="float32", blockwise_attention=False
    )
    gan = training.build_gan(config, tf.distribute.get_strategy())
    size = config.image_size
    step = tf.function(gan.train_step).get_concrete_function(
        (
            tf.TensorSpec((config.batch_size, size, size, 3)),
            tf.TensorSpec((config.batch_size,), tf.int32),
        )
    )
    return sum(map(_of_operation, _needed(step.graph)))


def _needed(graph):
    """Yields the operations that the outputs and side effects depend on."""
    waiting = [tensor.op for tensor in graph.outputs]
    waiting += [
        op
        for op in graph.get_operations()
        if "Apply" in op.type or "Assign" in op.type
    ]
    seen = set(waiting)
    while waiting:
        operation = waiting.pop()
        yield operation
        for above in [tensor.op for tensor in operation.inputs]:
            if above not in seen:
                seen.add(above)
                waiting.append(above)


def _of_operation(operation):
    def shape(tensor):
        return tensor.shape.as_list()

    inputs, outputs = operation.inputs, operation.outputs
    if operation.type in ("MatMul", "BatchMatMulV2"):
        if any(tensor.op.type == "Const" for tensor in inputs):
            return 0
        name = "transpose_a" if operation.type == "MatMul" else "adj_x"
        inner = shape(inputs[0])[-2 if operation.get_attr(name) else -1]
        return int(np.prod(shape(outputs[0]))) * inner
    # Of each gradient, as of the convolution itself: the small image times
    # the kernel.
    if operation.type == "Conv2D":
        return _of_convolution(shape(outputs[0]), shape(inputs[1]))
    if operation.type == "Conv2DBackpropFilter":
        return _of_convolution(shape(inputs[2]), shape(outputs[0]))
    if operation.type == "Conv2DBackpropInput":
        return _of_convolution(shape(inputs[2]), shape(inputs[1]))
    return 0


def _of_convolution(image, kernel):
    return int(np.prod(image[:3])) * int(np.prod(kernel))
