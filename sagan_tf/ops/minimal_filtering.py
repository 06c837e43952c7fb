"""3x3 convolutions, with or without x2 resampling, by minimal filtering.

Lavin and Gray's F(2x2, 3x3) computes 2x2 pixels Y of a convolution from a
4x4 patch d of the input and the 3x3 kernel g (their equation 8)::

    Y = A^T [(G g G^T) * (B^T d B)] A

with `*` element by element: 16 multiplications instead of 36. With the sum
over the channels, `*` becomes 16 matmuls of (pixels, channels) and (channels,
filters). Along one axis, with d = (x[2i-1], x[2i], x[2i+1], x[2i+2])::

    B^T d = (d0 - d2,  d1 + d2,  d2 - d1,  d1 - d3)
    G g   = (g0,  (g0 + g1 + g2) / 2,  (g0 - g1 + g2) / 2,  g2)
    A^T m = (m0 + m1 + m2,  m1 - m2 - m3)

After x2 nearest-neighbour upsampling pixels are equal in pairs, and 3
multiplications remain along an axis::

    y[2i]   = (g0 + g1 + g2) x[i] + g0 (x[i-1] - x[i])
    y[2i+1] = (g0 + g1 + g2) x[i] - g2 (x[i] - x[i+1])

A convolution before 2x2 average pooling is the transpose of that::

    (y[2i] + y[2i+1]) / 2 = (g0 + g1 + g2) / 2 (x[2i] + x[2i+1])
        + g0 / 2 (x[2i-1] - x[2i+1]) + g2 / 2 (x[2i+2] - x[2i])

Multiplications for each 2x2 block of the larger image, channel and filter:

| convolution            | direct | one strided | minimal filtering |
|------------------------|--------|-------------|-------------------|
| 3x3                    | 36     | -           | 16                |
| 3x3 with x2 resampling | 36     | 16          | 9                 |

Reference:
    - Lavin and Gray, [Fast Algorithms for Convolutional Neural Networks](
      https://arxiv.org/abs/1509.09308), section 4.1. The resampling forms
      follow from it by the algebra above.
"""

import keras
import numpy as np

# Along one axis, from (g0, g1, g2) to the factors that sums of pixels are
# multiplied by: without resampling, after upsampling, and before pooling.
_G = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]]) / 2
_G_UPSAMPLING = np.array([[1, 1, 1], [1, 0, 0], [0, 0, -1]])
_G_DOWNSAMPLING = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 1]]) / 2
_A_T = np.array([[1, 1, 1, 0], [0, 1, -1, -1]])


# With fewer channels, the sums of pixels cost more time than the
# multiplications save (`benchmarks/layers.py`).
_MIN_CHANNELS = 128


def convolution_pays(channels, filters, device):
    """Returns whether `convolve` is faster than a direct convolution.

    Args:
        channels, filters: Integers, input and output channels.
        device: "cpu" or "gpu".
    """
    return device == "cpu" and min(channels, filters) >= _MIN_CHANNELS


def convolution_factors(kernel, dtype):
    """Returns `G g G^T`, the factors of `convolve`: (16, channels, filters).

    Args:
        kernel: (3, 3, channels, filters).
        dtype: String, dtype of the result.
    """
    return _factors(_G, kernel, dtype)


def upsampling_factors(kernel, dtype):
    """Returns the factors of `upsample`: (9, channels, filters)."""
    return _factors(_G_UPSAMPLING, kernel, dtype)


def downsampling_factors(kernel, dtype):
    """Returns the factors of `downsample`: (9, channels, filters)."""
    return _factors(_G_DOWNSAMPLING, kernel, dtype)


