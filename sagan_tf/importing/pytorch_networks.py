"""The two networks of a PyTorch program as ours."""

import itertools

import numpy as np

from sagan_tf import models
from sagan_tf.importing import pytorch_layers
from sagan_tf.models import architecture


def build_generator(variables, names, epsilon, gain_offset, **options):
    """Builds our generator with a program's weights.

    Args:
        variables: `Variables` of its generator.
        names: `Names`.
        epsilon: Float, of its batch normalization.
        gain_offset: Number, added to the scales by class.
        **options: More arguments of `models.build_generator`.

    Raises:
        ValueError: If a variable is missing, unexpected, or of another shape.
    """
    blocks, attention, missing = _blocks(
        variables, names, names.generator_blocks
    )
    units, latent_dim = variables.shape(
        pytorch_layers.weight_name(variables, names.generator_dense),
        (None, None),
    )
    image_size = _image_size(
        variables,
        names,
        blocks,
        missing,
        {
            len(architecture.generator_blocks(image_size)) - 1: image_size
            for image_size in architecture.IMAGE_SIZES
        },
    )
    (_, width), *up_blocks = architecture.generator_blocks(image_size)
    table = pytorch_layers.weight_name(
        variables, f"{blocks[0]}.{names.scales.format(1)}"
    )
    table_shape = variables.shape(table, (None, None))
    attention = _by_resolution(variables, names, attention, up_blocks)
    generator = models.build_generator(
        image_size=image_size,
        base_channels=max(1, units // (16 * width)),
        num_classes=table_shape[1 if names.tables_transposed else 0],
        latent_dim=latent_dim,
        attention_resolutions=tuple(attention),
        # PyTorch's momentum of 0.1, which both programs have.
        momentum=0.9,
        final_momentum=0.9,
        epsilon=epsilon,
        **options,
    )
    layers = {layer.name: layer for layer in generator.layers}
    # PyTorch's feature maps are (channels, height, width).
    order = np.arange(units).reshape(-1, 4, 4).transpose(1, 2, 0).ravel()
    pytorch_layers.take_dense(
        variables, layers["dense"], names.generator_dense, order
    )
    for index, block in enumerate(blocks, start=1):
        for number in (1, 2):
            layer = layers[f"block{index}_normalization{number}"]
            pytorch_layers.take_tables(
                variables, layer, block, number, names, gain_offset
            )
        pytorch_layers.take_convolutions(variables, layers, index, block, names)
    _take_attention(variables, layers, attention, names)
    layer, name = layers["normalization"], names.generator_normalization
    pytorch_layers.take_moving(variables, layer, name)
    layer.gamma.assign(variables.take(f"{name}.weight", layer.gamma.shape))
    layer.beta.assign(variables.take(f"{name}.bias", layer.beta.shape))
    pytorch_layers.take_convolution(
        variables, layers["convolution"], names.generator_convolution
    )
    variables.check_all_read()
    return generator


def build_discriminator(variables, names, **options):
    """Builds our discriminator with a program's weights.

    Args:
        variables: `Variables` of its discriminator.
        names: `Names`.
        **options: More arguments of `models.build_discriminator`.

    Raises:
        ValueError: If a variable is missing, unexpected, or of another shape.
    """
    blocks, attention, missing = _blocks(
        variables,
        names,
        names.discriminator_blocks,
        names.first_discriminator_block,
    )
    dense = pytorch_layers.weight_name(variables, names.discriminator_dense)
    variables.shape(dense, (1, None))
    image_size = _image_size(
        variables,
        names,
        blocks,
        missing,
        {
            len(architecture.discriminator_blocks(image_size)): image_size
            for image_size in architecture.IMAGE_SIZES
        },
    )
    down_blocks = architecture.discriminator_blocks(image_size)
    first = pytorch_layers.weight_name(
        variables, f"{blocks[0]}.{names.convolutions[0]}"
    )
    channels, *_ = variables.shape(first, (None, 3, 3, 3))
    embedding = pytorch_layers.weight_name(
        variables, names.discriminator_embedding
    )
    num_classes, _ = variables.shape(embedding, (None, None))
    attention = _by_resolution(variables, names, attention, down_blocks)
    discriminator = models.build_discriminator(
        image_size=image_size,
        base_channels=max(1, channels // down_blocks[0][1]),
        num_classes=num_classes,
        attention_resolutions=tuple(attention),
        **options,
    )
    layers = {layer.name: layer for layer in discriminator.layers}
    for index, block in enumerate(blocks, start=1):
        pytorch_layers.take_convolutions(variables, layers, index, block, names)
    _take_attention(variables, layers, attention, names)
    pytorch_layers.take_dense(
        variables, layers["linear"], names.discriminator_dense
    )
    pytorch_layers.take_embedding(
        variables, layers["embedding"], names.discriminator_embedding
    )
    variables.check_all_read()
    return discriminator


def _blocks(variables, names, numbered, first=None):
    """Finds the prefixes of the residual blocks, those of self-attention by
    the number of blocks before it, and the first that is not there."""
    prefixes = {name.rsplit(".", 1)[0] for name in variables.names()}
    blocks, attention = ([] if first is None else [first]), {}
    for prefix in map(numbered.format, itertools.count()):
        if f"{prefix}.{names.gate}" in variables:
            attention[len(blocks)] = prefix
        elif any(other.startswith(f"{prefix}.") for other in prefixes):
            blocks.append(prefix)
        else:
            return blocks, attention, prefix


def _image_size(variables, names, blocks, missing, image_sizes):
    """Returns the image size of networks with so many blocks.

    Raises:
        ValueError: If there is none; it names the first variable too few or
            too many.
    """
    if len(blocks) in image_sizes:
        return image_sizes[len(blocks)]
    if len(blocks) > max(image_sizes):
        surplus = f"{blocks[max(image_sizes)]}.{names.convolutions[0]}"
        variables.reject(pytorch_layers.weight_name(variables, surplus))
    missing = f"{missing}.{names.convolutions[0]}.weight"
    return variables.shape(missing, (None, None, 3, 3))


def _by_resolution(variables, names, attention, blocks):
    """Returns the prefixes of self-attention by resolution."""
    found = {}
    for number, prefix in attention.items():
        resolutions = [resolution for resolution, _ in blocks[:number]]
        if not resolutions or resolutions[-1] in resolutions[:-1]:
            # Ours has it after the first block of a resolution.
            variables.reject(
                pytorch_layers.weight_name(
                    variables, f"{prefix}.{names.attention[0]}"
                )
            )
        found[resolutions[-1]] = prefix
    return found


def _take_attention(variables, layers, attention, names):
    for resolution, prefix in attention.items():
        pytorch_layers.take_attention(
            variables, layers[f"attention{resolution}"], prefix, names
        )
