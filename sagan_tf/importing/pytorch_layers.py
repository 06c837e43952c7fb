"""Layers of PyTorch programs: their names, and their weights as ours."""

import dataclasses

import numpy as np

from sagan_tf.layers import SpectralNormalization


@dataclasses.dataclass(frozen=True)
class Names:
    """How a program names the parts of its networks.

    Attributes:
        generator_dense, generator_normalization, generator_convolution: The
            generator's layers outside its blocks.
        generator_blocks, discriminator_blocks: Format strings of the prefixes
            of the blocks, with the index of the block. Self-attention counts
            as a block.
        first_discriminator_block: Prefix of a block before the numbered
            blocks, or None.
        discriminator_dense, discriminator_embedding: The discriminator's last
            layers.
        convolutions: Names, in a block, of our `convolution1`, `convolution2`
            and `shortcut`.
        attention: Names, in self-attention, of the query, key, value and
            output convolutions.
        gate: Name, in self-attention, of the learned scalar.
        statistics: Format string, in a block, of the batch normalization with
            the moving statistics; its number is 1 or 2.
        gains, biases: Format strings, in a block, of the gains and biases of
            conditional batch normalization.
        gains_transposed: Whether gains and biases are (channels, classes).
    """

    generator_dense: str
    generator_blocks: str
    generator_normalization: str
    generator_convolution: str
    discriminator_blocks: str
    first_discriminator_block: str | None
    discriminator_dense: str
    discriminator_embedding: str
    convolutions: tuple
    attention: tuple
    gate: str
    statistics: str
    gains: str
    biases: str
    gains_transposed: bool


def weight_name(variables, name):
    """Returns the name of a layer's weight: spectrally normalized or not."""
    original = f"{name}.weight_orig"
    return original if original in variables else f"{name}.weight"


def weight(variables, name, shape):
    """Returns a layer's weight as the program multiplies by it at inference.

    Under spectral normalization that is W / sigma with sigma = u^T W v. W is
    reshaped to (output channels, rest); `u` and `v` are the stored vectors.
    """
    original, u, sigma = _spectral(variables, name, shape)
    return original if u is None else original / sigma


def _spectral(variables, name, shape):
    """Returns the stored weight, `u` and sigma; the last two can be None."""
    array = variables.take(weight_name(variables, name), shape)
    if f"{name}.weight_orig" not in variables:
        return array, None, None
    matrix = array.reshape(shape[0], -1).astype("float64")
    u = variables.take(f"{name}.weight_u", matrix.shape[:1])
    v = variables.take(f"{name}.weight_v", matrix.shape[1:])
    sigma = u @ matrix @ v
    if not sigma > 0:
        raise ValueError(
            f"{variables.origin}: the spectral norm of `{name}`, computed "
            f"from its stored vectors, must be positive. Received: {sigma:.3g}"
        )
    return array, u, sigma


def take_convolution(variables, layer, name):
    """Copies a convolution: PyTorch's is (out, in, height, width).

    Args:
        variables: `Variables`.
        layer: Our layer, with spectral normalization or without.
        name: String, the program's layer.
    """
    height, width, channels, filters = _unwrapped(layer).kernel.shape
    shape = (filters, channels, height, width)
    _take(variables, layer, name, shape, lambda w: w.transpose(2, 3, 1, 0))


def take_dense(variables, layer, name, order=slice(None)):
    """Copies a dense layer: PyTorch's is (out, in).

    Args:
        variables, layer, name: As in `take_convolution`.
        order: Indices of the program's output units, in our order.
    """
    shape = tuple(_unwrapped(layer).kernel.shape)[::-1]
    _take(variables, layer, name, shape, lambda w: w[order].T, order)


def take_embedding(variables, layer, name):
    """Copies an embedding: (classes, channels), in PyTorch as here.

    Args:
        variables, layer, name: As in `take_convolution`.
    """
    shape = tuple(_unwrapped(layer).embeddings.shape)
    _take(variables, layer, name, shape, lambda w: w)


def _take(variables, layer, name, shape, to_ours, order=slice(None)):
    wrapped = _unwrapped(layer)
    array, u, sigma = _spectral(variables, name, shape)
    if isinstance(layer, SpectralNormalization):
        if u is not None:
            layer.u.assign(u[order])
    elif u is not None:
        array = array / sigma
    for attribute in ("kernel", "embeddings"):
        if hasattr(wrapped, attribute):
            getattr(wrapped, attribute).assign(to_ours(array))
    if getattr(wrapped, "use_bias", False):
        bias = variables.take(f"{name}.bias", wrapped.bias.shape)
        wrapped.bias.assign(bias[order])


def _unwrapped(layer):
    return getattr(layer, "layer", layer)


def take_normalization(variables, layer, name):
    """Copies the weights of an unconditional batch normalization.

    Args:
        variables, layer, name: As in `take_convolution`.
    """
    _take_statistics(variables, layer, name)
    for variable, kind in ((layer.gamma, "weight"), (layer.beta, "bias")):
        variable.assign(variables.take(f"{name}.{kind}", variable.shape))


def _take_statistics(variables, layer, name):
    for variable, kind in (
        (layer.moving_mean, "mean"),
        (layer.moving_variance, "var"),
    ):
        variable.assign(
            variables.take(f"{name}.running_{kind}", variable.shape)
        )


def take_conditional_normalization(
    variables, layer, block, number, names, gain_offset
):
    """Copies the weights of a conditional batch normalization.

    Args:
        variables: `Variables`.
        layer: Our layer.
        block: String, prefix of the program's block.
        number: Integer, 1 or 2, of the normalization in the block.
        names: `Names`.
        gain_offset: Number added to the gains.
    """
    _take_statistics(
        variables, layer, f"{block}.{names.statistics.format(number)}"
    )
    for variable, name, offset in (
        (layer.gamma, names.gains, gain_offset),
        (layer.beta, names.biases, 0),
    ):
        name = f"{block}.{name.format(number)}"
        shape = tuple(variable.shape)
        if names.gains_transposed:
            by_class = weight(variables, name, shape[::-1]).T
        else:
            by_class = weight(variables, name, shape)
        variable.assign(by_class + offset)


def take_block_convolutions(variables, layers, index, block, names):
    """Copies the two or three convolutions of a residual block.

    Args:
        variables: `Variables`.
        layers: Our layers, by name.
        index: Integer, our number of the block.
        block: String, prefix of the program's block.
        names: `Names`.
    """
    for ours, name in zip(
        ("convolution1", "convolution2", "shortcut"),
        names.convolutions,
        strict=True,
    ):
        # Some blocks have no convolution in the shortcut.
        layer = layers.get(f"block{index}_{ours}")
        if layer is not None:
            take_convolution(variables, layer, f"{block}.{name}")


def take_attention(variables, layer, block, names):
    """Copies the weights of self-attention.

    Args:
        variables: `Variables`.
        layer: Our `SelfAttention`.
        block: String, prefix of the program's block.
        names: `Names`.
    """
    gate = f"{block}.{names.gate}"
    # Our gate is a scalar; the program's can be a vector of one element.
    shape = (1,) if variables.rank(gate) else ()
    layer.gamma.assign(np.squeeze(variables.take(gate, shape)))
    for convolution, name in zip(
        (
            layer.query_convolution,
            layer.key_convolution,
            layer.value_convolution,
            layer.output_convolution,
        ),
        names.attention,
        strict=True,
    ):
        take_convolution(variables, convolution, f"{block}.{name}")
