"""Networks as they are served: no spectral norm, no folding left to do."""

import keras

from sagan_tf import layers


def bake(network):
    """Copies a network, with kernels as they are multiplied by.

    Spectral normalization becomes the kernel W / sigma, and a convolution
    folded with its upsampling a plain transposed one of the folded kernel: the
    same outputs, without the work at each call. For inference only.

    Args:
        network: Functional `keras.Model`, as `build_generator` and
            `build_discriminator` make; it is not changed.

    Returns:
        Two `keras.Model`s on the same weights, from the network's inputs: to
        its outputs, and to a dictionary of `outputs` and, by the name of each
        self-attention layer, its scores (batch, queries, keys).
    """
    scores = {}

    def copy_of(layer):
        if isinstance(layer, layers.SpectralNormalization):
            return copy_of(layer.layer)
        if isinstance(layer, layers.UpsampleConv2D):
            return keras.layers.Conv2DTranspose(
                layer.filters,
                layer.kernel_size + 1,
                strides=2,
                padding="same",
                use_bias=layer.use_bias,
                data_format="channels_last",
                dtype=layer.dtype_policy,
                name=layer.name,
            )
        config = layer.get_config()
        if isinstance(layer, layers.SelfAttention):
            config["spectral_normalization"] = False
        return type(layer).from_config(config)

    def call(layer, *args, **kwargs):
        if not isinstance(layer, layers.SelfAttention):
            return layer(*args, **kwargs)
        kwargs["return_attention_scores"] = True
        outputs, scores[layer.name] = layer(*args, **kwargs)
        return outputs

    baked = keras.models.clone_model(
        network, clone_function=copy_of, call_function=call
    )
    update(baked, network)
    baked.trainable = False
    outputs = {"outputs": baked.output, **scores}
    return baked, keras.Model(baked.inputs, outputs)


def update(baked, network):
    """Bakes the weights that a network has now into a copy that `bake` made."""
    for layer in network.layers:
        if layer.weights:
            _copy_weights(layer, baked.get_layer(layer.name))


def _copy_weights(layer, copy):
    if isinstance(layer, layers.SelfAttention):
        copy.gamma.assign(layer.gamma)
        for name in ("query", "key", "value", "output"):
            name = f"{name}_convolution"
            _copy_weights(getattr(layer, name), getattr(copy, name))
        return
    kernel = None
    if isinstance(layer, layers.SpectralNormalization):
        kernel, layer = layer.normalized_kernel(), layer.layer
    if isinstance(layer, layers.UpsampleConv2D):
        kernel = layer.kernel if kernel is None else kernel
        kernel = layer.transposed_kernel(kernel)
    for ours, theirs in zip(layer.weights, copy.weights, strict=True):
        baked = kernel is not None and ours.name in ("kernel", "embeddings")
        theirs.assign(kernel if baked else ours)


def with_classes(generator, mixtures):
    """Copies a generator, its classes mixtures of those it was trained on.

    The scales and offsets of conditional batch normalization, which are all
    that a class is to the generator, are averaged.

    Args:
        generator: Conditional functional `keras.Model`.
        mixtures: (new classes, classes) array; its rows sum to 1.

    Returns:
        A `keras.Model`.
    """

    def copy_of(layer):
        config = layer.get_config()
        if isinstance(layer, layers.ConditionalBatchNormalization):
            config["num_classes"] = len(mixtures)
        return type(layer).from_config(config)

    copy = keras.models.clone_model(generator, clone_function=copy_of)
    for layer in generator.layers:
        for ours, theirs in zip(
            layer.weights, copy.get_layer(layer.name).weights, strict=True
        ):
            table = isinstance(layer, layers.ConditionalBatchNormalization)
            if table and ours.name in ("gamma", "beta"):
                ours = mixtures @ keras.ops.convert_to_numpy(ours)
            theirs.assign(ours)
    return copy
