"""3x3 convolutions, resampled or not, as few products of matrices.

Winograd's minimal filtering, along one axis and with the kernel (g0, g1, g2).
A convolution gives two pixels from four products, where six are plain::

    p = g0 (x[2i-1] - x[2i+1])        q = (g0+g1+g2)/2 (x[2i] + x[2i+1])
    r = (g0-g1+g2)/2 (x[2i+1] - x[2i])        s = g2 (x[2i] - x[2i+2])
    y[2i] = p + q + r        y[2i+1] = q - r - s

Upsampling x2 before it repeats each pixel, and three products remain::

    y[2i]   = (g0+g1+g2) x[i] + g0 (x[i-1] - x[i])
    y[2i+1] = (g0+g1+g2) x[i] - g2 (x[i] - x[i+1])

Transposed, the same three give the mean of the pixels 2i and 2i + 1 of a
convolution; it is half of::

    (g0+g1+g2) (x[2i] + x[2i+1]) + g0 (x[2i-1] - x[2i+1])
                                 + g2 (x[2i+2] - x[2i])

On both axes these are 16 products for 36, and nine for 36.

Reference:
    - Lavin and Gray, [Fast Algorithms for Convolutional Neural Networks](
      https://arxiv.org/abs/1509.09308), section 4, for the convolution; the
      resampled ones follow from it.
"""

import keras
import numpy as np

# From (g0, g1, g2) to the factors of an axis.
_CONVOLUTION = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2
_UPSAMPLING = np.array([[1, 1, 1], [1, 0, 0], [0, 0, -1]])
_DOWNSAMPLING = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 1]]) / 2
# From the products of a convolution to the two pixels.
_PIXELS = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])


def convolution_factors(kernel, dtype):
    """Returns what `convolve` multiplies by, (16, channels, filters).

    Args:
        kernel: (3, 3, channels, filters).
        dtype: Of the result.
    """
    return _factors(_CONVOLUTION, kernel, dtype)


def upsampling_factors(kernel, dtype):
    """Returns what `upsample` multiplies by, (9, channels, filters)."""
    return _factors(_UPSAMPLING, kernel, dtype)


def downsampling_factors(kernel, dtype):
    """Returns what `downsample` multiplies by, (9, channels, filters)."""
    return _factors(_DOWNSAMPLING, kernel, dtype)


def _factors(matrix, kernel, dtype):
    # One product with a constant matrix, since the gradient of slices of the
    # kernel costs more than the whole.
    channels, filters = kernel.shape[2:]
    taps = keras.ops.reshape(kernel, (9, channels * filters))
    factors = keras.ops.matmul(_constant(np.kron(matrix, matrix), dtype), taps)
    return keras.ops.reshape(factors, (-1, channels, filters))


def _constant(matrix, dtype):
    return keras.ops.convert_to_tensor(matrix, dtype)


def convolve(inputs, factors):
    """Convolves, with zeros beyond the borders.

    Args:
        inputs: (batch, height, width, channels), height and width even.
        factors: What `convolution_factors` returns, in the same dtype.

    Returns:
        (batch, height, width, filters).
    """
    batch, height, width, _ = keras.ops.shape(inputs)
    channels, filters = factors.shape[1:]
    height, width = height // 2, width // 2
    # The sums of columns come first, those of rows second; so do the factors.
    sums = keras.ops.stack(
        _sums(inputs, batch, height, 2 * width * channels), axis=0
    )
    sums = keras.ops.stack(
        _sums(sums, 4 * batch * height, width, channels), axis=0
    )
    factors = keras.ops.reshape(factors, (4, 4, channels, filters))
    factors = keras.ops.swapaxes(factors, 0, 1)
    pixels = batch * height * width
    products = keras.ops.matmul(
        keras.ops.reshape(sums, (16, pixels, channels)),
        keras.ops.reshape(factors, (16, channels, filters)),
    )
    outputs = keras.ops.matmul(
        _constant(np.kron(_PIXELS, _PIXELS), inputs.dtype),
        keras.ops.reshape(products, (16, pixels * filters)),
    )
    outputs = keras.ops.reshape(outputs, (2, 2, batch, height, width, filters))
    return keras.ops.reshape(
        keras.ops.transpose(outputs, (2, 3, 1, 4, 0, 5)),
        (batch, 2 * height, 2 * width, filters),
    )


