"""Convolutions with x2 up- or downsampling, by three methods.

The number is that of the multiplications for 2x2 pixels of the larger image,
one channel and one filter of a 3x3 kernel:

    "direct"    36   resampling and convolution, one after the other
    "strided"   16   one 4x4 convolution of stride 2
    "winograd"   9   minimal filtering
"""

import keras
import numpy as np

from sagan_tf.ops import minimal_filtering

METHODS = ("direct", "strided", "winograd")
# With fewer input channels, minimal filtering's sums of pixels cost more time
# than its multiplications save (`benchmarks/layers.py`).
_MIN_CHANNELS = 256


def fastest_method(kernel_size, channels, device):
    """Returns the fastest method, "strided" or "winograd".

    Args:
        kernel_size: Integer, height and width of the kernel.
        channels: Integer, number of input channels.
        device: "cpu" or "gpu".
    """
    pays = device == "cpu" and kernel_size == 3 and channels >= _MIN_CHANNELS
    return "winograd" if pays else "strided"


def upsample_convolve(inputs, kernel, method):
    """Upsamples x2 by nearest neighbour, then convolves.

    Args:
        inputs: (batch, height, width, channels), floating point.
        kernel: (size, size, channels, filters); `size` is odd.
        method: "direct", "strided" or "winograd".

    Returns:
        (batch, 2 * height, 2 * width, filters).
    """
    prepared = upsampling_kernel(kernel, method, inputs.dtype)
    if method == "winograd":
        return minimal_filtering.upsample(inputs, prepared)
    if method == "strided":
        return keras.ops.conv_transpose(
            inputs,
            prepared,
            strides=2,
            padding="same",
            data_format="channels_last",
        )
    repeated = keras.ops.repeat(inputs, 2, axis=1)
    repeated = keras.ops.repeat(repeated, 2, axis=2)
    return keras.ops.conv(
        repeated, prepared, padding="same", data_format="channels_last"
    )


def upsampling_kernel(kernel, method, dtype):
    """Returns what `upsample_convolve` makes of its kernel.

    Args:
        kernel, method: As in `upsample_convolve`.
        dtype: Dtype of the inputs.

    Returns:
        (9, channels, filters) for "winograd", the factors; (size + 1,
        size + 1, filters, channels) for "strided", the kernel of a transposed
        convolution; `kernel` for "direct".
    """
    if method == "winograd":
        return minimal_filtering.upsampling_factors(kernel, dtype)
    if method == "strided":
        # A transposed convolution applies its kernel mirrored.
        folded = _folded(kernel, dtype, mirrored=True)
        return keras.ops.swapaxes(folded, 2, 3)
    return kernel


def convolve_downsample(inputs, kernel, method):
    """Convolves, then averages 2x2 pixels.

    Args:
        inputs: (batch, height, width, channels), floating point; height and
            width are even.
        kernel: (size, size, channels, filters); `size` is odd.
        method: "direct", "strided" or "winograd".

    Returns:
        (batch, height / 2, width / 2, filters).
    """
    if method == "winograd":
        factors = minimal_filtering.downsampling_factors(kernel, inputs.dtype)
        return minimal_filtering.downsample(inputs, factors)
    if method == "strided":
        return keras.ops.conv(
            inputs,
            _folded(kernel, inputs.dtype) / 4,
            strides=2,
            padding="same",
            data_format="channels_last",
        )
    outputs = keras.ops.conv(
        inputs, kernel, padding="same", data_format="channels_last"
    )
    return keras.ops.average_pool(
        outputs, (2, 2), (2, 2), data_format="channels_last"
    )


def _folded(kernel, dtype, mirrored=False):
    """Sums the kernel entries that meet the same pixel of equal pairs.

    Returns:
        (size + 1, size + 1, channels, filters).
    """
    # One matmul with a constant, since the gradient of slices costs more than
    # folding saves.
    size, _, channels, filters = kernel.shape
    shared = np.eye(size + 1, size) + np.eye(size + 1, size, k=-1)
    if mirrored:
        shared = shared[:, ::-1]
    shared = keras.ops.convert_to_tensor(np.kron(shared, shared), dtype)
    entries = keras.ops.reshape(kernel, (size * size, channels * filters))
    # With PyTorch, Keras' matmul of float64 returns float32.
    folded = keras.ops.cast(keras.ops.matmul(shared, entries), dtype)
    return keras.ops.reshape(folded, (size + 1, size + 1, channels, filters))