def _factors(matrix, kernel, dtype):
    """Returns `matrix g matrix^T`: (rows of `matrix` ** 2, channels, filters).

    It is one matmul with a constant, since the gradient of slices of the
    kernel costs more than the matmul.
    """
    channels, filters = kernel.shape[2:]
    # (3 rows 3 columns, channels filters)
    entries = keras.ops.reshape(kernel, (9, channels * filters))
    on_both_axes = _constant(np.kron(matrix, matrix), dtype)
    factors = keras.ops.matmul(on_both_axes, entries)
    return keras.ops.reshape(factors, (-1, channels, filters))


def _constant(matrix, dtype):
    return keras.ops.convert_to_tensor(matrix, dtype)


def convolve(inputs, factors):
    """Convolves with a 3x3 kernel, with zeros beyond the borders.

    Args:
        inputs: (batch, height, width, channels); height and width are even.
        factors: What `convolution_factors` returns, in the dtype of `inputs`.

    Returns:
        (batch, height, width, filters).
    """
    batch, height, width, _ = keras.ops.shape(inputs)
    channels, filters = factors.shape[1:]
    height, width = height // 2, width // 2
    # Y = A^T [(G g G^T) * (B^T d B)] A, from the inside: B^T d B.
    # (4 rows, batch, height, 2 width channels)
    patches = keras.ops.stack(
        _input_transform(inputs, batch, height, 2 * width * channels), axis=0
    )
    # (4 columns, 4 rows, batch, height, width, channels)
    patches = keras.ops.stack(
        _input_transform(patches, 4 * batch * height, width, channels), axis=0
    )
    # G g G^T: (4 rows, 4 columns, channels, filters)
    factors = keras.ops.reshape(factors, (4, 4, channels, filters))
    # (4 columns, 4 rows, channels, filters)
    factors = keras.ops.swapaxes(factors, 0, 1)
    pixels = batch * height * width
    # *, summed over channels: (4 columns 4 rows, pixels, filters)
    multiplied = keras.ops.matmul(
        keras.ops.reshape(patches, (16, pixels, channels)),
        keras.ops.reshape(factors, (16, channels, filters)),
    )
    # A^T [...] A: (2 columns 2 rows, pixels filters)
    outputs = keras.ops.matmul(
        _constant(np.kron(_A_T, _A_T), inputs.dtype),
        keras.ops.reshape(multiplied, (16, pixels * filters)),
    )
    # (2 columns, 2 rows, batch, height, width, filters)
    outputs = keras.ops.reshape(outputs, (2, 2, batch, height, width, filters))
    # (batch, height, 2 rows, width, 2 columns, filters), and merged
    return keras.ops.reshape(
        keras.ops.transpose(outputs, (2, 3, 1, 4, 0, 5)),
        (batch, 2 * height, 2 * width, filters),
    )


def downsample(inputs, factors):
    """Convolves with a 3x3 kernel, then averages 2x2 pixels.

    Args:
        inputs: (batch, height, width, channels); height and width are even.
        factors: What `downsampling_factors` returns, in the dtype of
            `inputs`.

    Returns:
        (batch, height / 2, width / 2, filters).
    """
    batch, height, width, _ = keras.ops.shape(inputs)
    channels, filters = factors.shape[1:]
    height, width = height // 2, width // 2

    def three_sums(features, batch, size, rest):
        """The sums that g0 + g1 + g2, g0 and g2 are multiplied by."""
        first, both, _, last = _input_transform(features, batch, size, rest)
        return keras.ops.stack([both, first, -last], axis=2)

    # (batch, height, 3 rows, 2 width channels)
    sums = three_sums(inputs, batch, height, 2 * width * channels)
    # (batch height 3 rows, width, 3 columns, channels)
    sums = three_sums(sums, batch * height * 3, width, channels)
    # (batch, height, width, 3 rows, 3 columns, channels)
    sums = keras.ops.transpose(
        keras.ops.reshape(sums, (batch, height, 3, width, 3, channels)),
        (0, 1, 3, 2, 4, 5),
    )
    # (batch height width, 3 rows 3 columns channels)
    outputs = keras.ops.matmul(
        keras.ops.reshape(sums, (batch * height * width, 9 * channels)),
        keras.ops.reshape(factors, (9 * channels, filters)),
    )
    return keras.ops.reshape(outputs, (batch, height, width, filters))


