"""Checkpoints on disk: finding them, checking them, and saving them.

The file `checkpoint`, TensorFlow's record of a directory, is not used to find
checkpoints: it can be lost or outdated, and a run must not start over then.
TensorFlow stores a checksum of each tensor and of each block of the index,
and verifies it when it reads.
"""

import contextlib
import os
import pathlib
import re
import shutil

import tensorflow as tf
from absl import logging

# Exceptions of TensorFlow for a checkpoint that is broken or does not fit.
UNREADABLE = (tf.errors.OpError, AssertionError, IndexError, ValueError)

_NAME = "ckpt"


def step_of(path):
    """Returns the step of a checkpoint's path."""
    return int(re.search(r"-(\d+)$", str(path)).group(1))


def listed(directory):
    """Returns the paths of all checkpoints, intact or not, sorted by step."""
    directory = pathlib.Path(directory)
    steps = set()
    for path in directory.glob(f"{_NAME}-*"):
        match = re.fullmatch(rf"{_NAME}-(\d+)\.(index|data-.*)", path.name)
        if match:
            steps.add(int(match.group(1)))
    return [str(directory / f"{_NAME}-{step}") for step in sorted(steps)]


def has_record(directory):
    """Returns whether TensorFlow recorded that a checkpoint was saved here."""
    return (pathlib.Path(directory) / "checkpoint").exists()


def damage(path):
    """Returns what is wrong with a checkpoint, or None if it is intact.

    It reads every tensor, which verifies the checksums.
    """
    try:
        reader = tf.train.load_checkpoint(path)
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)
    except (*UNREADABLE, RuntimeError, UnicodeDecodeError) as error:
        return str(error).splitlines()[0] if str(error) else repr(error)
    return None


def newest_intact(directory):
    """Returns the path of the last intact checkpoint; None if there is none.

    Damaged checkpoints after it are logged. An interrupted save, which leaves
    its temporary directory, does not count as a checkpoint.

    Raises:
        ValueError: If there are checkpoints and all are damaged.
    """
    damaged = []
    for path in reversed(listed(directory)):
        reason = damage(path)
        if reason is None:
            for line in damaged:
                logging.error("%s: using %s.", line, path)
            return path
        if not _temporary(path).exists():
            damaged.append(f"Checkpoint {path} is damaged ({reason})")
    if damaged:
        raise ValueError(
            f"{'. '.join(damaged)}. No checkpoint in {directory} is intact: "
            "restore a copy of one, or use a new `workdir`"
        )
    return None


def manager(checkpoint, directory, kept):
    """Returns a `tf.train.CheckpointManager` that knows what is on disk.

    The remains of interrupted saves are removed, so only the process that
    trains in the directory may call this.

    Args:
        checkpoint: `tf.train.Checkpoint`.
        directory: Path.
        kept: Integer, number of checkpoints that the manager keeps.
    """
    directory = pathlib.Path(directory)
    for path in listed(directory):
        if _temporary(path).exists() and damage(path) is not None:
            for part in directory.glob(f"{pathlib.Path(path).name}.*"):
                _remove(part)
    for path in directory.glob(f"{_NAME}-*"):
        if path.name.endswith("_temp") or ".tempstate" in path.name:
            _remove(path)
    indexed = [
        path for path in listed(directory)
        if pathlib.Path(f"{path}.index").exists()
    ]  # fmt: skip
    if _recorded(directory) != indexed:
        _record(directory, indexed)
    return tf.train.CheckpointManager(
        checkpoint, str(directory), kept, checkpoint_name=_NAME
    )


def save(manager, step):
    """Saves a checkpoint, numbered by step.

    If that fails, earlier checkpoints stay intact.

    Raises:
        OSError: If the checkpoint cannot be written, for instance because the
            disk is full.
    """
    path = pathlib.Path(manager.directory) / f"{_NAME}-{step}"
    try:
        manager.save(checkpoint_number=step)
    except (tf.errors.OpError, OSError) as error:
        for part in path.parent.glob(f"{path.name}[._]*"):
            with contextlib.suppress(OSError):
                _remove(part)
        reason = str(getattr(error, "message", error)).splitlines()[0]
        raise OSError(
            f"Checkpoint {path} cannot be written ({reason}). Earlier "
            "checkpoints are intact: free some space and run the same command "
            "again"
        ) from None


def _recorded(directory):
    """Returns the paths in TensorFlow's record; [] if it is unreadable."""
    try:
        state = tf.train.get_checkpoint_state(str(directory))
        return list(state.all_model_checkpoint_paths)
    except (ValueError, AttributeError):
        return []


def _record(directory, paths):
    """Writes TensorFlow's record."""
    (directory / "checkpoint").unlink(missing_ok=True)
    if paths:
        # The manager deletes only checkpoints newer than the last preserved
        # one.
        times = [os.path.getmtime(f"{path}.index") for path in paths]
        tf.compat.v1.train.update_checkpoint_state(
            str(directory),
            paths[-1],
            paths,
            all_model_checkpoint_timestamps=times,
            last_preserved_timestamp=min(times) - 1,
        )


def _temporary(path):
    """Returns the directory in which TensorFlow collects a checkpoint."""
    return pathlib.Path(f"{path}_temp")


def _remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
