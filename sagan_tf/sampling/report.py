"""One HTML file to look at, without a network."""

import base64
import html
import io
import json
import pathlib
import tempfile

import numpy as np
from PIL import Image

from sagan_tf.sampling import curves, pictures
from sagan_tf.utils import files
from sagan_tf.workdir import Workdir

_TRUNCATIONS = (0.2, 0.4, 0.6, 0.8, 1.0, 0.0)
_FRAMES = 12
_HOVERED = 4
# More queries than these a side would make the file large.
_MOST_QUERIES = 32
_TEMPLATE = pathlib.Path(__file__).with_name("report.html")


def write_report(sampler, path, seeds, classes, workdir=None):
    """Writes `report.html`: samples, sliders, attention, metrics, curves.

    Args:
        sampler: `Sampler`.
        path: `pathlib.Path` of the file to write; its folder is made.
        seeds: List of integers, the columns of the samples.
        classes: List of integers, the rows; empty for none.
        workdir: Directory of the run, for its metrics and curves, or None.
    """
    latents = sampler.latents(seeds[:_HOVERED])
    labels = np.resize(classes or [0], len(latents))
    images = sampler.images(latents, labels)
    data = {
        "samples": _samples(sampler, seeds, classes),
        "truncation": [
            {
                "value": f"{value:g}" if value else "none",
                "image": _png(
                    pictures.grid_of(sampler, seeds, classes, value)[0]
                ),
            }
            for value in _TRUNCATIONS
        ],
        "interpolation": _interpolation(sampler, seeds, classes),
        "attention": _attention(sampler, images, latents, labels),
    }
    text = _TEMPLATE.read_text(encoding="utf-8")
    text = text.replace("{{origin}}", html.escape(_described(sampler)))
    text = text.replace("{{metrics}}", _metrics(workdir))
    text = text.replace("{{curves}}", _curves(workdir))
    # In a script, `</` could end it.
    text = text.replace("{{data}}", json.dumps(data).replace("</", "<\\/"))
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_text(path, text)


def _described(sampler):
    return ", ".join(f"{key} {value}" for key, value in sampler.origin.items())


def _samples(sampler, seeds, classes):
    _, images = pictures.grid_of(sampler, seeds, classes)
    rows = []
    for index, label in enumerate(classes or [None]):
        part = images[index * len(seeds) : (index + 1) * len(seeds)]
        rows.append(
            {
                "class": label,
                "images": [
                    {"seed": seed, "image": _png(image)}
                    for seed, image in zip(seeds, part, strict=True)
                ],
            }
        )
    return rows


def _interpolation(sampler, seeds, classes):
    if len(seeds) < 2:
        return []
    rows = [
        pictures.between_latents(sampler, seeds[:3], label, _FRAMES)
        for label in classes or [None]
    ]
    return [
        _png(pictures.arrange(np.stack(column), min(len(rows), 5)))
        for column in zip(*rows, strict=True)
    ]


def _attention(sampler, images, latents, labels):
    if not sampler.has_attention:
        return []
    found = []
    for name, (scores, grid) in sampler.attention(latents, labels).items():
        stride = -(-max(grid) // _MOST_QUERIES)
        keys = scores.shape[-1]
        side = round(np.sqrt(grid[0] * grid[1] / keys))
        for image, rows in zip(images, scores, strict=True):
            rows = rows.reshape(*grid, keys)[::stride, ::stride]
            shares = rows / rows.max(-1, keepdims=True)
            found.append(
                {
                    "layer": name,
                    "image": _png(image),
                    "queries": list(rows.shape[:2]),
                    "keys": [grid[0] // side, grid[1] // side],
                    "scores": base64.b64encode(
                        (255 * shares).astype(np.uint8).tobytes()
                    ).decode(),
                }
            )
    return json.loads(json.dumps(found, default=int))


def _metrics(workdir):
    if workdir is None:
        return "<p>Metrics and curves are in the run's directory.</p>"
    results = curves.read_evaluations(workdir)
    if not results:
        return "<p>Not evaluated yet: run eval.py.</p>"
    last = results[-1]
    tables = []
    for part in ("metrics", "protocol"):
        rows = "".join(
            f"<tr><th>{html.escape(name.replace('_', ' '))}</th>"
            f"<td>{html.escape(_shown(value))}</td></tr>"
            for name, value in last[part].items()
        )
        tables.append(f"<table><caption>{part}</caption>{rows}</table>")
    return "".join(tables)


def _shown(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _curves(workdir):
    if workdir is None:
        return ""
    if not Workdir(workdir).metrics.is_file():
        return "<p>No training curves: the run has no metrics.</p>"
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "curves.png"
        curves.plot(workdir, path)
        picture = base64.b64encode(path.read_bytes()).decode()
    return (
        '<img class="wide" alt="training curves" '
        f'src="data:image/png;base64,{picture}">'
    )


def _png(image):
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    picture = base64.b64encode(buffer.getvalue()).decode()
    return f"data:image/png;base64,{picture}"
