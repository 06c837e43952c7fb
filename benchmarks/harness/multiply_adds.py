"""Counts the multiply-adds of a training step from its graph."""

import numpy as np

from . import workloads


def multiply_adds(method, **fields):
    """Makes the count for a method of computing convolutions.

    The result is the number of multiply-adds of convolutions and matmuls in
    one training step. Matmuls with a constant are not counted: minimal
    filtering and folding use them to add pixels or kernel entries.

    Args:
        method: String, how convolutions are computed; see `build_generator`.
        **fields: Arguments of `workloads.configuration`.
    """
    tf = workloads.tensorflow()
    config = workloads.configuration(**fields)
    # Attention in blocks would compute, and count, its scores twice.
    gan = workloads.variant_gan(config, method, blockwise=False)
    size = config.image_size

    def work():
        step = tf.function(gan.train_step).get_concrete_function(
            (
                tf.TensorSpec((config.batch_size, size, size, 3)),
                tf.TensorSpec((config.batch_size,), tf.int32),
            )
        )
        return sum(map(_of_operation, _needed(step.graph)))

    return work, {"images": config.batch_size}


def _needed(graph):
    """Yields the operations that the outputs and side effects depend on."""
    waiting = [tensor.op for tensor in graph.outputs]
    waiting += [
        operation
        for operation in graph.get_operations()
        if "Apply" in operation.type or "Assign" in operation.type
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
    """Returns the multiply-adds of one operation, 0 for most types."""
    inputs, outputs = operation.inputs, operation.outputs
    if operation.type in ("MatMul", "BatchMatMulV2"):
        if any(tensor.op.type == "Const" for tensor in inputs):
            return 0
        name = "transpose_a" if operation.type == "MatMul" else "adj_x"
        inner = _shape(inputs[0])[-2 if operation.get_attr(name) else -1]
        return int(np.prod(_shape(outputs[0]))) * inner
    # The two gradients cost what the convolution costs: each pixel of its
    # output times the kernel.
    if operation.type == "Conv2D":
        return _of_convolution(_shape(outputs[0]), _shape(inputs[1]))
    if operation.type == "Conv2DBackpropFilter":
        return _of_convolution(_shape(inputs[2]), _shape(outputs[0]))
    if operation.type == "Conv2DBackpropInput":
        return _of_convolution(_shape(inputs[2]), _shape(inputs[1]))
    return 0


def _shape(tensor):
    return tensor.shape.as_list()


def _of_convolution(output, kernel):
    return int(np.prod(output[:3])) * int(np.prod(kernel))
