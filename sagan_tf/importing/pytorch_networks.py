"""The two networks of a PyTorch program, as ours."""

import dataclasses
import itertools

import numpy as np

from sagan_tf import models
from sagan_tf.importing import pytorch_layers
from sagan_tf.importing.pytorch_layers import Names, weight_name
from sagan_tf.importing.variables import Variables
from sagan_tf.models import architecture


def build_generator(variables, names, epsilon, gain_offset, **options):
    """Builds our generator with a program's weights.

    Args:
        variables: `Variables` of the program's generator.
        names: `Names`.
        epsilon: Float, epsilon of batch normalization.
        gain_offset: Number added to the gains of conditional batch
            normalization.
        **options: More arguments of `models.build_generator`.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: If a variable is missing, unexpected, or has another
            shape.
    """
    found = _Blocks.find(variables, names, names.generator_blocks)
    units, latent_dim = variables.shape(
        weight_name(variables, names.generator_dense), (None, None)
    )
    image_size = found.image_size(
        lambda size: len(architecture.generator_blocks(size)) - 1
    )
    (_, width), *up_blocks = architecture.generator_blocks(image_size)
    gains = weight_name(
        variables, f"{found.prefixes[0]}.{names.gains.format(1)}"
    )
    gains_shape = variables.shape(gains, (None, None))
    attention = found.attention_by_resolution(up_blocks)
    generator = models.build_generator(
        image_size=image_size,
        base_channels=max(1, units // (16 * width)),
        num_classes=gains_shape[1 if names.gains_transposed else 0],
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
    found.take(layers, attention)
    for index, prefix in enumerate(found.prefixes, start=1):
        for number in (1, 2):
            layer = layers[f"block{index}_normalization{number}"]
            pytorch_layers.take_conditional_normalization(
                variables, layer, prefix, number, names, gain_offset
            )
    pytorch_layers.take_normalization(
        variables, layers["normalization"], names.generator_normalization
    )
    pytorch_layers.take_convolution(
        variables, layers["convolution"], names.generator_convolution
    )
    variables.check_all_read()
    return generator


def build_discriminator(variables, names, **options):
    """Builds our discriminator with a program's weights.

    Args:
        variables: `Variables` of the program's discriminator.
        names: `Names`.
        **options: More arguments of `models.build_discriminator`.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: If a variable is missing, unexpected, or has another
            shape.
    """
    found = _Blocks.find(
        variables,
        names,
        names.discriminator_blocks,
        names.first_discriminator_block,
    )
    dense = weight_name(variables, names.discriminator_dense)
    variables.shape(dense, (1, None))
    image_size = found.image_size(
        lambda size: len(architecture.discriminator_blocks(size))
    )
    down_blocks = architecture.discriminator_blocks(image_size)
    first = f"{found.prefixes[0]}.{names.convolutions[0]}"
    channels, *_ = variables.shape(
        weight_name(variables, first), (None, 3, 3, 3)
    )
    embedding = weight_name(variables, names.discriminator_embedding)
    num_classes, _ = variables.shape(embedding, (None, None))
    attention = found.attention_by_resolution(down_blocks)
    discriminator = models.build_discriminator(
        image_size=image_size,
        base_channels=max(1, channels // down_blocks[0][1]),
        num_classes=num_classes,
        attention_resolutions=tuple(attention),
        **options,
    )
    layers = {layer.name: layer for layer in discriminator.layers}
    found.take(layers, attention)
    pytorch_layers.take_dense(
        variables, layers["linear"], names.discriminator_dense
    )
    pytorch_layers.take_embedding(
        variables, layers["embedding"], names.discriminator_embedding
    )
    variables.check_all_read()
    return discriminator


@dataclasses.dataclass
class _Blocks:
    """The residual and self-attention blocks of a program's network.

    Attributes:
        variables: `Variables` of the network.
        names: `Names`.
        prefixes: Prefixes of the residual blocks, in order.
        attention: Prefixes of self-attention, by the number of residual
            blocks before each.
        next_prefix: Prefix of the first block that the network does not have.
    """

    variables: Variables
    names: Names
    prefixes: list
    attention: dict
    next_prefix: str

    @classmethod
    def find(cls, variables, names, numbered, first=None):
        """Finds the blocks.

        Args:
            variables, names: As in the class.
            numbered: Format string of the prefixes, with the index.
            first: Prefix of a block before the numbered blocks, or None.
        """
        scopes = {name.rsplit(".", 1)[0] for name in variables.names()}
        prefixes, attention = ([] if first is None else [first]), {}
        for prefix in map(numbered.format, itertools.count()):
            if f"{prefix}.{names.gate}" in variables:
                attention[len(prefixes)] = prefix
            elif any(scope.startswith(f"{prefix}.") for scope in scopes):
                prefixes.append(prefix)
            else:
                return cls(variables, names, prefixes, attention, prefix)

    def image_size(self, count_of):
        """Returns the image size of our network with as many blocks.

        Args:
            count_of: Function that maps an image size to the number of
                blocks of this network.

        Raises:
            ValueError: If there is no such network. The error names the first
                variable that is missing or unexpected.
        """
        image_sizes = {
            count_of(size): size for size in architecture.IMAGE_SIZES
        }
        count, largest = len(self.prefixes), max(image_sizes)
        if count in image_sizes:
            return image_sizes[count]
        convolution = self.names.convolutions[0]
        if count > largest:
            surplus = f"{self.prefixes[largest]}.{convolution}"
            raise self.variables.unexpected(
                weight_name(self.variables, surplus)
            )
        raise self.variables.missing(
            f"{self.next_prefix}.{convolution}.weight", (None, None, 3, 3)
        )

    def attention_by_resolution(self, blocks):
        """Returns the prefixes of self-attention by their resolution.

        Args:
            blocks: Resolution and width of each block, in order.

        Raises:
            ValueError: If self-attention is in a place where our network
                cannot have it.
        """
        found = {}
        for number, prefix in self.attention.items():
            resolutions = [resolution for resolution, _ in blocks[:number]]
            if not resolutions or resolutions[-1] in resolutions[:-1]:
                # Ours is after the first block of a resolution.
                query = f"{prefix}.{self.names.attention[0]}"
                raise self.variables.unexpected(
                    weight_name(self.variables, query)
                )
            found[resolutions[-1]] = prefix
        return found

    def take(self, layers, attention):
        """Copies the weights of convolutions and self-attention.

        Args:
            layers: Our layers, by name.
            attention: What `attention_by_resolution` returned.
        """
        for index, prefix in enumerate(self.prefixes, start=1):
            pytorch_layers.take_block_convolutions(
                self.variables, layers, index, prefix, self.names
            )
        for resolution, prefix in attention.items():
            layer = layers[f"attention{resolution}"]
            pytorch_layers.take_attention(
                self.variables, layer, prefix, self.names
            )
