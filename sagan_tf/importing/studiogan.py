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
    statistics="bn{}.bn",
    gains="bn{}.gain",
    biases="bn{}.bias",
    gains_transposed=True,
)
# Files from before 2022, such as the one with FID 34.73 on ImageNet.
_EARLIER_NAMES = dataclasses.replace(
    _NAMES,
    gains="bn{}.embed0",
    biases="bn{}.embed1",
    gains_transposed=False,
)


def import_studiogan(
    generator_pth,
    discriminator_pth,
    channel_order="rgb",
    spectral_normalization=False,
    method="auto",
):
    """Builds our networks with the weights of PyTorch StudioGAN's SAGAN.

    Image size, base width, number of classes, latent size and attention are
    read from the names and shapes of the variables. StudioGAN differs from the
    SAGAN authors' program in three points:

    - The epsilon of batch normalization is 1e-4.
    - The class embeddings of conditional batch normalization are spectrally
      normalized, and the gain is 1 + embedding. Our gains and biases hold the
      result, without spectral normalization.
    - Shortcuts of the discriminator start from the ReLU of their input.

    Args:
        generator_pth: Path of `model=G-...pth` or, for the averaged weights,
            of `model=G_ema-...pth`; or the state dictionary, a mapping.
        discriminator_pth: Path of `model=D-...pth`, or the state dictionary.
        channel_order: "rgb", or "bgr" for weights that were trained on BGR
            images. Our generator draws RGB images in both cases.
        spectral_normalization: Boolean. False: our kernels are W / sigma,
            with sigma from the stored vectors; the images equal the
            program's. True: our kernels and `u` are as stored, under
            `SpectralNormalization`, for further training; the images differ
            slightly.
        method: See `build_generator`.

    Returns:
        The generator and the discriminator, two `keras.Model`s.

    Raises:
        ImportError: If a path is given and torch is not installed.
        ValueError: If a file cannot be read, or if a variable is missing,
            unexpected, or has another shape.

    Example:

    >>> generator, discriminator = import_studiogan("G.pth", "D.pth")

    Reference:
        - https://github.com/POSTECH-CVLab/PyTorch-StudioGAN
    """
    read = [
        pytorch_files.read(path) for path in (generator_pth, discriminator_pth)
    ]
    return build(
        read,
        channel_order,
        spectral_normalization=spectral_normalization,
        method=method,
    )


def build(read, channel_order, spectral_normalization=False, **options):
    """Builds our networks from the contents of StudioGAN's files.

    Args:
        read: List of what `pytorch_files.read` returned for the generator and
            for the discriminator.
        channel_order, spectral_normalization: As in `import_studiogan`.
        **options: More arguments of both builders.

    Returns:
        The generator and the discriminator, two `keras.Model`s.
    """
    options["spectral_normalization"] = spectral_normalization
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
