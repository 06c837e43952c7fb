"""Convolutions with x2 up- or downsampling, computed as one."""

import keras

from sagan_tf.layers.winograd_convolution import ChoosingConv2D, FactoredConv2D
from sagan_tf.ops import devices, resampling

# Arguments of `keras.layers.Conv2D` that cannot be chosen.
_FIXED = {
    "strides": 1,
    "padding": "same",
    "data_format": "channels_last",
    "dilation_rate": 1,
    "groups": 1,
}


class ResamplingConv2D(ChoosingConv2D):
    """What `UpsampleConv2D` and `DownsampleConv2D` have in common."""

    METHODS = ("auto", *resampling.METHODS)

    def __init__(self, filters, kernel_size=3, method="auto", **kwargs):
        super().__init__(
            filters, kernel_size, method=method, **_FIXED, **kwargs
        )
        height, width = self.kernel_size
        if height != width or height % 2 == 0:
            raise ValueError(
                "`kernel_size` must be an odd integer. "
                f"Received: kernel_size={kernel_size}"
            )
        if method == "winograd" and height != 3:
            raise ValueError(
                '`kernel_size` must be 3 with method="winograd". '
                f"Received: kernel_size={kernel_size}"
            )

    def build(self, input_shape):
        if input_shape[-1] is None:
            raise ValueError(
                "The number of channels of `inputs` must be known. "
                f"Received: inputs.shape={tuple(input_shape)}"
            )
        super().build(input_shape)
        # The name of `_kernel` in checkpoints of earlier versions.
        self.built = False
        self.kernel = self._kernel
        self.built = True

    kernel = property(keras.layers.Conv2D.kernel.fget, lambda self, _: None)

    def call(self, inputs):
        outputs = self.convolution_op(inputs, self.kernel)
        # Not Keras' `bias_add`, whose gradient is rounded differently: runs of
        # earlier versions resume to the bit.
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def method_for(self, input_shape, device):
        """Returns the method for such inputs, `method` unless it is "auto".

        Args:
            input_shape: (batch, height, width, channels).
            device: "cpu" or "gpu".
        """
        if self.method != "auto":
            return self.method
        size = self.kernel_size[0]
        return resampling.fastest_method(size, input_shape[-1], device)

    def _baked_kernel(self, kernel, method):
        return kernel

    def get_config(self):
        config = super().get_config()
        return {k: v for k, v in config.items() if k not in _FIXED}


@keras.saving.register_keras_serializable(package="sagan_tf")
class UpsampleConv2D(ResamplingConv2D):
    """Nearest-neighbour x2 upsampling and then a convolution, as one.

    The outputs are those of
    `Conv2D(filters, 3, padding="same")(UpSampling2D(2)(inputs))`. The weight
    is the 3x3 kernel, in the layout of `keras.layers.Conv2D`.

    Args:
        filters: Integer, number of output channels.
        kernel_size: Odd integer, height and width of the kernel.
        method: String, how the outputs are computed. They are the same up to
            rounding. "direct": upsampling, then the convolution. "strided": a
            transposed 4x4 convolution of stride 2, whose kernel sums entries
            of the 3x3 kernel; 2.25 times fewer multiplications. "winograd":
            minimal filtering, 4 times fewer; `kernel_size` must be 3. "auto":
            the fastest, which is "winograd" on a CPU for at least 256 input
            channels, else "strided".
        **kwargs: Bias, activation, initializers, regularizers and constraints
            as in `keras.layers.Conv2D`, for the 3x3 kernel.

    Call arguments:
        inputs: (batch, height, width, channels), floating point.

    Returns:
        (batch, 2 * height, 2 * width, filters), in the compute dtype.

    Raises:
        ValueError: If an argument is not as above, or if the number of input
            channels is unknown.

    Example:

    >>> UpsampleConv2D(8)(np.ones((1, 4, 4, 3), "float32")).shape
    (1, 8, 8, 8)

    Reference:
        - The upsampling block of SAGAN's generator, Zhang et al.,
          https://arxiv.org/abs/1805.08318; "winograd" is that of Lavin and
          Gray, https://arxiv.org/abs/1509.09308.
    """

    # `SpectralNormalization` may divide the inputs instead of the kernel.
    linear_in_inputs = True

    def convolution_op(self, inputs, kernel):
        method = self.method_for(inputs.shape, devices.default())
        return resampling.upsample_convolve(inputs, kernel, method)

    def baked(self, input_shape, device):
        method = self.method_for(input_shape, device)
        if method == "winograd":
            return FactoredConv2D(upsampling=True, **self._baked_options())
        if method == "direct":
            return super().baked(input_shape, device)
        return keras.layers.Conv2DTranspose(
            kernel_size=self.kernel_size[0] + 1,
            strides=2,
            padding="same",
            data_format="channels_last",
            **self._baked_options(),
        )

    def _baked_kernel(self, kernel, method):
        return resampling.upsampling_kernel(kernel, method, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        batch, *sizes, _ = input_shape
        return (batch, *(size and size * 2 for size in sizes), self.filters)


@keras.saving.register_keras_serializable(package="sagan_tf")
class DownsampleConv2D(ResamplingConv2D):
    """A convolution and then 2x2 average pooling, as one.

    The outputs are those of
    `AveragePooling2D(2)(Conv2D(filters, 3, padding="same")(inputs))`. The
    weight is the 3x3 kernel, in the layout of `keras.layers.Conv2D`.

    Args:
        filters, kernel_size, method, **kwargs: As in `UpsampleConv2D`. Here,
            "strided" is a 4x4 convolution of stride 2, whose kernel averages
            entries of the 3x3 kernel.

    Call arguments:
        inputs: (batch, height, width, channels), floating point; height and
            width are even.

    Returns:
        (batch, height / 2, width / 2, filters), in the compute dtype.

    Raises:
        ValueError: As in `UpsampleConv2D`, or if height or width is odd.

    Reference:
        - The downsampling block of SAGAN's discriminator, Zhang et al.,
          https://arxiv.org/abs/1805.08318.
    """

    # `SpectralNormalization` may divide the inputs instead of the kernel.
    linear_in_inputs = True

    def convolution_op(self, inputs, kernel):
        # Height and width may become known only at the call.
        self.compute_output_shape(inputs.shape)
        method = self.method_for(inputs.shape, devices.default())
        return resampling.convolve_downsample(inputs, kernel, method)

    def compute_output_shape(self, input_shape):
        batch, *sizes, _ = input_shape
        if any(size is not None and size % 2 for size in sizes):
            raise ValueError(
                "Height and width of `inputs` must be even. "
                f"Received: inputs.shape={tuple(input_shape)}"
            )
        return (batch, *(size and size // 2 for size in sizes), self.filters)
