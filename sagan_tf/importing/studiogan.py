"""Checkpoints of PyTorch StudioGAN."""

import dataclasses

from sagan_tf.importing import pytorch_files, pytorch_networks
from sagan_tf.importing.channels import swap_channels
from sagan_tf.importing.pytorch_layers import Names
from sagan_tf.importing.variables import Variables, check_pair

_NAMES = Names(
    generator_dense="linear0",
    generator_blocks="blocks.{}.0",
    generator_normalization="bn4",
    generator_convolution="conv2d5",
    discriminator_blocks="blocks.{}.0",
    first_discriminator_block=None,
    discriminator_dense="linear1",
    discriminator_embedding="embedding",
    convolutions=("conv2d1", "conv2d2", "conv2d0"),
    attention=(
        "conv1x1_theta",
        "conv1x1_phi",
        "conv1x1_g",
        "conv1x1_attn",
    ),
    gate="sigma",
    moving="bn{}.bn",
    scales="bn{}.gain",
    offsets="bn{}.bias",
    tables_transposed=True,
)
# Files from before 2022, such as that of FID 34.73 on ImageNet.
_EARLIER_NAMES = dataclasses.replace(
    _NAMES,
    scales="bn{}.embed0",
    offsets="bn{}.embed1",
    tables_transposed=False,
)


def import_studiogan(
    generator_pth,
    discriminator_pth,
    channel_order="rgb",
    spectral_normalization=False,
    folded=True,
):
    """Builds our networks with the weights of PyTorch StudioGAN's SAGAN.

    Image size, base width, number of classes, latent size and attention are
    read from the names and shapes. What is StudioGAN's own: batch
    normalization with epsilon 1e-4, tables by class under spectral
    normalization with `1 + gain` for scale (they become plain tables), and
    discriminator shortcuts from the ReLU of their input.

    Args:
        generator_pth: Path of `model=G-...pth` or, for its averaged weights,
            `model=G_ema-...pth`; or the state dictionary, a mapping.
        discriminator_pth: Likewise, `model=D-...pth`.
        channel_order: "rgb", or "bgr" for weights trained on such images;
            our generator draws RGB either way.
        spectral_normalization: Boolean. False: kernels are W / sigma with
            sigma from the stored vectors, so that images are the program's.
            True: kernels and `u` are as stored, under our
            `SpectralNormalization`, to train on; images differ a little.
        folded: Boolean, see `build_generator`.

    Returns:
        The generator and the discriminator, two `keras.Model`s.

    Raises:
        ImportError: If a path is given and torch is not installed.
        ValueError: If a file cannot be read, or if a variable is missing,
            unexpected, or of another shape.

    Example:

    >>> generator, discriminator = import_studiogan("G.pth", "D.pth")

    Reference:
        - https://github.com/POSTECH-CVLab/PyTorch-StudioGAN
    """
    read = [
        pytorch_files.read(path) for path in (generator_pth, discriminator_pth)
    ]
    return build(read, channel_order, spectral_normalization, folded)


def build(read, channel_order, spectral_normalization=False, folded=True):
    """Does what `import_studiogan` does with files that were read.

    Args:
        read: What `pytorch_files.read` returned for each of the two.
        channel_order, spectral_normalization, folded: As there.

    Returns:
        The generator and the discriminator.
    """
    options = {
        "spectral_normalization": spectral_normalization,
        "folded": folded,
    }
    variables = [Variables(arrays, origin) for arrays, _, origin in read]
    earlier = any(".bn1.embed0." in name for name in variables[0].names())
    generator = pytorch_networks.build_generator(
        variables[0],
        _EARLIER_NAMES if earlier else _NAMES,
        epsilon=1e-4,
        gain_offset=1,
        **options,
    )
    discriminator = pytorch_networks.build_discriminator(
        variables[1], _NAMES, rectified_shortcut=True, **options
    )
    check_pair(generator, discriminator)
    swap_channels(generator, discriminator, channel_order)
    return generator, discriminator
