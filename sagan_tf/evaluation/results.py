"""Evaluations on disk: written, described, compared."""

import hashlib
import json

import tensorflow as tf

from sagan_tf.images import class_grid, image_function, save_png
from sagan_tf.utils import files
from sagan_tf.workdir import tensorboard

# What may differ between two evaluations that are compared.
_NOT_COMPARED = (
    "step",
    "seed",
    # A name for the fields beside it, and a path.
    "preset",
    "extractor",
)


def record(result, generator, config, workdir, step, averaged, sample=None):
    """Writes an evaluation into a workdir: JSON, grid, TensorBoard scalars.

    Args:
        result: What an `Evaluator` returned; step and weights are added.
        generator: The generator, for the grid.
        config: The run's `Config`.
        workdir: `Workdir`.
        step: Integer, the generator's step.
        averaged: Boolean, whether it is the averaged generator.
        sample: What `sampler` returns, of the generator, or None
            to make one.

    Returns:
        The path of the JSON.
    """
    protocol = result["protocol"]
    protocol.update(step=step, weights="averaged" if averaged else "raw")
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
        # Other protocols have no place on the curve of training.
        return path
    writer = tf.summary.create_file_writer(str(workdir.tensorboard))
    metrics = {f"eval/{k}": v for k, v in result["metrics"].items()}
    tensorboard.write_scalars(writer, step, metrics)
    writer.close()
    return path


def _name_in_training(step, config):
    return f"step{step:07d}_{config.eval_images}images"


def _name(result, config):
    """Names the file by what differs from an evaluation in training."""
    protocol = result["protocol"]
    fields = result["provenance"]["fields_of_protocol_set"]
    name = f"step{protocol['step']:07d}_{protocol['generated_images']}images"
    if protocol["extractor_kind"] != config.extractor:
        text = f"{protocol['extractor_sha256']}{protocol['extractor_outputs']}"
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
    """Returns an evaluation as lines: metrics, protocol, warnings."""
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


def read(path):
    """Reads the JSON of an evaluation.

    Raises:
        ValueError: If there is none at `path`.
    """
    try:
        result = files.read_json(path)
        if not isinstance(result, dict) or not all(
            isinstance(result.get(name), dict)
            for name in ("metrics", "protocol")
        ):
            raise ValueError("it lacks metrics or protocol")
        metrics = result["metrics"]
        for name in metrics:
            metrics[name] = float(metrics[name])
    except (OSError, ValueError, TypeError, OverflowError) as error:
        raise ValueError(f"{path} is not an evaluation ({error})") from None
    return result


def compare(first, second):
    """Compares two evaluations of one protocol.

    Args:
        first, second: Paths of JSON files that `record` wrote.

    Returns:
        A table as a string.

    Raises:
        ValueError: If a file is none, or the protocols differ; the fields
            are named.
    """
    results = [read(path) for path in (first, second)]
    protocols = [result["protocol"] for result in results]
    fields = dict.fromkeys([*protocols[0], *protocols[1]])
    differing = [
        f"{field}: {protocols[0].get(field)!r} and {protocols[1].get(field)!r}"
        for field in fields
        if field not in _NOT_COMPARED
        and protocols[0].get(field) != protocols[1].get(field)
    ]
    if differing:
        raise ValueError(
            f"{first} and {second} are of different protocols, so their "
            f"numbers cannot be compared ({'; '.join(differing)})"
        )
    lines = [f"{'':44} {'first':>12} {'second':>12} {'difference':>12}"]
    for name, value in results[0]["metrics"].items():
        other = results[1]["metrics"].get(name)
        if other is not None:
            lines.append(
                f"{name.replace('_', ' '):44} {value:12.6g} {other:12.6g} "
                f"{other - value:12.6g}"
            )
    return "\n".join(lines)