def downsample(inputs, factors):
    """Convolves and averages 2x2 pixels.

    Args:
        inputs: (batch, height, width, channels), height and width even.
        factors: What `downsampling_factors` returns, in the same dtype.

    Returns:
        (batch, height / 2, width / 2, filters).
    """
    batch, height, width, _ = keras.ops.shape(inputs)
    channels, filters = factors.shape[1:]
    height, width = height // 2, width // 2

    def three(features, batch, size, rest):
        before, both, _, after = _sums(features, batch, size, rest)
        return keras.ops.stack([both, before, -after], axis=2)

    sums = three(inputs, batch, height, 2 * width * channels)
    sums = three(sums, batch * height * 3, width, channels)
    sums = keras.ops.transpose(
        keras.ops.reshape(sums, (batch, height, 3, width, 3, channels)),
        (0, 1, 3, 2, 4, 5),
    )
    outputs = keras.ops.matmul(
        keras.ops.reshape(sums, (batch * height * width, 9 * channels)),
        keras.ops.reshape(factors, (9 * channels, filters)),
    )
    return keras.ops.reshape(outputs, (batch, height, width, filters))


def _sums(features, batch, size, rest):
    """The four sums and differences of an axis of 2 * size pixels.

    Each is (batch, size, rest).
    """
    shape = (batch, size, rest)
    even, odd = keras.ops.unstack(
        keras.ops.reshape(features, (batch, size, 2, rest)), 2, axis=2
    )
    before = keras.ops.pad(odd, ((0, 0), (1, 0), (0, 0)))
    after = keras.ops.pad(even, ((0, 0), (0, 1), (0, 0)))
    return (
        keras.ops.slice(before, (0, 0, 0), shape) - odd,
        even + odd,
        odd - even,
        even - keras.ops.slice(after, (0, 1, 0), shape),
    )


def upsample(inputs, factors):
    """Upsamples x2 and convolves.

    Args:
        inputs: (batch, height, width, channels).
        factors: What `upsampling_factors` returns, in the same dtype.

    Returns:
        (batch, 2 * height, 2 * width, filters).
    """
    batch, height, width, _ = keras.ops.shape(inputs)
    filters = factors.shape[-1]
    factors = keras.ops.unstack(factors, 9)
    by_column = _differences(inputs, 2)
    by_row = _differences(inputs, 1)
    by_both = _differences(by_row, 2)

    def product(features, index, row, column):
        part = keras.ops.matmul(features, factors[index])
        return keras.ops.slice(
            part, (0, row, column, 0), (batch, height, width, filters)
        )

    whole = product(inputs, 0, 0, 0)
    plain = [whole + product(by_column, 1 + b, 0, b) for b in (0, 1)]
    rows = []
    for a in (0, 1):
        first = 3 + 3 * a
        row = product(by_row, first, a, 0)
        pixels = [
            plain[b] + (row + product(by_both, first + 1 + b, a, b))
            for b in (0, 1)
        ]
        rows.append(keras.ops.stack(pixels, axis=3))
    return keras.ops.reshape(
        keras.ops.stack(rows, axis=2), (batch, 2 * height, 2 * width, filters)
    )


def _differences(features, axis):
    """Each pixel less the next, beyond both borders zeros: one more pixel."""
    padding = [(0, 0)] * 4
    padding[axis] = (1, 1)
    padded = keras.ops.pad(features, padding)
    size = list(keras.ops.shape(features))
    size[axis] = size[axis] + 1
    start = [0] * 4
    first = keras.ops.slice(padded, start, size)
    start[axis] = 1
    return first - keras.ops.slice(padded, start, size)
