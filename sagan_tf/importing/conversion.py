"""Other programs' checkpoints as the directory of a run."""

import hashlib
import os
import pathlib
import re
import shutil
import tempfile

import tensorflow as tf

from sagan_tf import files
from sagan_tf.config import Config
from sagan_tf.importing import (
    authors,
    channels,
    mmgeneration,
    pytorch_files,
    studiogan,
)
from sagan_tf.layers import SelfAttention, SpectralNormalization
from sagan_tf.models import architecture
from sagan_tf.version import __version__
from sagan_tf.workdir import Workdir

# Address and licence of the programs.
_PROGRAMS = {
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


def convert(
    source,
    checkpoint,
    workdir,
    channel_order=None,
    num_classes=None,
    dataset=None,
    data_dir="",
    averaged=None,
    rectified_shortcut=None,
    epsilon=None,
):
    """Writes a workdir with the weights of another program's checkpoint.

    It has `config.json`, one checkpoint without optimizers, and NOTICE, which
    names the source files and their SHA-256. It can be evaluated, sampled
    and exported, not trained on.

    Args:
        source: "mmgeneration", "studiogan" or "authors".
        checkpoint: List of paths: one, for StudioGAN those of the generator
            and the discriminator.
        workdir: Directory to write; new or empty.
        channel_order: "rgb", "bgr", or None for the source's own.
        num_classes: Integer, how many classes there must be, or None.
        dataset: `Config.dataset`, or None to guess.
        data_dir: `Config.data_dir`.
        averaged, rectified_shortcut, epsilon: As in `import_mmgeneration`;
            not for the others.

    Returns:
        A string that says what was read and what was decided.

    Raises:
        ImportError: If torch is needed and not installed.
        ValueError: If the checkpoint or the workdir cannot be used; nothing
            is written then.
    """
    workdir = pathlib.Path(workdir)
    if workdir.exists() and (not workdir.is_dir() or any(workdir.iterdir())):
        raise ValueError(
            f"`workdir` {workdir} is not empty: take a new directory"
        )
    given = {
        "averaged": averaged,
        "rectified_shortcut": rectified_shortcut,
        "epsilon": epsilon,
    }
    given = {k: v for k, v in given.items() if v is not None}
    if given and source != "mmgeneration":
        raise ValueError(
            f"`{next(iter(given))}` is for mmgeneration only. "
            f"Received: source={source}"
        )
    expected = 2 if source == "studiogan" else 1
    if len(checkpoint) != expected:
        raise ValueError(
            f"`checkpoint` must be {expected} path(s) for {source}"
            f"{', G.pth,D.pth' * (expected - 1)}. "
            f"Received: {','.join(checkpoint)}"
        )
    networks, step, facts = _READERS[source](checkpoint, channel_order, given)
    *_, generator, discriminator = networks.values()
    config = _config_of(generator, discriminator, facts)
    if num_classes not in (None, config.num_classes):
        raise ValueError(
            f"`num_classes` must be the {config.num_classes} that "
            f"{checkpoint[0]} has. Received: num_classes={num_classes}"
        )
    config.steps = max(1, step)
    config.dataset = dataset or _dataset_of(config)
    config.data_dir = data_dir
    report = _report(source, checkpoint, config, step, facts)
    _write(workdir, config, networks, step, report)
    return report


def _read_mmgeneration(paths, channel_order, given):
    state, others, origin = pytorch_files.read(paths[0])
    facts = {**mmgeneration.conventions(origin, state), **given}
    if channel_order is not None:
        facts["channel_order"] = channel_order
    generator, discriminator = mmgeneration.build(state, origin, facts)
    step = _step(others.get("meta", {}).get("iter"))
    return _named(generator, discriminator, facts), step, facts


def _read_studiogan(paths, channel_order, given):
    facts = {
        "averaged": "G_ema" in os.path.basename(paths[0]),
        "channel_order": channel_order or "rgb",
        "rectified_shortcut": True,
        "epsilon": studiogan.EPSILON,
    }
    generator, discriminator = studiogan.import_studiogan(
        *paths, channel_order=facts["channel_order"]
    )
    step = _step(pytorch_files.read(paths[0])[1].get("step"))
    return _named(generator, discriminator, facts), step, facts


def _read_authors(paths, channel_order, given):
    facts = {
        "averaged": False,
        "channel_order": channel_order or "rgb",
        "rectified_shortcut": False,
        "epsilon": 1e-5,
    }
    networks = authors.import_authors(paths[0])
    channels.swap_channels(*networks, facts["channel_order"])
    step = re.search(r"-(\d+)(\.\w+)?$", paths[0])
    return _named(*networks, facts), int(step[1]) if step else 0, facts


_READERS = {
    "mmgeneration": _read_mmgeneration,
    "studiogan": _read_studiogan,
    "authors": _read_authors,
}


def _step(value):
    return value if isinstance(value, int) and value > 0 else 0


def _named(generator, discriminator, facts):
    """Returns the networks by their names in a run's checkpoints."""
    name = "ema_generator" if facts["averaged"] else "generator"
    return {name: generator, "discriminator": discriminator}


def _config_of(generator, discriminator, facts):
    """Returns the configuration that rebuilds two networks.

    Raises:
        ValueError: If there is none: the two differ in what a configuration
            has one field for.
    """
    image_size = generator.outputs[0].shape[1]
    units = generator.get_layer("dense").output.shape[-1]
    first = discriminator.get_layer("block1_convolution1").output.shape[-1]
    (_, width), *_ = architecture.generator_blocks(image_size)
    (_, first_width), *_ = architecture.discriminator_blocks(image_size)
    for name, found in (
        ("base_channels", [units // (16 * width), first // first_width]),
        (
            "attention_resolutions",
            [_attention_resolutions(n) for n in (generator, discriminator)],
        ),
    ):
        if found[0] != found[1]:
            raise ValueError(
                f"`{name}` must be the same for generator and discriminator "
                "in a workdir; use the functions of sagan_tf.importing. "
                f"Received: {found[0]} and {found[1]}"
            )
    normalization = generator.get_layer("block1_normalization1")
    last_normalization = generator.get_layer("normalization")
    return Config(
        image_size=image_size,
        num_classes=normalization.num_classes,
        base_channels=units // (16 * width),
        latent_dim=generator.inputs[0].shape[-1],
        attention_resolutions=_attention_resolutions(generator),
        rectified_shortcut=facts["rectified_shortcut"],
        generator_spectral_normalization=_is_normalized(generator),
        discriminator_spectral_normalization=_is_normalized(discriminator),
        batch_normalization_momentum=normalization.momentum,
        final_batch_normalization_momentum=last_normalization.momentum,
        batch_normalization_epsilon=normalization.epsilon,
        # That of the published recipe; what matters is that it is not 0.
        ema_decay=0.999 if facts["averaged"] else 0.0,
    )


def _attention_resolutions(network):
    return tuple(
        layer.output.shape[1]
        for layer in network.layers
        if isinstance(layer, SelfAttention)
    )


def _is_normalized(network):
    return any(isinstance(n, SpectralNormalization) for n in network.layers)


def _dataset_of(config):
    if (config.image_size, config.num_classes) == (32, 10):
        return "cifar10"
    return "imagenet2012" if config.num_classes == 1000 else "image_folder"


def _report(source, paths, config, step, facts):
    attention = " and ".join(map(str, config.attention_resolutions))
    start = "their ReLU" if facts["rectified_shortcut"] else "their input"
    lines = [f"From {_PROGRAMS[source]}:"]
    for path in paths:
        for file in _files_of(source, path):
            lines.append(f"  {os.path.basename(file)}")
            lines.append(f"    sha256 {_sha256(file)}")
    return "\n".join(
        [
            *lines,
            f"networks: {config.image_size} px, {config.num_classes} classes, "
            f"latent vectors of {config.latent_dim}, base width "
            f"{config.base_channels}, self-attention at {attention or 'none'}",
            "weights of the generator: "
            f"{'averaged' if facts['averaged'] else 'as trained'}, step {step}",
            f"channel order of the source: {facts['channel_order']} "
            "(--channel_order); the networks here draw and take rgb",
            f"discriminator's shortcuts: from {start}",
            f"epsilon of batch normalization: {facts['epsilon']}",
            "data set to compare with: "
            f"{config.dataset} (--dataset, --data_dir)",
        ]
    )


def _files_of(source, path):
    if source != "authors":
        return [path]
    prefix = authors.checkpoint_prefix(path)
    folder = pathlib.Path(prefix).parent
    names = sorted(folder.glob(f"{pathlib.Path(prefix).name}.*"))
    return [name for name in names if name.suffix != ".meta"]


def _sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(2**20):
            digest.update(part)
    return digest.hexdigest()


def _write(workdir, config, networks, step, report):
    """Writes the directory beside its place and moves it there: whole."""
    workdir.parent.mkdir(parents=True, exist_ok=True)
    temporary = tempfile.mkdtemp(prefix=f"{workdir.name}.", dir=workdir.parent)
    try:
        parts = Workdir(temporary)
        manager = tf.train.CheckpointManager(
            tf.train.Checkpoint(**networks), str(parts.checkpoints), None
        )
        manager.save(checkpoint_number=step)
        config.save(parts.config)
        files.write_text(
            parts.path / "NOTICE",
            f"The weights in this directory were made by another program and "
            f"converted by\nsagan_tf {__version__}.\n\n{report}\n\nThe terms "
            "of whoever published the weights, and of the data they were "
            "trained\non, go on to apply to them.\n",
        )
        os.chmod(temporary, 0o755)
        os.replace(temporary, workdir)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
