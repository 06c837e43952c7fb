"""The files that `sagan-sample` writes."""

import math
import pathlib

import numpy as np

from sagan_tf.images import image_grid, save_gif, save_png, shown_classes
from sagan_tf.sampling import attention_maps, interpolation
from sagan_tf.sampling.nearest import nearest_images
from sagan_tf.sampling.report import write_report
from sagan_tf.sampling.request import parse_classes
from sagan_tf.utils.progress import progress_bar

_MAX_IMAGES_WITH_ATTENTION = 8


def write_outputs(sampler, request):
    """Writes images, figures, animations and the report of a generator.

    Args:
        sampler: `Sampler`.
        request: `Request`.

    Returns:
        List of the paths written.

    Raises:
        ValueError: If the sampler cannot draw what is requested.
    """
    job = _Job(sampler, request)
    paths = []
    if request.report is not None:
        path = pathlib.Path(request.report) / "report.html"
        write_report(sampler, path, request.seeds, job.classes)
        paths.append(path)
    if request.output is not None:
        for name, function in OUTPUTS.items():
            if name in request.draw:
                paths += function(job)
    return [str(path) for path in paths]


class _Job:
    """A `Request` to a `Sampler`, checked."""

    def __init__(self, sampler, request):
        self.sampler = sampler
        self.request = request
        self.output = pathlib.Path(request.output or ".")
        self.seeds = request.seeds
        self.classes = _classes(
            request, sampler.num_classes, sampler.class_names
        )
        self.truncation = request.truncation or 0.0
        self._check()

    def _check(self):
        sampler, request = self.sampler, self.request
        for name in request.draw:
            if name not in OUTPUTS:
                raise ValueError(
                    f"`draw` must be names among {tuple(OUTPUTS)}. "
                    f"Received: {name!r}"
                )
        for name in ("nearest", "discriminator_attention"):
            if name in request.draw and sampler.run is None:
                raise ValueError(
                    f"`{name}` needs `workdir`: a SavedModel has neither the "
                    "data nor the discriminator"
                )
        if "between_classes" in request.draw and sampler.generator is None:
            raise ValueError(
                "Images between classes need `workdir`: a SavedModel draws "
                "only the classes that it was trained on"
            )
        for name, ends in (("latents", "seeds"), ("classes", "classes")):
            values = getattr(self, ends)
            if f"between_{name}" in request.draw and len(values) < 2:
                raise ValueError(
                    f"`{ends}` must be at least two to interpolate between "
                    f"them. Received: {ends}={','.join(map(str, values))}"
                )

    def save(self, image, name, **metadata):
        """Writes a PNG file that names its origin; returns its path."""
        path = self.output / f"{name}.png"
        origin = self.sampler.origin
        truncation = self.truncation or "none"
        save_png(image, path, **origin, truncation=truncation, **metadata)
        return path

    def interpolate(self, draw, name):
        """Writes what `draw` interpolates, as a PNG file and an animation."""
        strips = draw(
            self.sampler,
            self.seeds,
            self.classes,
            self.request.frames,
            self.truncation,
        )
        image = image_grid(np.concatenate(strips), len(strips[0]))
        path = self.output / f"{name}.gif"
        save_gif(interpolation.animation(strips), path)
        return [self.save(image, name), path]

    def save_attention(self, name, images, scores, grid, queries=None):
        """Writes a figure and its arrays."""
        path = self.output / f"{name}.png"
        points = attention_maps.parse_queries(queries, images.shape[1:3], grid)
        self.output.mkdir(parents=True, exist_ok=True)
        attention_maps.attention_figure(images, scores, grid, path, points)
        return [path, path.with_suffix(".npz")]

    def grid(self):
        """Draws every seed in every class, as `Sampler.grid`."""
        count = len(self.seeds) * max(1, len(self.classes))
        progress = progress_bar("images", count)
        return self.sampler.grid(
            self.seeds, self.classes, self.truncation, progress
        )


def _classes(request, count, names):
    """Returns the classes whose images are drawn; [] if there are none."""
    if count is None:
        if request.classes is not None:
            raise ValueError(
                "`classes` must be left out: the generator has no classes. "
                f"Received: classes={request.classes}"
            )
        return []
    if request.classes is None:
        return shown_classes(count)
    classes = parse_classes(request.classes, names)
    if max(classes) >= count:
        raise ValueError(
            f"`classes` must be below {count}, the number of classes of the "
            f"generator. Received: {max(classes)}"
        )
    return classes


def _images(job):
    _, images = job.grid()
    paths = []
    for index, image in enumerate(images):
        row, column = divmod(index, len(job.seeds))
        seed = job.seeds[column]
        name, metadata = f"seed{seed:04d}", {"seed": seed}
        if job.classes:
            label = job.classes[row]
            name = f"class{label:04d}_{name}"
            metadata["class"] = label
            if job.sampler.class_names:
                metadata["class_name"] = job.sampler.class_names[label]
        paths.append(job.save(image, name, **metadata))
    return paths


def _grid(job):
    image, _ = job.grid()
    seeds, classes = (
        ",".join(map(str, values)) for values in (job.seeds, job.classes)
    )
    return [job.save(image, "grid", seeds=seeds, classes=classes)]


def _contact_sheet(job):
    seed, count = job.seeds[0], job.sampler.num_classes or 1
    latents = job.sampler.latents([seed], job.truncation)
    images = job.sampler.images(np.repeat(latents, count, 0), np.arange(count))
    image = image_grid(images, math.ceil(math.sqrt(count)))
    return [job.save(image, "contact_sheet", seed=seed)]


def _between_latents(job):
    return job.interpolate(interpolation.between_latents, "between_latents")


def _between_classes(job):
    return job.interpolate(interpolation.between_classes, "between_classes")


def _attention(job):
    latents = job.sampler.latents(job.seeds, job.truncation)
    labels = None
    if job.classes:
        # Seeds and classes are paired; the shorter list starts over.
        count = max(len(job.classes), len(job.seeds))
        labels = np.resize(job.classes, count)[:_MAX_IMAGES_WITH_ATTENTION]
        latents = np.resize(latents, (count, job.sampler.latent_dim))
    latents = latents[:_MAX_IMAGES_WITH_ATTENTION]
    images = job.sampler.images(latents, labels)
    paths = []
    found = job.sampler.attention(latents, labels)
    for name, (scores, grid) in found.items():
        paths += job.save_attention(
            name, images, scores, grid, job.request.queries
        )
    return paths


def _discriminator_attention(job):
    images, found = attention_maps.discriminator_attention(
        job.sampler.run, _MAX_IMAGES_WITH_ATTENTION
    )
    paths = []
    for name, (scores, grid) in found.items():
        name = f"discriminator_{name}"
        paths += job.save_attention(name, images, scores, grid)
    return paths


def _nearest(job):
    _, images = job.grid()
    config, inception = job.sampler.run.config, job.request.inception
    found, _ = nearest_images(images, config, inception=inception)
    # The generated image first, apart from the real images.
    gap = np.full((len(images), *images.shape[1:]), 255, np.uint8)
    rows = np.concatenate([images[:, None], gap[:, None], found], axis=1)
    image = image_grid(rows.reshape(-1, *images.shape[1:]), rows.shape[1])
    return [job.save(image, "nearest")]


# Each function writes files and returns a list of their paths.
OUTPUTS = {
    "images": _images,
    "grid": _grid,
    "contact_sheet": _contact_sheet,
    "between_latents": _between_latents,
    "between_classes": _between_classes,
    "attention": _attention,
    "discriminator_attention": _discriminator_attention,
    "nearest": _nearest,
}
