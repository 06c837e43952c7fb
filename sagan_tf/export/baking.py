"""Networks for inference, with what no input changes computed once."""

import keras

from sagan_tf.layers import SelfAttention

DEVICES = ("cpu", "gpu")


def bake(network, device="cpu"):
    """Copies a network for inference; its kernels are ready to use.

    A spectrally normalized kernel is W / sigma. A convolution with x2
    upsampling, or by minimal filtering, has its folded kernel or its factors
    as weights. The outputs are the same up to rounding. Each layer says
    itself, by `baked` and `baked_weights`, what it becomes. The copy does not
    depend on the device that is there.

    Args:
        network: Functional `keras.Model`, as `build_generator` and
            `build_discriminator` make. It is not changed.
        device: "cpu" or "gpu", where the copy will run. It decides how the
            copy computes convolutions; the copy runs on both.

    Returns:
        Two `keras.Model`s on the same weights, from the network's inputs: to
        its outputs, and to a dictionary of `outputs` and, by the name of each
        self-attention layer, its scores (batch, queries, keys).

    Raises:
        ValueError: If `device` is not as above.
    """
    if device not in DEVICES:
        raise ValueError(
            f"`device` must be one of {DEVICES}. Received: device={device!r}"
        )
    scores = {}

    def baked(layer):
        if hasattr(layer, "baked"):
            return layer.baked(layer.input.shape, device)
        return type(layer).from_config(layer.get_config())

    def call_with_scores(layer, *args, **kwargs):
        if not isinstance(layer, SelfAttention):
            return layer(*args, **kwargs)
        kwargs["return_attention_scores"] = True
        outputs, scores[layer.name] = layer(*args, **kwargs)
        return outputs

    def call_without_scores(layer, *args, **kwargs):
        kwargs.pop("return_attention_scores", None)
        return layer(*args, **kwargs)

    with_scores = keras.models.clone_model(
        network, clone_function=baked, call_function=call_with_scores
    )
    update(with_scores, network, device)
    with_scores.trainable = False
    # The same layers once more: without its scores as an output, attention
    # may be computed in blocks.
    without_scores = keras.models.clone_model(
        with_scores,
        clone_function=lambda layer: layer,
        call_function=call_without_scores,
    )
    outputs = {"outputs": with_scores.output, **scores}
    return without_scores, keras.Model(with_scores.inputs, outputs)


def update(baked, network, device="cpu"):
    """Bakes the present weights of a network into a copy of it.

    Args:
        baked: One of the models that `bake(network, device)` returned.
        network: The network.
        device: The device that was given to `bake`.
    """
    for layer in network.layers:
        weights = layer.weights
        if hasattr(layer, "baked_weights"):
            weights = layer.baked_weights(layer.input.shape, device)
        if weights:
            copies = baked.get_layer(layer.name).weights
            for copy, weight in zip(copies, weights, strict=True):
                copy.assign(weight)
