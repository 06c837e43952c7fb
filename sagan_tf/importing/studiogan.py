"""Checkpoints of PyTorch StudioGAN."""

from sagan_tf.importing import pytorch_files, pytorch_networks
from sagan_tf.importing.channels import swap_channels
from sagan_tf.importing.pytorch_layers import Names
from sagan_tf.importing.variables import Variables, check_pair

EPSILON = 1e-4
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
    options = {
        "spectral_normalization": spectral_normalization,
        "folded": folded,
    }
    generator = pytorch_networks.build_generator(
        _variables(generator_pth),
        _NAMES,
        epsilon=EPSILON,
        gain_offset=1,
        **options,
    )
    discriminator = pytorch_networks.build_discriminator(
        _variables(discriminator_pth),
        _NAMES,
        rectified_shortcut=True,
        **options,
    )
    check_pair(generator, discriminator)
    swap_channels(generator, discriminator, channel_order)
    return generator, discriminator


def _variables(source):
    arrays, _, origin = pytorch_files.read(source)
    return Variables(arrays, origin)
