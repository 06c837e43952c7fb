"""Reads the checkpoints of the three programs."""

import dataclasses
import os
import re
from collections.abc import Mapping

import keras

from sagan_tf.importing import (
    authors,
    channels,
    mmgeneration,
    pytorch_files,
    studiogan,
)

# Name, address and licence of each program.
PROGRAMS = {
    "mmgeneration": (
        "MMGeneration, https://github.com/open-mmlab/mmgeneration, "
        "Apache License 2.0"
    ),
    "studiogan": (
        "PyTorch StudioGAN, "
        "https://github.com/POSTECH-CVLab/PyTorch-StudioGAN, MIT License"
    ),
    "authors": (
        "Self-Attention GAN, "
        "https://github.com/brain-research/self-attention-gan, "
        "Apache License 2.0"
    ),
}


@dataclasses.dataclass
class Imported:
    """The networks of a checkpoint, and what was decided about them.

    Attributes:
        generator, discriminator: Our `keras.Model`s.
        files: List of the paths read.
        iteration: Integer, the program's count of training steps; 0 if the
            checkpoint does not have it.
        averaged: Boolean, whether the generator's weights are a moving
            average.
        channel_order: "rgb" or "bgr": order of the program's images.
        rectified_shortcut: Boolean, see `build_discriminator`.
    """

    generator: keras.Model
    discriminator: keras.Model
    files: list
    iteration: int
    averaged: bool
    channel_order: str
    rectified_shortcut: bool


def read_checkpoint(source, checkpoint, channel_order=None, **conventions):
    """Reads a checkpoint of another program.

    Args:
        source: A key of `PROGRAMS`.
        checkpoint: List of paths: for StudioGAN the generator's and the
            discriminator's, otherwise one path.
        channel_order: "rgb", "bgr", or None for the program's default.
        **conventions: Arguments of `import_mmgeneration`; only for
            mmgeneration.

    Returns:
        An `Imported`.

    Raises:
        ImportError: If torch is needed and not installed.
        ValueError: If the checkpoint cannot be used.
    """
    if conventions and source != "mmgeneration":
        raise ValueError(
            f"`{next(iter(conventions))}` is for mmgeneration only. "
            f"Received: source={source}"
        )
    expected = 2 if source == "studiogan" else 1
    if len(checkpoint) != expected:
        raise ValueError(
            f"`checkpoint` must be {expected} path(s) for {source}"
            f"{', G.pth,D.pth' * (expected - 1)}. "
            f"Received: {','.join(checkpoint)}"
        )
    if source == "authors":
        return _read_authors(checkpoint, channel_order or "rgb")
    if source == "studiogan":
        return _read_studiogan(checkpoint, channel_order or "rgb")
    if channel_order is not None:
        conventions["channel_order"] = channel_order
    return _read_mmgeneration(checkpoint, conventions)


def _read_mmgeneration(paths, given):
    state, others, origin = pytorch_files.read(paths[0])
    found = {**mmgeneration.conventions(origin, state), **given}
    networks = mmgeneration.build(state, origin, found)
    meta = others.get("meta")
    iteration = meta.get("iter") if isinstance(meta, Mapping) else None
    return Imported(
        *networks,
        paths,
        iteration if isinstance(iteration, int) else 0,
        found["averaged"],
        found["channel_order"],
        found["rectified_shortcut"],
    )


def _read_studiogan(paths, channel_order):
    read = [pytorch_files.read(path) for path in paths]
    networks = studiogan.build(read, channel_order)
    # The step is in the discriminator's file and in both file names.
    iteration = read[1][1].get("step")
    named = re.search(r"step=(\d+)", os.path.basename(paths[0]))
    if not isinstance(iteration, int):
        iteration = int(named[1]) if named else 0
    averaged = "G_ema" in os.path.basename(paths[0])
    return Imported(*networks, paths, iteration, averaged, channel_order, True)


def _read_authors(paths, channel_order):
    networks = authors.import_authors(paths[0])
    channels.swap_channels(*networks, channel_order)
    prefix = authors.checkpoint_prefix(paths[0])
    iteration = re.search(r"-(\d+)$", prefix)
    folder, name = os.path.split(prefix)
    files = [
        os.path.join(folder, file)
        for file in sorted(os.listdir(folder or "."))
        if file.startswith(f"{name}.") and not file.endswith(".meta")
    ]
    return Imported(
        *networks,
        files,
        int(iteration[1]) if iteration else 0,
        averaged=False,
        channel_order=channel_order,
        rectified_shortcut=False,
    )
