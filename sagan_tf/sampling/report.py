"""One HTML file about a generator, readable without a network."""

import base64
import html
import io
import json
import pathlib
import tempfile

import numpy as np
from PIL import Image

from sagan_tf.sampling import attention_maps, curves, interpolation
from sagan_tf.utils import files
from sagan_tf.workdir import Workdir, records

_TRUNCATIONS = (0.2, 0.4, 0.6, 0.8, 1.0, 0.0)
_FRAMES = 12
_IMAGES_WITH_ATTENTION = 4
# More queries than this per side would make the file large.
_MAX_QUERIES = 32
_TEMPLATE = pathlib.Path(__file__).with_name("report.html")


def write_report(sampler, path, seeds, classes):
    """Writes samples, sliders, attention, metrics and training curves.

    Metrics and curves are those of the run that `sampler` draws from.

    Args:
        sampler: `Sampler`.
        path: `pathlib.Path` of the HTML file; its directory is created.
        seeds: List of integers, the columns of the samples.
        classes: List of integers, the rows; empty for an unconditional
            generator.

    Raises:
        ValueError: If the metrics or evaluations of the run are damaged.
    """
    workdir = None if sampler.run is None else sampler.run.workdir
    data = {
        "samples": _samples(sampler, seeds, classes),
        "truncation": [
            {
                "value": f"{value:g}" if value else "none",
                "image": _png(sampler.grid(seeds, classes, value)[0]),
            }
            for value in _TRUNCATIONS
        ],
        "interpolation": _interpolation(sampler, seeds, classes),
        "attention": _attention(sampler, seeds, classes),
    }
    origin = ", ".join(f"{k} {v}" for k, v in sampler.origin.items())
    text = _TEMPLATE.read_text(encoding="utf-8")
    text = text.replace("{{origin}}", html.escape(origin))
    text = text.replace("{{metrics}}", _metrics(workdir))
    text = text.replace("{{curves}}", _curves(workdir))
    # `</` could end the script that holds the data.
    text = text.replace("{{data}}", json.dumps(data).replace("</", "<\\/"))
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(path, text)


def _samples(sampler, seeds, classes):
    _, images = sampler.grid(seeds, classes)
    rows = []
    for index, label in enumerate(classes or [None]):
        part = images[index * len(seeds) : (index + 1) * len(seeds)]
        rows.append(
            {
                "class": _class_name(sampler, label),
                "images": [
                    {"seed": seed, "image": _png(image)}
                    for seed, image in zip(seeds, part, strict=True)
                ],
            }
        )
    return rows


def _class_name(sampler, label):
    """Returns what a row is called: number, name, or both."""
    if label is None or not sampler.class_names:
        return label
    name = sampler.class_names[label]
    return name if name == str(label) else f"{label}: {name}"


def _interpolation(sampler, seeds, classes):
    if len(seeds) < 2:
        return []
    strips = interpolation.between_latents(sampler, seeds[:3], classes, _FRAMES)
    return [_png(frame) for frame in interpolation.animation(strips)]


def _attention(sampler, seeds, classes):
    if not sampler.has_attention:
        return []
    latents = sampler.latents(seeds[:_IMAGES_WITH_ATTENTION])
    labels = np.resize(classes or [0], len(latents))
    images = sampler.images(latents, labels)
    found = []
    for name, (scores, grid) in sampler.attention(latents, labels).items():
        keys = scores.shape[-1]
        stride = -(-max(grid) // _MAX_QUERIES)
        for image, rows in zip(images, scores, strict=True):
            rows = rows.reshape(*grid, keys)[::stride, ::stride]
            relative = rows / rows.max(-1, keepdims=True)
            encoded = base64.b64encode((255 * relative).astype(np.uint8))
            key_grid = attention_maps.key_grid(grid, keys)
            found.append(
                {
                    "layer": name,
                    "image": _png(image),
                    "queries": list(rows.shape[:2]),
                    "keys": [int(side) for side in key_grid],
                    "scores": encoded.decode(),
                }
            )
    return found


def _metrics(workdir):
    if workdir is None:
        return "<p>The metrics are in the directory of the run.</p>"
    results = records.training_evaluations(workdir)
    if not results:
        return "<p>Not evaluated yet: run eval.py.</p>"
    last = results[-1]
    return _table("metrics", last.metrics) + _table("protocol", last.protocol)


def _table(caption, values):
    rows = "".join(
        f"<tr><th>{html.escape(name.replace('_', ' '))}</th>"
        f"<td>{html.escape(_shown(value))}</td></tr>"
        for name, value in values.items()
    )
    return f"<table><caption>{caption}</caption>{rows}</table>"


def _shown(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _curves(workdir):
    if workdir is None:
        return "<p>The training curves are in the directory of the run.</p>"
    if not Workdir(workdir).metrics.is_file():
        return "<p>No training curves: the run has no metrics.</p>"
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "curves.png"
        curves.plot(workdir, path)
        source = _data_url(path.read_bytes())
    return f'<img class="wide" alt="training curves" src="{source}">'


def _png(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return _data_url(buffer.getvalue())


def _data_url(png):
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
