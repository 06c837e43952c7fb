"""A convolution by Winograd's minimal filtering."""

import keras

from sagan_tf.ops import devices, minimal_filtering

# With fewer channels the sums of pixels cost more time than the products they
# save (`benchmarks/convolutions.py`).
_LEAST_CHANNELS = 128
FORMS = ("auto", "products", "convolution")


@keras.saving.register_keras_serializable(package="sagan_tf")
class WinogradConv2D(keras.layers.Conv2D):
    """`keras.layers.Conv2D`, with 16 multiplications in place of 36.

    A 3x3 convolution of stride 1 and padding "same" gives 2x2 pixels from 16
    products of sums of pixels with sums of the kernel's taps, computed as
    products of matrices: the same values, within rounding. The weight stays
    the 3x3 kernel. Any other convolution, and feature maps of odd or unknown
    height or width, are computed as in `Conv2D`.

    Args:
        *args, **kwargs: As in `keras.layers.Conv2D`.
        form: "auto" takes minimal filtering where it is faster: on a CPU,
            between at least 128 channels and 128 filters. "products" always
            takes it where it can, "convolution" never.

    Raises:
        ValueError: If `form` is not as above.

    Example:

    >>> layer = WinogradConv2D(128, 3, padding="same")
    >>> layer(np.ones((1, 4, 4, 128), "float32")).shape
    (1, 4, 4, 128)

    Reference:
        - Lavin and Gray, [Fast Algorithms for Convolutional Neural Networks](
          https://arxiv.org/abs/1509.09308), section 4.1, F(2x2, 3x3).
    """

    def __init__(self, *args, form="auto", **kwargs):
        super().__init__(*args, **kwargs)
        if form not in FORMS:
            raise ValueError(
                f"`form` must be one of {FORMS}. Received: form={form!r}"
            )
        self.form = form

    def convolution_op(self, inputs, kernel):
        if not self.uses_products(inputs.shape):
            return super().convolution_op(inputs, kernel)
        return minimal_filtering.convolve(inputs, self.factors(kernel))

    def factors(self, kernel):
        """Returns what the products multiply by.

        Args:
            kernel: (3, 3, channels, filters).

        Returns:
            (16, channels, filters).
        """
        return minimal_filtering.convolution_factors(kernel, self.compute_dtype)

    def uses_products(self, shape):
        """Whether inputs of this shape are multiplied 16 times, not 36."""
        possible = (
            self.kernel_size == (3, 3)
            and self.padding == "same"
            and self.data_format == "channels_last"
            and {*self.strides, *self.dilation_rate, self.groups} == {1}
            and all(size and size % 2 == 0 for size in shape[1:3])
        )
        if not possible or self.form != "auto":
            return possible and self.form == "products"
        channels = min(shape[-1], self.filters)
        return channels >= _LEAST_CHANNELS and devices.on_cpu()

    def get_config(self):
        return {**super().get_config(), "form": self.form}
