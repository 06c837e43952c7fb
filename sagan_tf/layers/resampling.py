"""3x3 convolutions folded with the x2 resampling beside them."""

import keras
import numpy as np

from sagan_tf.layers import devices, minimal_filtering

# With fewer channels of the input the sums of pixels cost more time than the
# products they save (`benchmarks/convolutions.py`).
_LEAST_CHANNELS = 256
_FOLDINGS = (True, False, "convolution", "products")


class _ResamplingConv2D(keras.layers.Layer):
    """What `UpsampleConv2D` and `DownsampleConv2D` share."""

    def __init__(
        self,
        filters,
        kernel_size=3,
        use_bias=True,
        folded=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not isinstance(filters, int) or filters < 1:
            raise ValueError(
                "`filters` must be an integer of at least 1. "
                f"Received: filters={filters}"
            )
        if not isinstance(kernel_size, int) or kernel_size % 2 != 1:
            raise ValueError(
                "`kernel_size` must be an odd integer. "
                f"Received: kernel_size={kernel_size}"
            )
        if folded not in _FOLDINGS:
            raise ValueError(
                f"`folded` must be one of {_FOLDINGS}. "
                f"Received: folded={folded!r}"
            )
        if folded == "products" and kernel_size != 3:
            raise ValueError(
                '`kernel_size` must be 3 with folded="products". '
                f"Received: kernel_size={kernel_size}"
            )
        self.filters = filters
        self.kernel_size = kernel_size
        self.use_bias = use_bias
        self.folded = folded
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.bias_regularizer = keras.regularizers.get(bias_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.bias_constraint = keras.constraints.get(bias_constraint)
        self.input_spec = keras.layers.InputSpec(ndim=4)

    def build(self, input_shape):
        channels = input_shape[-1]
        if channels is None:
            raise ValueError(
                "The number of channels of `inputs` must be known. "
                f"Received: inputs.shape={tuple(input_shape)}"
            )
        self._check_size(input_shape)
        self.input_spec = keras.layers.InputSpec(ndim=4, axes={-1: channels})
        self.kernel = self.add_weight(
            name="kernel",
            shape=(self.kernel_size, self.kernel_size, channels, self.filters),
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                name="bias",
                shape=(self.filters,),
                initializer=self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )
        self.built = True

    def call(self, inputs):
        self._check_size(inputs.shape)
        if not self.folded:
            outputs = self._composed(inputs, self.kernel)
        elif self.uses_products(inputs.shape):
            outputs = self._multiplied(inputs, self.kernel)
        else:
            outputs = self._folded(inputs, self.kernel)
        return outputs if self.bias is None else outputs + self.bias

    def uses_products(self, shape):
        """Whether inputs of this shape are multiplied nine times, not 16."""
        if self.folded is not True:
            return self.folded == "products"
        return (
            self.kernel_size == 3
            and shape[-1] >= _LEAST_CHANNELS
            and devices.on_cpu()
        )

    def _fold(self, kernel, mirrored=False):
        """Sums the taps that meet the same pixel: k x k to (k+1) x (k+1).

        By one product with a constant matrix, since the gradient of slices
        costs more than folding saves.
        """
        size = self.kernel_size
        shared = np.eye(size + 1, size) + np.eye(size + 1, size, k=-1)
        if mirrored:
            shared = shared[:, ::-1]
        shared = keras.ops.convert_to_tensor(
            np.kron(shared, shared), dtype=self.compute_dtype
        )
        taps = keras.ops.reshape(
            kernel, (size * size, kernel.shape[2] * kernel.shape[3])
        )
        return keras.ops.reshape(
            keras.ops.matmul(shared, taps),
            (size + 1, size + 1, kernel.shape[2], kernel.shape[3]),
        )

    def _check_size(self, shape):
        """Raises on a size that the layer cannot take; any by default."""

    def get_config(self):
        config = super().get_config()
        config.update(
            filters=self.filters,
            kernel_size=self.kernel_size,
            use_bias=self.use_bias,
            folded=self.folded,
        )
        for part in ("kernel", "bias"):
            for kind in ("initializer", "regularizer", "constraint"):
                name = f"{part}_{kind}"
                config[name] = keras.saving.serialize_keras_object(
                    getattr(self, name)
                )
        return config


_ARGUMENTS = """
    Args:
        filters: Integer, number of output channels.
        kernel_size: Odd integer, width and height of the kernel.
        use_bias: Boolean.
        folded: Boolean. False computes the plain composition, for checking.
            True takes the form that is faster: "products" on a CPU with at
            least 256 channels of the input, else "convolution"; both can be
            asked for.
        kernel_initializer, bias_initializer, kernel_regularizer,
            bias_regularizer, kernel_constraint, bias_constraint: As in
            `keras.layers.Conv2D`; they apply to the unfolded kernel.

    Call arguments:
        inputs: (batch, height, width, channels), floating point.
"""


@keras.saving.register_keras_serializable(package="sagan_tf")
class UpsampleConv2D(_ResamplingConv2D):
    __doc__ = f"""Nearest-neighbour x2 upsampling, then a convolution, as one.

    `Conv2D(filters, 3, padding="same")(UpSampling2D(2)(inputs))` reads every
    input pixel four times. The same values come from one 4x4 transposed
    convolution of stride 2 on the small image, whose taps are sums of the 3x3
    kernel's: 4 multiplications for each output in place of 9. With many
    channels it is nine products of matrices, of pixels and of differences
    between neighbours: 2.25 multiplications for each output (Winograd's
    minimal filtering, for an image that has each pixel twice). The weight
    stays the 3x3 kernel, in `Conv2D`'s layout.
{_ARGUMENTS}
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
        kernel = self._fold(kernel, mirrored=True)
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
class DownsampleConv2D(_ResamplingConv2D):
    __doc__ = f"""A convolution, then 2x2 average pooling, as one.

    `AveragePooling2D(2)(Conv2D(filters, 3, padding="same")(inputs))` computes
    four outputs to keep their mean. The same values come from one 4x4
    convolution of stride 2, whose taps are means of the 3x3 kernel's: 16
    multiplications in place of 36. With many channels it is one product of
    matrices with nine sums of pixels: 9 multiplications (Winograd's minimal
    filtering, transposed). The weight stays the 3x3 kernel, in `Conv2D`'s
    layout.
{_ARGUMENTS}
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
            self._fold(kernel) / 4,
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
