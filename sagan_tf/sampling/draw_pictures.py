"""What `sagan-sample` does."""

import math
import pathlib
import re

import numpy as np

from sagan_tf.images import save_png
from sagan_tf.sampling import pictures
from sagan_tf.sampling.attention_maps import attention_figure
from sagan_tf.sampling.nearest import nearest_images
from sagan_tf.sampling.report import write_report
from sagan_tf.sampling.sampler import Sampler, discriminator_attention
from sagan_tf.utils.progress import progress_bar
from sagan_tf.workdir import Workdir

_CLASSES_SHOWN = 10
_IMAGES_WITH_ATTENTION = 8


def sample(
    output=None,
    workdir=None,
    saved_model=None,
    seeds="0-7",
    classes=None,
    truncation=None,
    grid=False,
    contact_sheet=False,
    interpolate=None,
    frames=8,
    attention=False,
    queries=None,
    discriminator=False,
    nearest=False,
    report=None,
    inception=None,
    step=None,
    best=False,
    averaged=None,
):
    """Writes pictures of a generator.

    Args:
        output: Directory to write to; files of the same names are replaced.
            None: nothing but the report.
        workdir: Directory of a run, or None.
        saved_model: SavedModel that `export_generator` wrote, or None.
        seeds: String of numbers and ranges, "0-7,9".
        classes: The same of classes; None: all, at most ten of them, evenly
            spaced.
        truncation: Positive float, as in `draw`, or None.
        grid, contact_sheet, attention, nearest: Booleans, what to write;
            without any, and without `interpolate`, single pictures.
        interpolate: "latents", "classes" or None.
        frames: Integer, images from one to the next of these.
        queries: List of "x,y" in pixels, or None.
        discriminator: Boolean, whether `attention` is also that of the
            discriminator, on real images.
        nearest: Boolean, whether to write the nearest real images too.
        report: Directory to write `report.html` to, or None.
        inception: Path of a local Inception SavedModel, for `nearest`.
        step, best, averaged: As in `load_generator`.

    Returns:
        List of the paths written.

    Raises:
        ValueError: If an argument is not as above.
    """
    if (workdir is None) == (saved_model is None):
        raise ValueError("Give either `workdir` or `saved_model`")
    if truncation is not None and not 0 < truncation < math.inf:
        raise ValueError(
            "`truncation` must be positive and finite. "
            f"Received: truncation={truncation}"
        )
    if output is None and report is None:
        raise ValueError("Give `output`, a directory to write to, or `report`")
    if workdir is None and nearest:
        raise ValueError(
            "`nearest` needs `workdir`, for the data that the generator was "
            "trained on"
        )
    if workdir is None and attention and discriminator:
        raise ValueError("`discriminator` needs `workdir`")
    seeds = numbers("seeds", seeds)
    for name, path in (("output", output), ("report", report)):
        path = pathlib.Path(path or ".")
        if path.exists() and not path.is_dir():
            raise ValueError(f"`{name}` {path} is not a directory")
    if workdir is not None:
        sampler = Sampler.of_workdir(workdir, step, best, averaged)
    else:
        sampler = Sampler.of_saved_model(saved_model)
    classes = _classes(classes, sampler.num_classes)
    ends = {"latents": ("seeds", seeds), "classes": ("classes", classes)}
    if interpolate is not None and len(ends[interpolate][1]) < 2:
        name, values = ends[interpolate]
        raise ValueError(
            f"`{name}` must be at least two to draw what is between them. "
            f"Received: {name}={','.join(map(str, values))}"
        )
    reported, paths = [], []
    if report is not None:
        path = pathlib.Path(report) / "report.html"
        write_report(sampler, path, seeds, classes, workdir)
        reported.append(str(path))
    if output is None:
        return reported
    output = pathlib.Path(output)
    job = _Job(sampler, output, seeds, classes, truncation or 0.0)
    if grid:
        paths += job.grid()
    if contact_sheet:
        paths += job.contact_sheet()
    if interpolate == "latents":
        paths += job.interpolate_latents(frames)
    if interpolate == "classes":
        paths += job.interpolate_classes(frames)
    if attention:
        paths += job.attention(queries)
        if discriminator:
            paths += job.attention_of_discriminator(workdir, step, best)
    if nearest:
        config = Workdir(workdir).read_config()
        paths += job.nearest(config, inception)
    if not paths:
        paths = job.single()
    return [*reported, *map(str, paths)]


