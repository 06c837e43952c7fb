"""PyTorch's layers, and their names in one or the other program, as ours."""

import dataclasses

import numpy as np

from sagan_tf.layers import SpectralNormalization


@dataclasses.dataclass(frozen=True)
class Names:
    """How a program names the parts of its networks.

    Attributes:
        generator_dense, generator_normalization, generator_convolution: The
            generator's layers outside its blocks.
        generator_blocks, discriminator_blocks: Format strings of the
            prefixes of the blocks, with their index; self-attention counts
            as one.
        first_discriminator_block: Prefix of one before these, or None.
        discriminator_dense, discriminator_embedding: The last layers.
        convolutions: In a block, of `convolution1`, `convolution2` and
            `shortcut`.
        attention: In self-attention, of the query, key, value and output
            convolutions.
        gate: In self-attention, of the learned scalar.
        moving: In a block, format string of the batch normalization, with
            its number, 1 or 2.
        scales, offsets: In a block, format strings of its tables by class.
        tables_transposed: Whether the tables are (channels, classes).
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
    moving: str
    scales: str
    offsets: str
    tables_transposed: bool


def weight_name(variables, name):
    """Returns the name of a layer's weight, by whether it is normalized."""
    original = f"{name}.weight_orig"
    return original if original in variables else f"{name}.weight"


def weight(variables, name, shape):
    """Returns a layer's weight as the program multiplies by it at inference.

    Under spectral normalization that is W / sigma with sigma = u^T W v, W as
    (output channels, rest) and `u` and `v` as they are stored.
    """
    original, u, sigma = _spectral(variables, name, shape)
    return original if u is None else original / sigma


def _spectral(variables, name, shape):
    """Returns the stored weight, `u` and sigma; the last two may be None."""
    array = variables.take(weight_name(variables, name), shape)
    if f"{name}.weight_orig" not in variables:
        return array, None, None
    matrix = array.reshape(shape[0], -1).astype("float64")
    u = variables.take(f"{name}.weight_u", matrix.shape[:1])
    v = variables.take(f"{name}.weight_v", matrix.shape[1:])
    sigma = u @ matrix @ v
    if not sigma > 0:
        raise ValueError(
            f"{variables.origin}: the spectral norm of `{name}` must be "
            f"positive, and from its stored vectors it is {sigma:.3g}"
        )
    return array, u, sigma


def take_convolution(variables, layer, name):
    """Takes a convolution, (out, in, height, width) in PyTorch."""
    height, width, channels, filters = _unwrapped(layer).kernel.shape
    shape = (filters, channels, height, width)
    _take(variables, layer, name, shape, lambda w: w.transpose(2, 3, 1, 0))


def take_dense(variables, layer, name, order=slice(None)):
    """Takes a dense layer, (out, in) in PyTorch.

    Args:
        variables: `Variables`.
        layer: Our layer.
        name: String, the program's layer.
        order: Indices of its output units, in our order.
    """
    shape = tuple(_unwrapped(layer).kernel.shape)[::-1]
    _take(variables, layer, name, shape, lambda w: w[order].T, order)


def take_embedding(variables, layer, name):
    """Takes an embedding, (classes, channels) in PyTorch as here."""
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


def take_moving(variables, layer, name):
    """Takes the moving statistics of a batch normalization."""
    for variable, kind in (
        (layer.moving_mean, "mean"),
        (layer.moving_variance, "var"),
    ):
        variable.assign(
            variables.take(f"{name}.running_{kind}", variable.shape)
        )


def take_tables(variables, layer, block, number, names, gain_offset):
    """Takes the conditional batch normalization of a block."""
    take_moving(variables, layer, f"{block}.{names.moving.format(number)}")
    for variable, name, offset in (
        (layer.gamma, names.scales, gain_offset),
        (layer.beta, names.offsets, 0),
    ):
        name = f"{block}.{name.format(number)}"
        shape = tuple(variable.shape)
        if names.tables_transposed:
            table = weight(variables, name, shape[::-1]).T
        else:
            table = weight(variables, name, shape)
        variable.assign(table + offset)


def take_convolutions(variables, layers, index, block, names):
    """Takes the convolutions of a block; some have no shortcut."""
    for ours, name in zip(
        ("convolution1", "convolution2", "shortcut"),
        names.convolutions,
        strict=True,
    ):
        layer = layers.get(f"block{index}_{ours}")
        if layer is not None:
            take_convolution(variables, layer, f"{block}.{name}")


def take_attention(variables, layer, block, names):
    """Takes self-attention."""
    gate = f"{block}.{names.gate}"
    # A scalar here, a vector of one element there.
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
