"""Checkpoints of OpenMMLab's MMGeneration."""

import os

from sagan_tf.importing import pytorch_files, pytorch_networks
from sagan_tf.importing.channels import swap_channels
from sagan_tf.importing.pytorch_layers import Names
from sagan_tf.importing.variables import Variables, check_pair

_NAMES = Names(
    generator_dense="noise2feat",
    generator_blocks="conv_blocks.{}",
    generator_normalization="to_rgb.bn",
    generator_convolution="to_rgb.conv",
    discriminator_blocks="conv_blocks.{}",
    first_discriminator_block="from_rgb",
    discriminator_dense="decision",
    discriminator_embedding="proj_y",
    convolutions=("conv_1.conv", "conv_2.conv", "shortcut.conv"),
    attention=("theta.conv", "phi.conv", "g.conv", "o.conv"),
    gate="gamma",
    moving="norm_{}.norm",
    scales="norm_{}.weight_embedding",
    offsets="norm_{}.bias_embedding",
    tables_transposed=False,
)


def import_mmgeneration(
    pth,
    averaged=None,
    channel_order=None,
    rectified_shortcut=None,
    epsilon=None,
    gain_offset=None,
    spectral_normalization=False,
    folded=True,
):
    """Builds our networks with the weights of MMGeneration's SAGAN.

    Image size, base width, number of classes, latent size and attention are
    read from the names and shapes. What these do not tell has a default, by
    the published files: see `conventions`. The image size is 32 or 128; at
    64 px MMGeneration's discriminator halves once more than ours.

    Args:
        pth: Path of a checkpoint, or its state dictionary, a mapping, with
            the prefixes `generator.`, `generator_ema.`, `discriminator.`.
        averaged: Boolean, whether to take the averaged generator. None: if
            there is one.
        channel_order: "bgr" or "rgb", the order the file's images have; our
            generator draws RGB either way. None: see `conventions`.
        rectified_shortcut: Boolean, see `build_discriminator`. None: see
            `conventions`.
        epsilon: Float, of batch normalization. None: see `conventions`.
        gain_offset: Number added to the scales by class. None: 1, as in all
            published SAGANs; 0 is for networks with MMGeneration's "SAGAN"
            initialization.
        spectral_normalization: Boolean. False: kernels are W / sigma with
            sigma from the stored vectors, so that images are the program's.
            True: kernels and `u` are as stored, under our
            `SpectralNormalization`, to train on; images differ a little.
        folded: Boolean, see `build_generator`.

    Returns:
        The generator and the discriminator, two `keras.Model`s.

    Raises:
        ImportError: If a path is given and torch is not installed.
        ValueError: If the file cannot be read, or if a variable is missing,
            unexpected, or of another shape.

    Example:

    >>> generator, discriminator = import_mmgeneration("sagan.pth")

    Reference:
        - https://github.com/open-mmlab/mmgeneration, configs/sagan
    """
    state, _, origin = pytorch_files.read(pth)
    found = conventions(origin, state)
    given = {
        "averaged": averaged,
        "channel_order": channel_order,
        "rectified_shortcut": rectified_shortcut,
        "epsilon": epsilon,
        "gain_offset": gain_offset,
    }
    found.update({k: v for k, v in given.items() if v is not None})
    return build(state, origin, found, spectral_normalization, folded)


def build(state, origin, found, spectral_normalization=False, folded=True):
    """Does what `import_mmgeneration` does with a file that was read.

    Args:
        state: Its state dictionary.
        origin: Its path, for messages.
        found: What `conventions` returned, or otherwise decided.
        spectral_normalization, folded: As in `import_mmgeneration`.

    Returns:
        The generator and the discriminator.
    """
    options = {
        "spectral_normalization": spectral_normalization,
        "folded": folded,
    }
    prefix = "generator_ema" if found["averaged"] else "generator"
    generator = pytorch_networks.build_generator(
        _with_prefix(state, prefix, origin),
        _NAMES,
        epsilon=found["epsilon"],
        gain_offset=found["gain_offset"],
        **options,
    )
    discriminator = pytorch_networks.build_discriminator(
        _with_prefix(state, "discriminator", origin),
        _NAMES,
        rectified_shortcut=found["rectified_shortcut"],
        **options,
    )
    check_pair(generator, discriminator)
    if generator.outputs[0].shape[1] == 64:
        raise ValueError(
            f"{origin} is of another architecture: at 64 px MMGeneration's "
            "discriminator halves five times, ours four times"
        )
    swap_channels(generator, discriminator, found["channel_order"])
    return generator, discriminator


def conventions(path, state):
    """Returns what the shapes of a checkpoint do not tell, by its name.

    Args:
        path: String, its path, or another name.
        state: Its state dictionary.

    Returns:
        A dict of the arguments of `import_mmgeneration`: `averaged` if there
        are such weights; `channel_order` "rgb" in files named
        "convert-studio-rgb", "bgr" in the others, since MMGeneration loads
        images so; `rectified_shortcut` true in these and in files named
        "wReLUinplace"; `epsilon` 1e-5 where convolutions have spectral
        normalization and the tables by class have none, as in BigGAN's
        recipe, else 1e-4, the program's default; `gain_offset` 1.
    """
    name = os.path.basename(path)
    converted = "convert-studio" in name
    biggan = any(key.endswith("_embedding.weight") for key in state) and any(
        key.endswith("noise2feat.weight_orig") for key in state
    )
    return {
        "averaged": any(key.startswith("generator_ema.") for key in state),
        "channel_order": "rgb" if "convert-studio-rgb" in name else "bgr",
        "rectified_shortcut": converted or "wReLUinplace" in name,
        "epsilon": 1e-5 if biggan else 1e-4,
        "gain_offset": 1,
    }


def _with_prefix(state, prefix, origin):
    return Variables(
        {
            name.removeprefix(f"{prefix}."): array
            for name, array in state.items()
            if name.startswith(f"{prefix}.")
        },
        f"{origin} (`{prefix}.`)",
    )