def numbers(name, text):
    """Returns the numbers of a string such as "0-3,7".

    Raises:
        ValueError: If it is not like that.
    """
    found = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,18})(?:-(\d{1,18}))?\s*", part)
        first, last = (
            (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        )
        if last < first or last - first >= 1_000_000:
            raise ValueError(
                f"`{name}` must be numbers and ranges, such as 0-7 or 3,5,9-12"
                f". Received: {name}={text}"
            )
        found += range(first, last + 1)
    return found


def _classes(classes, count):
    if not count:
        if classes is not None:
            raise ValueError(
                "`classes` must be left out: the generator has none. "
                f"Received: classes={classes}"
            )
        return []
    if classes is None:
        shown = np.linspace(0, count - 1, min(count, _CLASSES_SHOWN)).round()
        return [int(label) for label in shown]
    found = numbers("classes", classes)
    if max(found) >= count:
        raise ValueError(
            f"`classes` must be below {count}, as many as the generator has. "
            f"Received: classes={classes}"
        )
    return found


class _Job:
    """The pictures of one call."""

    def __init__(self, sampler, output, seeds, classes, truncation):
        self.sampler = sampler
        self.output = output
        self.seeds = seeds
        self.classes = classes
        self.truncation = truncation
        self.metadata = {**sampler.origin, "truncation": truncation or "none"}

    def _save(self, image, name, **metadata):
        path = self.output / f"{name}.png"
        save_png(image, path, **self.metadata, **metadata)
        return path

    def single(self):
        _, images = self._grid()
        paths = []
        for index, image in enumerate(images):
            row, column = divmod(index, len(self.seeds))
            seed = self.seeds[column]
            name, metadata = f"seed{seed:04d}", {"seed": seed}
            if self.classes:
                label = self.classes[row]
                name = f"class{label:04d}_{name}"
                metadata["class"] = label
            paths.append(self._save(image, name, **metadata))
        return paths

    def _grid(self):
        count = len(self.seeds) * max(1, len(self.classes))
        return pictures.grid_of(
            self.sampler,
            self.seeds,
            self.classes,
            self.truncation,
            progress_bar("pictures", count),
        )

    def grid(self):
        image, _ = self._grid()
        seeds, classes = (
            ",".join(map(str, values)) for values in (self.seeds, self.classes)
        )
        return [self._save(image, "grid", seeds=seeds, classes=classes)]

    def contact_sheet(self):
        seed = self.seeds[0]
        count = max(1, self.sampler.num_classes)
        latents = np.repeat(
            self.sampler.latents([seed], self.truncation), count, axis=0
        )
        images = self.sampler.images(latents, np.arange(count))
        columns = int(np.ceil(np.sqrt(count)))
        image = pictures.arrange(images, columns)
        return [self._save(image, "contact_sheet", seed=seed)]

    def interpolate_latents(self, frames):
        rows = [
            pictures.between_latents(
                self.sampler, self.seeds, label, frames, self.truncation
            )
            for label in self.classes or [None]
        ]
        return self._strips(rows, "between_latents")

    def interpolate_classes(self, frames):
        rows = self.sampler.between_classes(
            self.sampler.latents(self.seeds, self.truncation),
            self.classes,
            frames,
        )
        return self._strips(rows, "between_classes")

    def _strips(self, rows, name):
        images = np.concatenate(rows)
        strip = self._save(pictures.arrange(images, len(rows[0])), name)
        # All rows move together in the animation.
        frames = [
            pictures.arrange(np.stack(column), min(len(rows), 5))
            for column in zip(*rows, strict=True)
        ]
        path = self.output / f"{name}.gif"
        pictures.save_gif(frames, path)
        return [strip, path]

    def nearest(self, config, inception):
        _, images = self._grid()
        found, _ = nearest_images(images, config, inception=inception)
        # The generated one first, apart from the real ones.
        gap = np.full((len(images), *images.shape[1:]), 255, np.uint8)
        rows = np.concatenate([images[:, None], gap[:, None], found], axis=1)
        picture = pictures.arrange(
            rows.reshape(-1, *images.shape[1:]), rows.shape[1]
        )
        return [self._save(picture, "nearest")]

    def attention(self, queries):
        latents = self.sampler.latents(self.seeds, self.truncation)
        labels = None
        if self.classes:
            count = max(len(self.classes), len(self.seeds))
            labels = np.resize(self.classes, count)
            latents = np.resize(latents, (count, self.sampler.latent_dim))
            labels = labels[:_IMAGES_WITH_ATTENTION]
        latents = latents[:_IMAGES_WITH_ATTENTION]
        images = self.sampler.images(latents, labels)
        paths = []
        for name, (scores, shape) in self.sampler.attention(
            latents, labels
        ).items():
            path = self.output / f"{name}.png"
            points = _points(queries, images.shape[1:3], shape)
            self.output.mkdir(parents=True, exist_ok=True)
            attention_figure(images, scores, shape, path, points)
            paths += [path, path.with_suffix(".npz")]
        return paths

    def attention_of_discriminator(self, workdir, step, best):
        images, attention = discriminator_attention(
            workdir, _IMAGES_WITH_ATTENTION, step, best
        )
        paths = []
        for name, (scores, shape) in attention.items():
            path = self.output / f"discriminator_{name}.png"
            attention_figure(images, scores, shape, path)
            paths += [path, path.with_suffix(".npz")]
        return paths


def _points(queries, size, grid):
    """Returns queries in pixels as places in the grid; None for none."""
    points = []
    for query in queries or []:
        match = re.fullmatch(r"(\d+),(\d+)", query)
        x, y = (int(match[1]), int(match[2])) if match else (-1, -1)
        if not (0 <= x < size[1] and 0 <= y < size[0]):
            raise ValueError(
                f"`query` must be x,y in a picture of {size[1]}x{size[0]} "
                f"pixels. Received: query={query}"
            )
        points.append((y * grid[0] // size[0], x * grid[1] // size[1]))
    return points or None
