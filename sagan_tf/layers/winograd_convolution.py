"""A 3x3 convolution by minimal filtering, and its form for inference."""

import keras

from sagan_tf.ops import devices, minimal_filtering


class ChoosingConv2D(keras.layers.Conv2D):
    """A `keras.layers.Conv2D` with a choice of how it is computed.

    A subclass has `METHODS`, `method_for` and `convolution_op`, and overrides
    `baked` for the methods whose `_baked_kernel` is not the kernel.
    """

    def __init__(self, *args, method="auto", **kwargs):
        super().__init__(*args, **kwargs)
        if method not in self.METHODS:
            raise ValueError(
                f"`method` must be one of {self.METHODS}. "
                f"Received: method={method!r}"
            )
        self.method = method

    def baked(self, input_shape, device):
        """Returns the layer that stands for this one in a baked network."""
        config = self.get_config()
        config["method"] = self.method_for(input_shape, device)
        return type(self).from_config(config)

    def baked_weights(self, input_shape, device, kernel=None):
        """Returns the weights of `baked`, by `kernel` or the layer's own."""
        kernel = self.kernel if kernel is None else kernel
        method = self.method_for(input_shape, device)
        return [self._baked_kernel(kernel, method), *self.weights[1:]]

    def _baked_options(self):
        return {
            "filters": self.filters,
            "use_bias": self.use_bias,
            "activation": self.activation,
            "dtype": self.dtype_policy,
            "name": self.name,
        }

    def get_config(self):
        return {**super().get_config(), "method": self.method}


@keras.saving.register_keras_serializable(package="sagan_tf")
class WinogradConv2D(ChoosingConv2D):
    """`keras.layers.Conv2D` with fewer multiplications.

    Minimal filtering computes each 2x2 block of the outputs of a 3x3
    convolution, of stride 1 and padding "same", by 16 multiplications instead
    of 36; the outputs are the same up to rounding. Other convolutions, and
    feature maps of odd or unknown height or width, are Keras' own.

    Args:
        *args, **kwargs: As in `keras.layers.Conv2D`.
        method: String, how the outputs are computed. "direct": as in
            `keras.layers.Conv2D`. "winograd": by minimal filtering if
            possible. "auto": by minimal filtering if that is possible and
            faster, which it is on a CPU for at least 128 channels and 128
            filters.

    Raises:
        ValueError: If `method` is not as above.

    Reference:
        - Lavin and Gray, [Fast Algorithms for Convolutional Neural Networks](
          https://arxiv.org/abs/1509.09308), section 4.1, F(2x2, 3x3).
    """

    METHODS = ("auto", "direct", "winograd")
    # `SpectralNormalization` may divide the inputs instead of the kernel.
    linear_in_inputs = True

    def convolution_op(self, inputs, kernel):
        if self.method_for(inputs.shape, devices.default()) == "direct":
            return super().convolution_op(inputs, kernel)
        factors = minimal_filtering.convolution_factors(
            kernel, self.compute_dtype
        )
        return minimal_filtering.convolve(inputs, factors)

    def method_for(self, input_shape, device):
        """Returns how such inputs are computed, "direct" or "winograd".

        Args:
            input_shape: (batch, height, width, channels).
            device: "cpu" or "gpu".
        """
        possible = (
            self.kernel_size == (3, 3)
            and self.padding == "same"
            and self.data_format == "channels_last"
            and {*self.strides, *self.dilation_rate, self.groups} == {1}
            and all(size and size % 2 == 0 for size in input_shape[1:3])
        )
        if not possible or self.method == "direct":
            return "direct"
        pays = minimal_filtering.convolution_pays(
            input_shape[-1], self.filters, device
        )
        return "winograd" if pays or self.method == "winograd" else "direct"

    def baked(self, input_shape, device):
        if self.method_for(input_shape, device) == "winograd":
            return FactoredConv2D(**self._baked_options())
        return super().baked(input_shape, device)

    def _baked_kernel(self, kernel, method):
        if method == "direct":
            return kernel
        return minimal_filtering.convolution_factors(kernel, self.compute_dtype)


class FactoredConv2D(keras.layers.Layer):
    """A 3x3 convolution whose weights are minimal filtering's factors.

    It stands for a `WinogradConv2D` or an `UpsampleConv2D` in a baked
    network, where the factors are not computed at each call.

    Args:
        filters, use_bias, activation: As in `keras.layers.Conv2D`.
        upsampling: Boolean, whether the inputs are first upsampled x2.

    Call arguments:
        inputs: (batch, height, width, channels), floating point.

    Returns:
        (batch, height, width, filters), with twice the height and width if
        `upsampling`.
    """

    def __init__(
        self,
        filters,
        upsampling=False,
        use_bias=True,
        activation=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.filters = filters
        self.upsampling = upsampling
        self.use_bias = use_bias
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        factors = 9 if self.upsampling else 16
        self.kernel = self.add_weight(
            name="kernel", shape=(factors, input_shape[-1], self.filters)
        )
        if self.use_bias:
            self.bias = self.add_weight(name="bias", shape=(self.filters,))
        self.built = True

    def call(self, inputs):
        compute = (
            minimal_filtering.upsample
            if self.upsampling
            else minimal_filtering.convolve
        )
        outputs = compute(inputs, keras.ops.convert_to_tensor(self.kernel))
        if self.use_bias:
            outputs = outputs + self.bias
        return self.activation(outputs)
