"""Self-attention over the positions of a feature map."""

import keras

from sagan_tf import ops
from sagan_tf.layers.spectral_normalization import SpectralNormalization


@keras.saving.register_keras_serializable(package="sagan_tf")
class SelfAttention(keras.layers.Layer):
    """Adds to each position what it attends to in the whole feature map.

    With 1x1 convolutions f (query), g (key), h (value) and v (output), all
    without bias (Zhang et al., equations 1 to 3)::

        beta_ji = softmax_i(f(x_j)^T g(x_i))
        o_j = v(sum_i beta_ji h(x_i))
        y_j = gamma o_j + x_j

    `gamma` is a learned scalar that starts at 0: the layer starts as the
    identity. (The paper calls f the key and g the query; the names here are
    those of `keras.layers.MultiHeadAttention`.)

    The defaults are those of the authors' released code. The paper's
    equations are `SelfAttention(value_channels=channels // 8, pool=False)`.

    Args:
        key_channels: Integer, channels of queries and keys. None: C/8, at
            least 1, with C the channels of the input.
        value_channels: Integer, channels of values. None: C/2, at least 1.
        pool: Boolean, whether keys and values are max-pooled 2x2.
        spectral_normalization: Boolean, whether the four convolutions are
            wrapped in `SpectralNormalization`.
        kernel_initializer: Initializer of the four convolutions.
        differentiate_vectors: Boolean, see `SpectralNormalization`.
        blockwise: Boolean. True computes the scores of a large feature map in
            blocks, and again for the gradient, so that they are never all in
            memory; unless a call returns the scores.

    Call arguments:
        inputs: (batch, height, width, channels), floating point.
        return_attention_scores: Boolean, whether to return the scores too.
        training: Boolean, whether spectral normalization stores its `u`.

    Returns:
        A tensor of the shape of `inputs`. With `return_attention_scores` a
        pair: that tensor, and the scores beta, in [0, 1], (batch, height *
        width, keys), each row of which sums to 1. There are (height // 2) *
        (width // 2) keys with `pool`, else height * width.

    Raises:
        ValueError: If an argument is not as above, if the number of input
            channels is unknown, or if height or width is below 2 with `pool`.

    Example:

    >>> features = np.ones((1, 8, 8, 64), "float32")
    >>> outputs, scores = SelfAttention()(
    ...     features, return_attention_scores=True)
    >>> outputs.shape, scores.shape
    ((1, 8, 8, 64), (1, 64, 16))

    Reference:
        - Zhang et al., https://arxiv.org/abs/1805.08318, section 3.
    """

    def __init__(
        self,
        key_channels=None,
        value_channels=None,
        pool=True,
        spectral_normalization=True,
        kernel_initializer="glorot_uniform",
        differentiate_vectors=False,
        blockwise=True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.key_channels = key_channels
        self.value_channels = value_channels
        for name in ("key_channels", "value_channels"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(
                    f"`{name}` must be at least 1, or None. "
                    f"Received: {name}={value}"
                )
        self.pool = pool
        self.spectral_normalization = spectral_normalization
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.differentiate_vectors = differentiate_vectors
        self.blockwise = blockwise
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
        key_channels = self.key_channels or max(1, channels // 8)
        value_channels = self.value_channels or max(1, channels // 2)
        of_values = (*input_shape[:-1], value_channels)
        convolution = self._convolution
        self.query_convolution = convolution(key_channels, "query", input_shape)
        self.key_convolution = convolution(key_channels, "key", input_shape)
        self.value_convolution = convolution(
            value_channels, "value", input_shape
        )
        self.output_convolution = convolution(channels, "output", of_values)
        self.gamma = self.add_weight(
            name="gamma", shape=(), initializer="zeros"
        )
        self.built = True

    def _convolution(self, channels, name, input_shape):
        convolution = keras.layers.Conv2D(
            channels,
            1,
            use_bias=False,
            data_format="channels_last",
            # Without clones, all four would start with the same values.
            kernel_initializer=self.kernel_initializer.clone(),
            dtype=self.dtype_policy,
            name=name,
        )
        if self.spectral_normalization:
            convolution = SpectralNormalization(
                convolution,
                differentiate_vectors=self.differentiate_vectors,
                name=name,
            )
        convolution.build(input_shape)
        return convolution

    def call(self, inputs, return_attention_scores=False, training=None):
        self._check_size(inputs.shape)
        queries = self.query_convolution(inputs, training=training)
        keys = self.key_convolution(inputs, training=training)
        values = self.value_convolution(inputs, training=training)
        if self.pool:
            keys, values = _max_pool(keys), _max_pool(values)
        sequences = map(_as_sequence, (queries, keys, values))
        if self.blockwise and not return_attention_scores:
            attended = ops.attend(*sequences)
        else:
            attended, scores = ops.attend_at_once(*sequences)
        batch, height, width, _ = keras.ops.shape(inputs)
        attended = keras.ops.reshape(
            attended, (batch, height, width, values.shape[-1])
        )
        attended = self.output_convolution(attended, training=training)
        outputs = inputs + self.gamma * attended
        return (outputs, scores) if return_attention_scores else outputs

    def baked(self, input_shape, device):
        """Returns the layer that stands for this one in a baked network."""
        config = self.get_config()
        config["spectral_normalization"] = False
        return type(self).from_config(config)

    def baked_weights(self, input_shape, device):
        """Returns the weights of `baked`, in its order."""
        kernels = [
            convolution.normalized_kernel()
            if self.spectral_normalization
            else convolution.kernel
            for convolution in (
                self.query_convolution,
                self.key_convolution,
                self.value_convolution,
                self.output_convolution,
            )
        ]
        return [self.gamma, *kernels]

    def _check_size(self, shape):
        if self.pool and any(n is not None and n < 2 for n in shape[1:3]):
            raise ValueError(
                "Height and width of `inputs` must be at least 2 with "
                f"pool=True. Received: inputs.shape={tuple(shape)}"
            )

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)

    def compute_output_spec(
        self, inputs, return_attention_scores=False, training=None
    ):
        outputs = keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)
        if not return_attention_scores:
            return outputs
        batch, height, width, _ = inputs.shape
        queries = keys = None
        if None not in (height, width):
            stride = 2 if self.pool else 1
            queries = height * width
            keys = (height // stride) * (width // stride)
        shape = (batch, queries, keys)
        return outputs, keras.KerasTensor(shape, dtype=self.compute_dtype)

    def get_config(self):
        config = super().get_config()
        config.update(
            key_channels=self.key_channels,
            value_channels=self.value_channels,
            pool=self.pool,
            spectral_normalization=self.spectral_normalization,
            kernel_initializer=keras.saving.serialize_keras_object(
                self.kernel_initializer
            ),
            differentiate_vectors=self.differentiate_vectors,
            blockwise=self.blockwise,
        )
        return config


def _max_pool(features):
    # The JAX backend has no default for the strides.
    return keras.ops.max_pool(features, 2, 2, data_format="channels_last")


def _as_sequence(features):
    """Reshapes (batch, height, width, channels) to (batch, positions, ...)."""
    batch, height, width, _ = keras.ops.shape(features)
    return keras.ops.reshape(
        features, (batch, height * width, features.shape[-1])
    )