def _input_transform(features, batch, size, rest):
    """Returns the four components of `B^T d` along an axis.

    Args:
        features: A tensor of batch * 2 * size * rest elements; the axis is
            that of 2 * size pixels.

    Returns:
        Four tensors (batch, size, rest).
    """
    shape = (batch, size, rest)
    # x[2i] and x[2i+1]
    even, odd = keras.ops.unstack(
        keras.ops.reshape(features, (batch, size, 2, rest)), 2, axis=2
    )
    # x[2i-1] and x[2i+2], with zeros beyond the borders
    before = keras.ops.pad(odd, ((0, 0), (1, 0), (0, 0)))
    after = keras.ops.pad(even, ((0, 0), (0, 1), (0, 0)))
    return (
        keras.ops.slice(before, (0, 0, 0), shape) - odd,
        even + odd,
        odd - even,
        even - keras.ops.slice(after, (0, 1, 0), shape),
    )


def upsample(inputs, factors):
    """Upsamples x2 by nearest neighbour, then convolves with a 3x3 kernel.

    This is what each of the 3x3 factors is multiplied by:

    | factor  | F[.][0]       | F[.][1]         | F[.][2]         |
    |---------|---------------|-----------------|-----------------|
    | F[0][.] | x             | x[j-1] - x[j]   | x[j] - x[j+1]   |
    | F[1][.] | x[i-1] - x[i] | both            | both            |
    | F[2][.] | x[i] - x[i+1] | both            | both            |

    with i the row of a pixel x, j its column, and "both" the difference along
    rows of the differences along columns. The output pixel (2i + a, 2j + b)
    is the sum of the terms in the rows 0 and 1 + a, columns 0 and 1 + b.

    Args:
        inputs: (batch, height, width, channels).
        factors: What `upsampling_factors` returns, in the dtype of `inputs`.

    Returns:
        (batch, 2 * height, 2 * width, filters).
    """
    batch, height, width, _ = keras.ops.shape(inputs)
    filters = factors.shape[-1]
    factors = keras.ops.unstack(factors, 9)
    along_columns = _differences(inputs, 2)
    along_rows = _differences(inputs, 1)
    along_both = _differences(along_rows, 2)
    table = ((inputs, along_columns), (along_rows, along_both))

    def term(row, column):
        features = table[row > 0][column > 0]
        multiplied = keras.ops.matmul(features, factors[3 * row + column])
        # x[i] - x[i+1] is x[i-1] - x[i] from its second pixel on.
        start = (0, max(0, row - 1), max(0, column - 1), 0)
        return keras.ops.slice(
            multiplied, start, (batch, height, width, filters)
        )

    corner = term(0, 0)
    columns = [corner + term(0, 1 + b) for b in (0, 1)]
    rows = []
    for a in (0, 1):
        row = term(1 + a, 0)
        pixels = [columns[b] + (row + term(1 + a, 1 + b)) for b in (0, 1)]
        # (batch, height, width, 2 columns, filters)
        rows.append(keras.ops.stack(pixels, axis=3))
    # (batch, height, 2 rows, width, 2 columns, filters), and merged
    return keras.ops.reshape(
        keras.ops.stack(rows, axis=2), (batch, 2 * height, 2 * width, filters)
    )


def _differences(features, axis):
    """Returns each pixel minus the next one: one more pixel along `axis`.

    Pixels beyond both borders are zeros.
    """
    padding = [(0, 0)] * 4
    padding[axis] = (1, 1)
    padded = keras.ops.pad(features, padding)
    size = list(keras.ops.shape(features))
    size[axis] = size[axis] + 1
    start = [0] * 4
    first = keras.ops.slice(padded, start, size)
    start[axis] = 1
    return first - keras.ops.slice(padded, start, size)
