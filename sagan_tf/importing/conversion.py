"""Converts other programs' checkpoints into the directory of a run."""

import os
import pathlib

import tensorflow as tf

from sagan_tf.config import Config
from sagan_tf.importing import read
from sagan_tf.layers import SelfAttention, SpectralNormalization
from sagan_tf.models import architecture
from sagan_tf.utils import files
from sagan_tf.version import __version__
from sagan_tf.workdir import Workdir


def convert(
    source,
    checkpoint,
    workdir,
    channel_order=None,
    num_classes=None,
    dataset=None,
    data_dir="",
    **conventions,
):
    """Writes a workdir with the weights of another program's checkpoint.

    The workdir has `config.json`, a checkpoint without optimizers, and the
    file NOTICE, which names the source files and their SHA-256. Such a run
    can be evaluated, sampled and exported, but its training cannot be
    resumed.

    Args:
        source: "mmgeneration", "studiogan" or "authors".
        checkpoint: List of paths: for StudioGAN the generator's and the
            discriminator's, otherwise one path.
        workdir: Directory to write; new or empty.
        channel_order: "rgb", "bgr", or None for the program's default.
        num_classes: Integer, the number of classes that the checkpoint must
            have, or None for any.
        dataset: `Config.dataset`, or None to guess.
        data_dir: `Config.data_dir`.
        **conventions: `averaged`, `rectified_shortcut`, `epsilon` and
            `gain_offset`, as in `import_mmgeneration`; only for mmgeneration.

    Returns:
        A string that says what was read and what was decided.

    Raises:
        ImportError: If torch is needed and not installed.
        ValueError: If the checkpoint or the workdir cannot be used. Then
            nothing is written.
    """
    workdir = pathlib.Path(workdir)
    if workdir.exists() and (not workdir.is_dir() or any(workdir.iterdir())):
        raise ValueError(
            "`workdir` must be a new or empty directory. "
            f"Received: workdir={workdir}"
        )
    imported = read.read_checkpoint(
        source, checkpoint, channel_order, **conventions
    )
    config = _config_of(imported)
    if num_classes not in (None, config.num_classes):
        raise ValueError(
            f"`num_classes` must be the {config.num_classes} that "
            f"{checkpoint[0]} has. Received: num_classes={num_classes}"
        )
    config.dataset = dataset or _dataset_of(config)
    config.data_dir = data_dir
    report = _report(source, imported, config)
    _write(workdir, config, imported, report)
    return report


def _config_of(imported):
    """Returns the `Config` from which both networks can be built.

    Raises:
        ValueError: If the networks differ in a property for which a `Config`
            has only one field.
    """
    networks = generator, discriminator = (
        imported.generator,
        imported.discriminator,
    )
    image_size = generator.outputs[0].shape[1]
    (_, width), *_ = architecture.generator_blocks(image_size)
    (_, first_width), *_ = architecture.discriminator_blocks(image_size)
    units = generator.get_layer("dense").output.shape[-1]
    first = discriminator.get_layer("block1_convolution1").output.shape[-1]
    base_channels = [units // (16 * width), first // first_width]
    resolutions = [_attention_resolutions(network) for network in networks]
    for name, found in (
        ("base_channels", base_channels),
        ("attention_resolutions", resolutions),
    ):
        if found[0] != found[1]:
            raise ValueError(
                f"`{name}` must be the same for generator and discriminator "
                "in a workdir. The functions of sagan_tf.importing can import "
                f"such networks. Received: {found[0]} and {found[1]}"
            )
    normalization = generator.get_layer("block1_normalization1")
    last_normalization = generator.get_layer("normalization")
    return Config(
        image_size=image_size,
        num_classes=normalization.num_classes,
        base_channels=base_channels[0],
        latent_dim=generator.inputs[0].shape[-1],
        attention_resolutions=resolutions[0],
        rectified_shortcut=imported.rectified_shortcut,
        generator_spectral_normalization=_is_normalized(generator),
        discriminator_spectral_normalization=_is_normalized(discriminator),
        batch_normalization_momentum=normalization.momentum,
        final_batch_normalization_momentum=last_normalization.momentum,
        batch_normalization_epsilon=normalization.epsilon,
        steps=max(1, imported.iteration),
        # The published recipe has 0.999. Any decay but 0 says that there is
        # an averaged generator.
        ema_decay=0.999 if imported.averaged else 0.0,
    )


def _attention_resolutions(network):
    return tuple(
        sorted(
            layer.output.shape[1]
            for layer in network.layers
            if isinstance(layer, SelfAttention)
        )
    )


def _is_normalized(network):
    return any(isinstance(n, SpectralNormalization) for n in network.layers)


def _dataset_of(config):
    if (config.image_size, config.num_classes) == (32, 10):
        return "cifar10"
    return "imagenet2012" if config.num_classes == 1000 else "image_folder"


def _report(source, imported, config):
    attention = " and ".join(map(str, config.attention_resolutions))
    start = "the ReLU of " if imported.rectified_shortcut else ""
    weights = "averaged" if imported.averaged else "as trained"
    lines = [f"From {read.PROGRAMS[source]}:"]
    for path in imported.files:
        digest = files.sha256(path)
        lines += [f"  {os.path.basename(path)}", f"    sha256 {digest}"]
    return "\n".join(
        [
            *lines,
            f"networks: {config.image_size} px, {config.num_classes} classes, "
            f"latent vectors of length {config.latent_dim}, base width "
            f"{config.base_channels}, self-attention at {attention or 'none'}",
            f"weights of the generator: {weights}, iteration "
            f"{imported.iteration} of the source",
            f"channel order of the source: {imported.channel_order} "
            "(--channel_order); the networks here use rgb",
            f"shortcuts of the discriminator: from {start}the block's input",
            "epsilon of batch normalization: "
            f"{config.batch_normalization_epsilon}",
            f"data set to compare with: {config.dataset} "
            "(--dataset, --data_dir)",
        ]
    )


def _write(workdir, config, imported, report):
    """Writes the workdir, whole or not at all."""
    with files.creating(workdir) as temporary:
        parts = Workdir(temporary)
        generator = "ema_generator" if imported.averaged else "generator"
        checkpoint = tf.train.Checkpoint(
            discriminator=imported.discriminator,
            **{generator: imported.generator},
        )
        tf.train.CheckpointManager(
            checkpoint, str(parts.checkpoints), max_to_keep=None
        ).save(checkpoint_number=imported.iteration)
        config.save(parts.config)
        files.write_text(
            parts.path / "NOTICE",
            "The weights in this directory were made by another program and "
            f"converted by\nsagan_tf {__version__}.\n\n{report}\n\nThe terms "
            "of whoever published the weights, and of the data they were "
            "trained\non, still apply to them.\n",
        )
