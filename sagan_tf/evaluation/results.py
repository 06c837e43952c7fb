"""Evaluations of runs: written to disk, described."""

import hashlib
import json

import keras
import numpy as np
import tensorflow as tf

from sagan_tf.images import class_grid, image_function, save_png
from sagan_tf.utils import files
from sagan_tf.version import __version__
from sagan_tf.workdir import tensorboard


def versions():
    """Returns the versions of the packages that results depend on."""
    return {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "sagan_tf": __version__,
    }


def record(result, generator, config, workdir, step, averaged, sample=None):
    """Writes an evaluation into a workdir: JSON, grid, TensorBoard scalars.

    Args:
        result: Dictionary that an `Evaluator` returned. The step and the kind
            of weights are added to it, and its classes get their names.
        generator: The generator, for the grid.
        config: The run's `Config`.
        workdir: `Workdir`.
        step: Integer, the generator's step.
        averaged: Boolean, whether the weights are the moving average.
        sample: Function that `image_function` returned for the generator, or
            None to make one.

    Returns:
        The path of the JSON file.
    """
    protocol = result["protocol"]
    protocol.update(step=step, weights="averaged" if averaged else "raw")
    result["classes"] = _named(result["classes"], workdir.class_names())
    name = _name(result, config)
    usual = name == _name_in_training(step, config)
    result["provenance"]["as_in_training"] = usual
    path = workdir.evaluations / f"{name}.json"
    workdir.evaluations.mkdir(parents=True, exist_ok=True)
    files.write_text(path, json.dumps(result, indent=2) + "\n")
    grid = class_grid(
        sample or image_function(generator),
        config.latent_dim,
        config.num_classes,
    )
    save_png(grid, workdir.evaluations / f"{name}.png")
    if not usual:
        # TensorBoard's curve is that of the evaluations during training.
        return path
    writer = tf.summary.create_file_writer(str(workdir.tensorboard))
    metrics = {f"eval/{k}": v for k, v in result["metrics"].items()}
    tensorboard.write_scalars(writer, step, metrics)
    writer.close()
    return path


def _named(classes, names):
    """Returns distances by the name of the class instead of its number."""
    return {
        kind: {
            names[label] if label < len(names) else str(label): value
            for label, value in distances.items()
        }
        for kind, distances in classes.items()
    }


def _name_in_training(step, config):
    return f"step{step:07d}_{config.eval_images}images"


def _name(result, config):
    """Returns a file name of all that differs from evaluations in training."""
    protocol = result["protocol"]
    fields = result["provenance"]["fields_of_protocol_set"]
    name = f"step{protocol['step']:07d}_{protocol['generated_images']}images"
    kind = config.extractor
    if kind not in ("inception", "classifier"):
        kind = "custom"
    if protocol["extractor_kind"] != kind:
        text = "".join(
            str(protocol[f"extractor_{part}"])
            for part in ("sha256", "outputs", "input_range")
        )
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        name += f"_{protocol['extractor_kind']}{digest}"
    if protocol["preset"]:
        name += f"_{protocol['preset']}"
    elif fields:
        text = json.dumps(fields, sort_keys=True)
        name += f"_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    if protocol["seed"]:
        name += f"_seed{protocol['seed']}"
    if protocol["weights"] == "raw" and config.ema_decay:
        name += "_raw"
    return name


def describe(result):
    """Returns the metrics and the protocol of an evaluation as text."""
    lines = [
        f"  {name.replace('_', ' '):44} {value:.6g}"
        for name, value in result["metrics"].items()
    ]
    for kind in ("worst", "best"):
        values = result["classes"].get(kind)
        if values:
            few = list(values.items())[:3]
            listed = ", ".join(f"{c} ({value:.4g})" for c, value in few)
            lines.append(f"  {kind + ' classes':44} {listed}")
    lines.append("by the protocol:")
    lines += [
        f"  {name.replace('_', ' '):44} {value}"
        for name, value in result["protocol"].items()
    ]
    return "\n".join(["metrics:", *lines])
