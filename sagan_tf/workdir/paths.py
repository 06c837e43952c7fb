"""Paths in the directory of a run, and who may write there."""

import contextlib
import json
import os
import pathlib

from sagan_tf.config import Config
from sagan_tf.utils import files
from sagan_tf.workdir import checkpoints, lock

# What may change when a run resumes: how long it trains, where its data are,
# and on which devices.
_CHANGEABLE = ("steps", "data_dir", "strategy")


class Workdir:
    """Paths in the directory of a run.

    Args:
        path: The directory; `~` stands for the user's own.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path).expanduser()
        self.config = self.path / "config.json"
        self.classes = self.path / "classes.json"
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
            ValueError: If the file does not exist or cannot be read.
        """
        if not self.config.is_file():
            raise ValueError(
                f"`workdir` {self.path} has no run ({self.config.name} is "
                "missing): run train.py with this workdir first"
            )
        return Config.load(self.config)

    def class_names(self):
        """Returns the names of the run's classes, a list of strings.

        It is empty if the run has no classes, if they have no names, or if an
        earlier version began the run.

        Raises:
            ValueError: If the file of the names cannot be read.
        """
        if not self.classes.is_file():
            return []
        names = files.read_json(self.classes)
        if not isinstance(names, list):
            raise ValueError(f"{self.classes} is not a list of names")
        return list(map(str, names))

    def claim(self, config, class_names=()):
        """Writes what identifies a run into the directory, if it can be there.

        Args:
            config: `Config`.
            class_names: Strings, in the order of the labels; empty if the
                classes have no names.

        Raises:
            ValueError: If the directory has a run of another configuration or
                of other classes, or other files.
        """
        self.check_claim(config, class_names)
        if not self.config.exists():
            self.path.mkdir(parents=True, exist_ok=True)
        config.save(self.config)
        # Last, so that no names are left of a run that never started.
        if class_names and not self.classes.exists():
            files.write_text(self.classes, json.dumps(class_names, indent=2))

    def check_claim(self, config, class_names=()):
        """Raises the errors of `claim`, and writes nothing."""
        self.check_directory()
        if self.config.exists():
            changed = _changed_fields(self.read_config(), config)
            if changed:
                raise ValueError(
                    f"`workdir` {self.path} has a run of another "
                    f"configuration ({'; '.join(changed)}): use another "
                    "workdir, or the same configuration to resume"
                )
            before = self.class_names()
            if class_names and before and before != list(class_names):
                raise ValueError(
                    f"`workdir` {self.path} has a run of other classes "
                    f"({_difference(before, class_names)}): use another "
                    "workdir, or the same data to resume"
                )

    def check_directory(self):
        """Raises a `ValueError` if no run at all can be in the directory."""
        if self.config.exists() or not self.path.exists():
            return
        if not self.path.is_dir():
            raise ValueError(f"`workdir` {self.path} is not a directory")
        # A run that was killed while it started may leave these two.
        others = set(os.listdir(self.path)) - {
            f"{self.config.name}.tmp",
            self.lock.name,
        }
        if others:
            raise ValueError(
                f"`workdir` {self.path} has files that are not a run's "
                f"({sorted(others)[0]}): use a new or empty directory"
            )

    @contextlib.contextmanager
    def locked(self):
        """Returns a context in which no other process can train here.

        If the run never started, the directories created for it are removed.

        Raises:
            ValueError: If another process is training here.
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
            step: Integer. None: the last intact one; damaged ones after it
                are logged.
            best: Boolean, whether to return the one with the best Frechet
                distance in training.

        Raises:
            ValueError: If there is no such checkpoint, or if it is damaged.
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


def _changed_fields(before, now):
    """Returns a line for each field that forbids resuming."""
    return [
        f"{name}: {there!r} there, {here!r} now"
        for name, (there, here) in before.differences(now).items()
        if name not in _CHANGEABLE
    ]


def _difference(before, now):
    """Returns how two unequal lists of names differ, as text."""
    gone = [name for name in before if name not in now]
    new = [name for name in now if name not in before]
    if not gone and not new:
        return "the same in another order"
    return "; ".join(
        f"{what}: {', '.join(names[:5])}"
        for what, names in (("not in the data", gone), ("new", new))
        if names
    )
