"""Attention maps, as in the paper's figures."""

import numpy as np
import tensorflow as tf

from sagan_tf.utils import files

# Of the query points and the frames of their maps.
COLOURS = ("#e6194b", "#ffe119", "#3cb44b", "#00b4ff", "#f032e6")


def query_points(image, grid, count=4):
    """Chooses query points: where the image has edges, and far apart.

    Args:
        image: uint8 (height, width, 3).
        grid: (rows, columns) of the queries.
        count: Integer, how many.

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


def attention_map(scores, point, grid, size):
    """Returns what a query attends to, over the image.

    Args:
        scores: (queries, keys) of one image.
        point: (row, column) of the query in the grid.
        grid: (rows, columns) of the queries.
        size: (height, width) of the image.

    Returns:
        Float array (height, width) in [0, 1], bilinearly upsampled.
    """
    row = scores[point[0] * grid[1] + point[1]]
    # Keys are the queries' positions, or their 2x2 pools.
    stride = round(np.sqrt(grid[0] * grid[1] / len(row)))
    keys = row.reshape(grid[0] // stride, grid[1] // stride, 1)
    image = tf.image.resize(keys, size).numpy()[..., 0]
    return image / max(image.max(), 1e-12)


def attention_figure(images, scores, grid, path, points=None, arrays=True):
    """Draws images, each with its query points and what they attend to.

    A row for each image: the image with its points, then for each point, in a
    frame of its colour, the image darkened where the point attends little.

    Args:
        images: uint8 (count, height, width, 3).
        scores: (count, queries, keys) of one layer.
        grid: (rows, columns) of the queries.
        path: PNG to write.
        points: List of (row, column) in the grid, the same for all images;
            None: chosen for each.
        arrays: Boolean, whether the arrays are written too, as `.npz`.

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
