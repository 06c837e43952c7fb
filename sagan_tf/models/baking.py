"""Networks as they are served: what can be computed before a call is."""

import keras

from sagan_tf import layers
from sagan_tf.ops import minimal_filtering


def bake(network, baked=True):
    """Copies a network, with kernels as they are multiplied by.

    Spectral normalization becomes the kernel W / sigma, a convolution folded
    with its upsampling a plain transposed one of the folded kernel, and one by
    minimal filtering has its factors: the same outputs, without the work at
    each call. For inference only.

    Args:
        network: Functional `keras.Model`, as `build_generator` and
            `build_discriminator` make; it is not changed.
        baked: Boolean. False copies the layers as they are, for checking.

    Returns:
        Two `keras.Model`s on the same weights, from the network's inputs: to
        its outputs, and to a dictionary of `outputs` and, by the name of each
        self-attention layer, its scores (batch, queries, keys).
    """
    scores = {}

    def attend(layer, *args, **kwargs):
        if not isinstance(layer, layers.SelfAttention):
            return layer(*args, **kwargs)
        kwargs["return_attention_scores"] = True
        outputs, scores[layer.name] = layer(*args, **kwargs)
        return outputs

    def call(layer, *args, **kwargs):
        kwargs.pop("return_attention_scores", None)
        return layer(*args, **kwargs)

    attending = keras.models.clone_model(
        network, clone_function=_baked if baked else None, call_function=attend
    )
    update(attending, network)
    attending.trainable = False
    # The same layers once more: where nobody asks for the scores, attention
    # is free not to keep them.
    copy = keras.models.clone_model(
        attending, clone_function=lambda layer: layer, call_function=call
    )
    outputs = {"outputs": attending.output, **scores}
    return copy, keras.Model(attending.inputs, outputs)


def update(baked, network):
    """Bakes the weights that a network has now into a copy that `bake` made."""
    for layer in network.layers:
        if layer.weights:
            _copy_weights(layer, baked.get_layer(layer.name))


@keras.saving.register_keras_serializable(package="sagan_tf")
class _FactoredConv2D(keras.layers.Layer):
    """A convolution by minimal filtering, with its factors for weights."""

    def __init__(self, filters, upsampling, use_bias, activation, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.upsampling = upsampling
        self.use_bias = use_bias
        self.activation = keras.activations.get(activation)

    def build(self, input_shape):
        products = 9 if self.upsampling else 16
        self.kernel = self.add_weight(
            name="kernel", shape=(products, input_shape[-1], self.filters)
        )
        self.bias = None
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
        if self.bias is not None:
            outputs = outputs + self.bias
        return self.activation(outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "upsampling": self.upsampling,
            "use_bias": self.use_bias,
            "activation": keras.activations.serialize(self.activation),
        }


def _baked(layer):
    """Makes the layer that stands for another in a baked network."""
    wrapped = layer
    if isinstance(layer, layers.SpectralNormalization):
        wrapped = layer.layer
    if isinstance(wrapped, (layers.UpsampleConv2D, layers.WinogradConv2D)):
        return _baked_convolution(wrapped, layer.input.shape)
    config = wrapped.get_config()
    if isinstance(wrapped, layers.SelfAttention):
        config["spectral_normalization"] = False
    return type(wrapped).from_config(config)


def _baked_convolution(layer, shape):
    resampled = isinstance(layer, layers.UpsampleConv2D)
    common = {
        "filters": layer.filters,
        "use_bias": layer.use_bias,
        "dtype": layer.dtype_policy,
        "name": layer.name,
    }
    if layer.uses_products(shape):
        activation = None if resampled else layer.activation
        return _FactoredConv2D(
            upsampling=resampled, activation=activation, **common
        )
    if not resampled:
        return layers.WinogradConv2D.from_config(layer.get_config())
    return keras.layers.Conv2DTranspose(
        kernel_size=layer.kernel_size + 1,
        strides=2,
        padding="same",
        data_format="channels_last",
        **common,
    )


def _copy_weights(layer, copy):
    if type(layer) is type(copy) and len(layer.weights) == len(copy.weights):
        for ours, theirs in zip(layer.weights, copy.weights, strict=True):
            theirs.assign(ours)
        return
    if isinstance(layer, layers.SelfAttention):
        copy.gamma.assign(layer.gamma)
        for name in ("query", "key", "value", "output"):
            name = f"{name}_convolution"
            _copy_weights(getattr(layer, name), getattr(copy, name))
        return
    kernel = None
    if isinstance(layer, layers.SpectralNormalization):
        kernel, layer = layer.normalized_kernel(), layer.layer
    if isinstance(copy, _FactoredConv2D):
        kernel = layer.factors(layer.kernel if kernel is None else kernel)
    elif isinstance(copy, keras.layers.Conv2DTranspose):
        kernel = layer.transposed_kernel(
            layer.kernel if kernel is None else kernel
        )
    for ours, theirs in zip(layer.weights, copy.weights, strict=True):
        baked = kernel is not None and ours.name in ("kernel", "embeddings")
        theirs.assign(kernel if baked else ours)
