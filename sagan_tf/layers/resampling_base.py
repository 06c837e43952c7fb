"""What the convolutions folded with resampling share."""

import keras
import numpy as np

from sagan_tf.ops import devices

# With fewer channels of the input the sums of pixels cost more time than the
# products they save (`benchmarks/convolutions.py`).
_LEAST_CHANNELS = 256
FOLDINGS = (True, False, "convolution", "products")


class ResamplingConv2D(keras.layers.Layer):
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
        if folded not in FOLDINGS:
            raise ValueError(
                f"`folded` must be one of {FOLDINGS}. "
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

    def fold(self, kernel, mirrored=False):
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


ARGUMENTS = """
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
