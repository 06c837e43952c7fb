"""The generator of a run, exported with what is known of it."""

import pathlib

from absl import logging

from sagan_tf import data
from sagan_tf.export.saved_model import export_generator
from sagan_tf.latents import number_of_classes
from sagan_tf.utils import files
from sagan_tf.version import __version__
from sagan_tf.workdir import Workdir, load_generator

_LICENCE = (
    "The program that made this file is under the Apache License 2.0. Weights "
    "and images are under the terms of whoever trained them, and of the data "
    "they were trained on."
)


def export_run(
    workdir, output, version=None, step=None, best=False, averaged=None
):
    """Writes a run's generator as `output/version`.

    Beside the SavedModel there are `saved_model.json`, which says what it is,
    and, if tensorflow-serving-api is installed (the extra `serving`), requests
    by which TF Serving warms up.

    Args:
        workdir: Directory of a run.
        output: Directory of the model's versions.
        version: Integer, a new one; None: the next free.
        step, best, averaged: As in `load_generator`.

    Returns:
        The path written.

    Raises:
        ValueError: If there is nothing to export, or the version is there.
    """
    generator, config, step = load_generator(workdir, step, best, averaged)
    if averaged is None:
        averaged = config.ema_decay > 0
    output = pathlib.Path(output)
    if output.exists() and not output.is_dir():
        raise ValueError(f"`output` {output} is not a directory")
    if version is None:
        taken = [int(p.name) for p in output.glob("*") if p.name.isdecimal()]
        version = max(taken, default=0) + 1
    path = output / str(version)
    weights = "averaged" if averaged else "raw"
    card = {
        "model": "SAGAN generator",
        "image_size": config.image_size,
        "latent_dim": config.latent_dim,
        "number_of_classes": number_of_classes(generator),
        "class_names": data.class_names(config.dataset, config.data_dir),
        "dataset": config.dataset,
        "step": step,
        "weights": weights,
        "notice": _notice(workdir),
        "licence": _LICENCE,
        "evaluations": _evaluations(workdir, step, weights),
        "sagan_tf": __version__,
    }
    export_generator(generator, path, card)
    return str(path)


def _notice(workdir):
    path = Workdir(workdir).path / "NOTICE"
    try:
        return path.read_text(encoding="utf-8") if path.exists() else None
    except ValueError as error:
        raise ValueError(f"{path} is not text ({error})") from None


def _evaluations(workdir, step, weights):
    """Metrics of this checkpoint, each with its protocol."""
    found = []
    for path in sorted(Workdir(workdir).evaluations.glob("*.json")):
        try:
            result = files.read_json(path)
            protocol = result["protocol"]
            if (protocol["step"], protocol["weights"]) == (step, weights):
                found.append(
                    {"metrics": result["metrics"], "protocol": protocol}
                )
        except (ValueError, KeyError, TypeError) as error:
            logging.warning("%s is no evaluation (%s).", path, error)
    return found
