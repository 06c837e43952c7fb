"""Paths in the folder of a run, and who may write there."""

import contextlib
import os
import pathlib

from sagan_tf.config import Config
from sagan_tf.workdir import checkpoints, lock


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
