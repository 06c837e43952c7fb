"""The generator of a run, exported with a description of it."""

import pathlib

from sagan_tf import data
from sagan_tf.export.onnx_and_litert import check_path, export_file
from sagan_tf.export.saved_model import export_generator
from sagan_tf.latents import number_of_classes
from sagan_tf.version import __version__
from sagan_tf.workdir import Workdir, loading, records

_LICENCE = (
    "The program that made this file is under the Apache License 2.0. Weights "
    "and images are under the terms of whoever trained them, and of the data "
    "they were trained on."
)


def export_run(
    workdir,
    output,
    version=None,
    step=None,
    best=False,
    averaged=None,
    device="cpu",
    format="saved_model",
):
    """Writes a run's generator as the SavedModel `output/version`, or a file.

    The SavedModel contains `saved_model.json`, which describes the weights:
    their run, step, classes, evaluations and terms. Beside a file of another
    format is one with the same content.

    Args:
        workdir: Directory of a run.
        output: Directory of the model's versions; for another format, the
            file.
        version: Integer, a new version. None: one above the highest version.
        step, best, averaged: As in `load_generator`.
        device: As in `export_generator`.
        format: "saved_model", "onnx" or "litert"; see `export_file`.

    Returns:
        The path written.

    Raises:
        ValueError: If there is nothing to export, or the version or the file
            exists.
    """
    if format == "saved_model":
        path = _versioned(output, version)
    elif version is not None:
        raise ValueError(
            "`version` must be None for a file. "
            f"Received: version={version}, format={format!r}"
        )
    else:
        path = output
        check_path(path, format)
    run = loading.load(workdir, step, best, averaged)
    card = _card(workdir, run)
    if format == "saved_model":
        export_generator(run.generator, path, card, device)
    else:
        export_file(run.generator, path, format, card, device)
    return str(path)


def _versioned(output, version):
    """Returns the path of a version, or of the next one."""
    output = pathlib.Path(output)
    if output.exists() and not output.is_dir():
        raise ValueError(f"`output` {output} is not a directory")
    if version is None:
        taken = [int(p.name) for p in output.glob("*") if p.name.isdecimal()]
        version = max(taken, default=0) + 1
    return output / str(version)


def _card(workdir, run):
    """Returns what describes the weights."""
    config, step = run.config, run.step
    weights = "averaged" if run.averaged else "raw"
    return {
        "model": "SAGAN generator",
        "image_size": config.image_size,
        "latent_dim": config.latent_dim,
        "number_of_classes": number_of_classes(run.generator),
        "class_names": Workdir(workdir).class_names()
        or data.class_names(config.dataset, config.data_dir, config.label),
        "dataset": config.dataset,
        "step": step,
        "weights": weights,
        "notice": _notice(workdir),
        "licence": _LICENCE,
        "evaluations": _evaluations(workdir, step, weights),
        "sagan_tf": __version__,
    }


def _notice(workdir):
    """Returns the text of the run's file NOTICE, or None without one."""
    path = Workdir(workdir).path / "NOTICE"
    try:
        return path.read_text(encoding="utf-8") if path.exists() else None
    except ValueError as error:
        raise ValueError(f"{path} is not text ({error})") from None


def _evaluations(workdir, step, weights):
    """Returns the metrics and protocols of a checkpoint's evaluations."""
    return [
        {"metrics": each.metrics, "protocol": each.protocol}
        for each in records.evaluations(workdir, skip_broken=True)
        if (each.step, each.protocol.get("weights")) == (step, weights)
    ]
