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
    statistics="norm_{}.norm",
    gains="norm_{}.weight_embedding",
    biases="norm_{}.bias_embedding",
    gains_transposed=False,
)


def import_mmgeneration(
    pth,
    averaged=None,
    channel_order=None,
    rectified_shortcut=None,
    epsilon=None,
    gain_offset=None,
    spectral_normalization=False,
    method="auto",
):
    """Builds our networks with the weights of MMGeneration's SAGAN.

    Image size, base width, number of classes, latent size and attention are
    read from the names and shapes of the variables. For what these do not
    tell, the defaults follow the published files: see `conventions`. The
    image size must be 32 or 128: at 64 px MMGeneration's discriminator has
    one more downsampling block than ours.

    Args:
        pth: Path of a checkpoint; or its state dictionary, a mapping of names
            with the prefixes `generator.`, `generator_ema.` and
            `discriminator.`.
        averaged: Boolean, whether to take the averaged generator. None: True
            if the checkpoint has one.
        channel_order: "bgr" or "rgb", the channel order of the images that
            the weights were trained on. Our generator draws RGB images in
            both cases. None: see `conventions`.
        rectified_shortcut: Boolean, see `build_discriminator`. None: see
            `conventions`.
        epsilon: Float, epsilon of batch normalization. None: see
            `conventions`.
        gain_offset: Number added to the gains of conditional batch
            normalization. None: 1, as in all published SAGANs. Networks with
            MMGeneration's "SAGAN" initialization need 0.
        spectral_normalization, method: As in `import_studiogan`.

    Returns:
        The generator and the discriminator, two `keras.Model`s.

    Raises:
        ImportError: If a path is given and torch is not installed.
        ValueError: If the file cannot be read, or if a variable is missing,
            unexpected, or has another shape.

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
    return build(
        state,
        origin,
        found,
        spectral_normalization=spectral_normalization,
        method=method,
    )


def build(state, origin, found, spectral_normalization=False, **options):
    """Builds our networks from the contents of MMGeneration's file.

    Args:
        state: The state dictionary of the file.
        origin: Path of the file, for errors.
        found: Dictionary as `conventions` returns.
        spectral_normalization: As in `import_mmgeneration`.
        **options: More arguments of both builders.

    Returns:
        The generator and the discriminator, two `keras.Model`s.
    """
    options["spectral_normalization"] = spectral_normalization
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
            f"{origin} has another architecture: at 64 px MMGeneration's "
            "discriminator halves five times, ours four times"
        )
    swap_channels(generator, discriminator, found["channel_order"])
    return generator, discriminator


def conventions(path, state):
    """Returns what the shapes in a checkpoint do not tell.

    Args:
        path: String, path of the checkpoint, or another name.
        state: State dictionary of the checkpoint.

    Returns:
        A dictionary of these arguments of `import_mmgeneration`:

        - `averaged`: Whether there is an averaged generator.
        - `channel_order`: "rgb" for files named "convert-studio-rgb". "bgr"
          for other files, because MMGeneration loads images in that order.
        - `rectified_shortcut`: True for files named "convert-studio" or
          "wReLUinplace".
        - `epsilon`: 1e-5 if convolutions are spectrally normalized and the
          class embeddings are not, as in BigGAN's recipe. Otherwise 1e-4, the
          default of the program.
        - `gain_offset`: 1.
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
