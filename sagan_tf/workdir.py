"""What a run leaves in its directory, and models read back from it.

config.json          the configuration, resolved
checkpoints/         the last ones; checkpoints/best/ that of the best
                     Frechet distance, if evaluated in training
samples/             a grid of samples from fixed latents, by step
metrics.jsonl        a line of metrics every `log_every_steps`
tensorboard/         the same and more for TensorBoard
eval/                a JSON, and a grid, for each evaluation
lock                 names the process that trains here, while it does
"""

import contextlib
import os
import pathlib

import keras
import tensorflow as tf

from sagan_tf import checkpoints, lock, models
from sagan_tf.config import Config


class Workdir:
    """Paths in the directory of a run.

    Args:
        path: The directory.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.config = self.path / "config.json"
        self.checkpoints = self.path / "checkpoints"
        self.best_checkpoint = self.checkpoints / "best"
        self.samples = self.path / "samples"
        self.metrics = self.path / "metrics.jsonl"
        self.tensorboard = self.path / "tensorboard"
        self.evaluations = self.path / "eval"
        self.lock = self.path / "lock"

    def read_config(self):
        """Returns the run's `Config`.

        Raises:
            ValueError: If there is none, or it cannot be read.
        """
        if not self.config.is_file():
            raise ValueError(
                f"`workdir` {self.path} holds no run ({self.config.name} is "
                "missing): run train.py with this workdir first"
            )
        return Config.load(self.config)

    def claim(self, config):
        """Writes `config` into a new directory, or checks the one there.

        Raises:
            ValueError: If the directory holds the run of another
                configuration, or something else than a run.
        """
        self.check_claim(config)
        if not self.config.exists():
            self.path.mkdir(parents=True, exist_ok=True)
        config.save(self.config)

    def check_claim(self, config):
        """Raises what `claim` raises; writes nothing."""
        self.check_directory()
        if self.config.exists():
            changed = self.read_config().changed_fields(config)
            if changed:
                raise ValueError(
                    f"`workdir` {self.path} holds a run of another "
                    f"configuration ({'; '.join(changed)}): take another "
                    "workdir, or the same configuration to resume"
                )

    def check_directory(self):
        """Raises a `ValueError` if no run can be here, of whatever kind."""
        if self.config.exists() or not self.path.exists():
            return
        if not self.path.is_dir():
            raise ValueError(f"`workdir` {self.path} is not a directory")
        # Only these may be left by a run killed while starting.
        files = set(os.listdir(self.path)) - {
            f"{self.config.name}.tmp",
            self.lock.name,
        }
        if files:
            raise ValueError(
                f"`workdir` {self.path} holds something else than a run "
                f"({sorted(files)[0]}): take a new or empty directory"
            )

    @contextlib.contextmanager
    def locked(self):
        """Keeps other processes from training here, within the context.

        Of a directory that did not become a run's nothing is left.

        Raises:
            ValueError: If another process trains here.
        """
        made = [
            path
            for path in (self.path, *self.path.parents)
            if not path.exists()
        ]
        try:
            with lock.locked(self.lock):
                yield
        finally:
            if not self.config.exists():
                with contextlib.suppress(OSError):
                    for path in made:
                        path.rmdir()

    def checkpoint(self, step=None, best=False):
        """Returns the path of an intact checkpoint.

        Args:
            step: Integer, or None for the last one; where that is damaged,
                which is logged, the one before.
            best: Boolean, whether to take the best evaluated one.

        Raises:
            ValueError: If there is no such checkpoint, or only damaged ones.
        """
        directory = self.best_checkpoint if best else self.checkpoints
        if step is None:
            path = checkpoints.newest_intact(directory)
        else:
            path = str(directory / f"ckpt-{step}")
            if path not in checkpoints.listed(directory):
                path = None
            elif (reason := checkpoints.damage(path)) is not None:
                raise ValueError(f"Checkpoint {path} is damaged ({reason})")
        if path is None:
            which = "" if step is None else f" of step {step}"
            interval = "eval" if best else "checkpoint"
            raise ValueError(
                f"`workdir` {self.path} has no checkpoint{which} in "
                f"{directory}: train until one is written, every "
                f"`{interval}_every_steps` steps"
            )
        return path


def build_networks(config):
    """Builds the generator and the discriminator of a configuration.

    Args:
        config: `Config` whose `num_classes` is not None.

    Returns:
        The two `keras.Model`s.

    Raises:
        ValueError: If the networks do not have what is asked for.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        common = {
            "image_size": config.image_size,
            "base_channels": config.base_channels,
            "num_classes": config.num_classes or None,
            "attention_resolutions": config.attention_resolutions,
            "attention_variant": config.attention_variant,
            "residual_resolutions": config.residual_resolutions,
            "folded": config.folded,
            "kernel_initializer": config.kernel_initializer,
            "differentiate_vectors": config.differentiate_vectors,
            "blockwise_attention": config.blockwise_attention,
        }
        generator = models.build_generator(
            latent_dim=config.latent_dim,
            spectral_normalization=config.generator_spectral_normalization,
            momentum=config.batch_normalization_momentum,
            final_momentum=config.final_batch_normalization_momentum,
            epsilon=config.batch_normalization_epsilon,
            synchronized=config.synchronized_batch_normalization,
            **common,
        )
        discriminator = models.build_discriminator(
            spectral_normalization=config.discriminator_spectral_normalization,
            conditioning=config.conditioning,
            rectified_shortcut=config.rectified_shortcut,
            **common,
        )
    finally:
        keras.config.set_dtype_policy(policy)
    return generator, discriminator


def load_generator(workdir, step=None, best=False, averaged=None):
    """Reads a trained generator back.

    Args:
        workdir: Directory of a run.
        step: Integer, which checkpoint, or None for the last.
        best: Boolean, whether to take the best evaluated checkpoint.
        averaged: Boolean, whether to take the averaged weights; None: if
            there are any.

    Returns:
        The `keras.Model`, the run's `Config`, and the step.

    Raises:
        ValueError: If there is no such run, checkpoint or average, or the
            checkpoint does not fit the configuration.
    """
    directory = Workdir(workdir)
    config = directory.read_config()
    path = directory.checkpoint(step, best)
    if averaged is None:
        averaged = config.ema_decay > 0
    if averaged and not config.ema_decay:
        raise ValueError(
            f"`averaged` must be False: {workdir} has no averaged generator, "
            "its `ema_decay` is 0"
        )
    generator, _ = build_networks(config)
    name = "ema_generator" if averaged else "generator"
    _restore(path, name, generator)
    return generator, config, checkpoints.step_of(path)


def load_discriminator(workdir, step=None, best=False):
    """Reads a trained discriminator back; see `load_generator`.

    Returns:
        The `keras.Model` and the run's `Config`.
    """
    directory = Workdir(workdir)
    config = directory.read_config()
    _, discriminator = build_networks(config)
    _restore(directory.checkpoint(step, best), "discriminator", discriminator)
    return discriminator, config


def _restore(path, name, network):
    try:
        status = tf.train.Checkpoint(**{name: network}).restore(path)
        status.assert_existing_objects_matched().expect_partial()
    except checkpoints.UNREADABLE as error:
        raise ValueError(
            f"Checkpoint {path} cannot be read, or is not of this "
            f"configuration ({str(error).splitlines()[0]})"
        ) from None
