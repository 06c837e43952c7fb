"""3x3 convolutions folded with the x2 resampling beside them."""

import keras

from sagan_tf.layers.resampling_base import ARGUMENTS, ResamplingConv2D
from sagan_tf.ops import minimal_filtering


@keras.saving.register_keras_serializable(package="sagan_tf")
class UpsampleConv2D(ResamplingConv2D):
    __doc__ = f"""Nearest-neighbour x2 upsampling, then a convolution, as one.

    `Conv2D(filters, 3, padding="same")(UpSampling2D(2)(inputs))` reads every
    input pixel four times. The same values come from one 4x4 transposed
    convolution of stride 2 on the small image, whose taps are sums of the 3x3
    kernel's: 4 multiplications for each output in place of 9. With many
    channels it is nine products of matrices, of pixels and of differences
    between neighbours: 2.25 multiplications for each output (Winograd's
    minimal filtering, for an image that has each pixel twice). The weight
    stays the 3x3 kernel, in `Conv2D`'s layout.
{ARGUMENTS}
    Returns:
        (batch, 2 * height, 2 * width, filters), in the compute dtype.

    Raises:
        ValueError: If `filters` or `kernel_size` is not as above, or the
            number of input channels is unknown.

    Example:

    >>> UpsampleConv2D(8)(np.ones((1, 4, 4, 3), "float32")).shape
    (1, 8, 8, 8)

    Reference:
        - The upsampling block of SAGAN's generator, Zhang et al.,
          https://arxiv.org/abs/1805.08318; the folding is exact algebra.
        - Lavin and Gray, [Fast Algorithms for Convolutional Neural Networks](
          https://arxiv.org/abs/1509.09308), section 4, for minimal filtering.
    """

    def transposed_kernel(self, kernel):
        """Returns the kernel of the equal transposed convolution.

        Args:
            kernel: (size, size, channels, filters).

        Returns:
            (size + 1, size + 1, filters, channels), as `Conv2DTranspose` of
            stride 2 has it.
        """
        # A transposed convolution applies its kernel mirrored.
        kernel = self.fold(kernel, mirrored=True)
        return keras.ops.swapaxes(kernel, 2, 3)

    def factors(self, kernel):
        """Returns what the nine products multiply by.

        Args:
            kernel: (3, 3, channels, filters).

        Returns:
            (9, channels, filters).
        """
        return minimal_filtering.upsampling_factors(kernel, self.compute_dtype)

    def _multiplied(self, inputs, kernel):
        return minimal_filtering.upsample(inputs, self.factors(kernel))

    def _folded(self, inputs, kernel):
        return keras.ops.conv_transpose(
            inputs,
            self.transposed_kernel(kernel),
            strides=2,
            padding="same",
            data_format="channels_last",
        )

    def _composed(self, inputs, kernel):
        repeated = keras.ops.repeat(inputs, 2, axis=1)
        repeated = keras.ops.repeat(repeated, 2, axis=2)
        return keras.ops.conv(
            repeated, kernel, padding="same", data_format="channels_last"
        )

    def compute_output_shape(self, input_shape):
        batch, height, width, _ = input_shape
        height = None if height is None else 2 * height
        width = None if width is None else 2 * width
        return (batch, height, width, self.filters)


@keras.saving.register_keras_serializable(package="sagan_tf")
class DownsampleConv2D(ResamplingConv2D):
    __doc__ = f"""A convolution, then 2x2 average pooling, as one.

    `AveragePooling2D(2)(Conv2D(filters, 3, padding="same")(inputs))` computes
    four outputs to keep their mean. The same values come from one 4x4
    convolution of stride 2, whose taps are means of the 3x3 kernel's: 16
    multiplications in place of 36. With many channels it is one product of
    matrices with nine sums of pixels: 9 multiplications (Winograd's minimal
    filtering, transposed). The weight stays the 3x3 kernel, in `Conv2D`'s
    layout.
{ARGUMENTS}
    Returns:
        (batch, height / 2, width / 2, filters), in the compute dtype.

    Raises:
        ValueError: If `filters` or `kernel_size` is not as above, if the
            number of input channels is unknown, or if height or width is odd.

    Example:

    >>> DownsampleConv2D(8)(np.ones((1, 4, 4, 3), "float32")).shape
    (1, 2, 2, 8)

    Reference:
        - The downsampling block of SAGAN's discriminator, Zhang et al.,
          https://arxiv.org/abs/1805.08318; the folding is exact algebra.
        - Lavin and Gray, [Fast Algorithms for Convolutional Neural Networks](
          https://arxiv.org/abs/1509.09308), section 4, for minimal filtering.
    """

    def _multiplied(self, inputs, kernel):
        factors = minimal_filtering.downsampling_factors(
            kernel, self.compute_dtype
        )
        return minimal_filtering.downsample(inputs, factors)

    def _folded(self, inputs, kernel):
        return keras.ops.conv(
            inputs,
            self.fold(kernel) / 4,
            strides=2,
            padding="same",
            data_format="channels_last",
        )

    def _composed(self, inputs, kernel):
        outputs = keras.ops.conv(
            inputs, kernel, padding="same", data_format="channels_last"
        )
        return keras.ops.average_pool(
            outputs, (2, 2), (2, 2), data_format="channels_last"
        )

    def _check_size(self, shape):
        if any(size is not None and size % 2 for size in shape[1:3]):
            raise ValueError(
                "Height and width of `inputs` must be even. "
                f"Received: inputs.shape={tuple(shape)}"
            )

    def compute_output_shape(self, input_shape):
        self._check_size(input_shape)
        batch, height, width, _ = input_shape
        height = None if height is None else height // 2
        width = None if width is None else width // 2
        return (batch, height, width, self.filters)
