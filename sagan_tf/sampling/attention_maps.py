"""Attention maps, as in the paper's figures."""

import re

import numpy as np
import tensorflow as tf

from sagan_tf import data
from sagan_tf.export.baking import bake
from sagan_tf.images import to_float
from sagan_tf.utils import files
from sagan_tf.workdir import load_discriminator

# Colours of the query points and of the frames of their maps.
COLOURS = ("#e6194b", "#ffe119", "#3cb44b", "#00b4ff", "#f032e6")


def query_points(image, grid, count=4):
    """Chooses query points that lie on edges of the image and far apart.

    Args:
        image: uint8 (height, width, 3).
        grid: (rows, columns) of the queries.
        count: Integer, number of points.

    Returns:
        List of (row, column) in the grid.
    """
    edges = tf.image.sobel_edges(tf.cast(image[None], tf.float32))
    strength = tf.reduce_sum(tf.abs(edges), axis=(-1, -2))[..., None]
    strength = tf.image.resize(strength, grid, "area").numpy()[0, ..., 0]
    strength = strength / max(strength.max(), 1e-6) + 0.1
    places = np.stack(np.indices(grid), -1)
    chosen = [np.unravel_index(np.argmax(strength), grid)]
    while len(chosen) < count:
        distances = np.min(
            [np.linalg.norm(places - place, axis=-1) for place in chosen],
            axis=0,
        )
        chosen.append(np.unravel_index(np.argmax(strength * distances), grid))
    return [tuple(int(n) for n in place) for place in chosen]


def parse_queries(queries, size, grid):
    """Converts query points from pixels to places in the query grid.

    Args:
        queries: List of strings "x,y" in pixels, or None.
        size: (height, width) of the image.
        grid: (rows, columns) of the queries.

    Returns:
        List of (row, column) in the grid, or None if there are no queries.

    Raises:
        ValueError: If a query is not a pixel of the image.
    """
    points = []
    for query in queries or []:
        match = re.fullmatch(r"(\d+),(\d+)", query)
        x, y = (int(match[1]), int(match[2])) if match else (-1, -1)
        if not (0 <= x < size[1] and 0 <= y < size[0]):
            raise ValueError(
                f"`query` must be x,y in an image of {size[1]}x{size[0]} "
                f"pixels. Received: query={query}"
            )
        points.append((y * grid[0] // size[0], x * grid[1] // size[1]))
    return points or None


def attention_map(scores, point, grid, size):
    """Returns how much a query attends to each pixel of the image.

    Args:
        scores: Float array (queries, keys) of one image.
        point: (row, column) of the query in the grid.
        grid: (rows, columns) of the queries.
        size: (height, width) of the image.

    Returns:
        Float array (height, width) in [0, 1], upsampled bilinearly.
    """
    row = scores[point[0] * grid[1] + point[1]]
    rows, columns = key_grid(grid, len(row))
    image = tf.image.resize(row.reshape(rows, columns, 1), size)
    image = image.numpy()[..., 0]
    return image / max(image.max(), 1e-12)


def key_grid(grid, keys):
    """Returns (rows, columns) of the keys.

    The keys lie at the positions of the queries, or at their 2x2 pools.

    Args:
        grid: (rows, columns) of the queries.
        keys: Integer, number of keys.
    """
    stride = round(np.sqrt(grid[0] * grid[1] / keys))
    return grid[0] // stride, grid[1] // stride


def attention_figure(images, scores, grid, path, points=None, arrays=True):
    """Draws images, their query points, and what each point attends to.

    The figure has a row for each image: first the image with its points, then
    for each point, in a frame of the point's colour, the image darkened at
    the pixels to which the point attends little.

    Args:
        images: uint8 (count, height, width, 3).
        scores: Float array (count, queries, keys) of one layer.
        grid: (rows, columns) of the queries.
        path: PNG file to write.
        points: List of (row, column) in the grid, the same for all images, or
            None: four points are chosen for each image.
        arrays: Boolean, whether to write the arrays too, beside the PNG file
            as `.npz`.

    Returns:
        The points of each image, a list of lists.

    Reference:
        - Zhang et al., https://arxiv.org/abs/1805.08318, figures 1 and 5.
    """
    from matplotlib.figure import Figure

    size = images.shape[1:3]
    chosen = [points or query_points(image, grid) for image in images]
    columns = 1 + len(chosen[0])
    figure = Figure(
        figsize=(1.6 * columns, 1.6 * len(images)), layout="constrained"
    )
    axes = figure.subplots(len(images), columns, squeeze=False)
    maps = np.zeros((len(images), columns - 1, *size), np.float32)
    for row, (image, marked) in enumerate(zip(images, chosen, strict=True)):
        axes[row][0].imshow(image)
        for column, point in enumerate(marked):
            colour = COLOURS[column % len(COLOURS)]
            # The middle of the query's cell.
            place = (np.array(point) + 0.5) * size / np.array(grid) - 0.5
            axes[row][0].plot(
                place[1], place[0], "o", color=colour, markeredgecolor="white"
            )
            heat = attention_map(scores[row], point, grid, size)
            maps[row, column] = heat
            shown = image / 255 * (0.25 + 0.75 * heat[..., None])
            axes[row][column + 1].imshow(shown)
            for spine in axes[row][column + 1].spines.values():
                spine.set(color=colour, linewidth=3)
    for axis in figure.axes:
        axis.set(xticks=[], yticks=[])
    with files.replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)
    if arrays:
        np.savez_compressed(
            f"{str(path).removesuffix('.png')}.npz",
            images=images,
            scores=scores,
            query_grid=grid,
            points=chosen,
            maps=maps,
        )
    return chosen


def discriminator_attention(run, count):
    """Computes what a run's discriminator attends to in real images.

    Args:
        run: `Run` whose data set is available.
        count: Integer, number of images, evenly spaced over the data set.

    Returns:
        uint8 images, and a dictionary as `Sampler.attention` returns.
    """
    config = run.config
    discriminator, _ = load_discriminator(run.workdir, run.step, run.best)
    _, attend = bake(discriminator)
    source = data.open_configured(config)
    dataset = data.ordered_dataset(
        data.spaced_source(source, count), config.image_size, count
    )
    images, labels, _ = next(iter(dataset))
    inputs = to_float(images)
    if len(discriminator.inputs) > 1:
        inputs = [inputs, labels]
    outputs = attend(inputs, training=False)
    found = {}
    for name, scores in outputs.items():
        if name != "outputs":
            grid = discriminator.get_layer(name).output.shape[1:3]
            found[name] = (scores.numpy(), grid)
    return images.numpy(), found
