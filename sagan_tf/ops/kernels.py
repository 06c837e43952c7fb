"""The kernel of a Keras layer, and the matrix of its linear map."""

import keras

_TRANSPOSED = (
    keras.layers.Conv1DTranspose,
    keras.layers.Conv2DTranspose,
    keras.layers.Conv3DTranspose,
)
_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
# Layers that are linear in their input up to a bias and an activation, so that
# dividing the input equals dividing the kernel. Layers of other packages say so
# themselves, by `linear_in_inputs`.
_LINEAR = (
    keras.layers.Dense,
    keras.layers.Conv1D,
    keras.layers.Conv2D,
    keras.layers.Conv3D,
    *_TRANSPOSED,
    *_DEPTHWISE,
)


def is_linear(layer):
    """Returns whether dividing a layer's input equals dividing its kernel."""
    cls = type(layer)
    # The class itself must say that it is linear. Subclasses do not inherit
    # that, because they may override `call`.
    return cls in _LINEAR or "linear_in_inputs" in vars(cls)


def kernel_of(layer):
    """Returns the `keras.Variable` that is the kernel of a built layer.

    Raises:
        ValueError: If the layer has no kernel, or more than that one.
    """
    if getattr(layer, "quantization_mode", None) or getattr(
        layer, "lora_enabled", False
    ):
        raise ValueError(
            "`layer` must be neither quantized nor have LoRA: its kernel is "
            "then no single variable that can be normalized. "
            f"Received: layer={layer}"
        )
    if not hasattr(layer, "recurrent_kernel"):
        for name in ("kernel", "embeddings"):
            kernel = getattr(layer, name, None)
            if isinstance(kernel, keras.Variable) and len(kernel.shape) > 1:
                return kernel
    raise ValueError(
        "`layer` must have one variable `kernel` or `embeddings` of at least "
        "two dimensions once it is built, and no `recurrent_kernel`. "
        f"Received: layer={layer}"
    )


def kernel_matrix(layer, kernel):
    """Reshapes the kernel of a layer to (rest, output channels)."""
    shape = kernel.shape
    if isinstance(layer, _DEPTHWISE):
        channels = shape[-2] * shape[-1]
    elif isinstance(layer, _TRANSPOSED):
        kernel = keras.ops.moveaxis(kernel, -2, -1)
        channels = shape[-2]
    elif isinstance(layer, keras.layers.Embedding):
        # The SAGAN authors' code normalizes the transpose: `u` has one entry
        # for each class.
        kernel = keras.ops.transpose(kernel)
        channels = shape[0]
    elif isinstance(layer, keras.layers.EinsumDense):
        return _einsum_matrix(layer.equation, kernel)
    else:
        channels = shape[-1]
    return keras.ops.reshape(kernel, (-1, channels))


def _einsum_matrix(equation, kernel):
    """Returns the kernel of an `EinsumDense` as (summed axes, other axes)."""
    inputs, axes, outputs = (
        equation.replace("->", ",").replace(" ", "").split(",")
    )
    if any(axis in inputs and axis in outputs for axis in axes):
        raise ValueError(
            "`layer` must apply one kernel to all of its inputs. "
            f"Received: an EinsumDense of equation {equation!r}"
        )
    summed = [n for n, axis in enumerate(axes) if axis in inputs]
    others = [n for n, axis in enumerate(axes) if axis not in inputs]
    size = 1
    for axis in others:
        size *= kernel.shape[axis]
    kernel = keras.ops.transpose(kernel, [*summed, *others])
    return keras.ops.reshape(kernel, (-1, size))
