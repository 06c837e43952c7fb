"""Generated images of each class beside real ones, as one labelled picture."""

import collections

import numpy as np

from sagan_tf import data
from sagan_tf.images import image_grid, shown_classes
from sagan_tf.utils import files

COLUMNS = 12
# Read this many real images for each one that is shown, so that most classes
# have enough among them.
_READ_PER_SHOWN = 10


def real_images(config, columns=COLUMNS):
    """Reads real images of each class that a grid shows.

    Args:
        config: `Config` of a run with classes.
        columns: Integer, images of each class.

    Returns:
        uint8 array (rows, columns, height, width, 3), a row for each of
        `images.shown_classes`, evenly spaced over the data. Where a class has
        fewer, the end of its row is white.
    """
    classes = shown_classes(config.num_classes)
    source = data.open_configured(config)
    wanted = config.num_classes * columns * _READ_PER_SHOWN
    found = collections.defaultdict(list)
    dataset = data.ordered_dataset(
        data.spaced_source(source, wanted), config.image_size
    )
    for image, label, _ in dataset:
        found[int(label)].append(image.numpy())
    size = config.image_size
    rows = np.full((len(classes), columns, size, size, 3), 255, np.uint8)
    for row, label in zip(rows, classes, strict=True):
        images = found[label]
        step = max(1, len(images) // columns)
        for place, image in zip(row, images[::step], strict=False):
            place[:] = image
    return rows


def figure_beside_real(generated, real, names, path):
    """Draws generated images on the left and real ones on the right.

    Args:
        generated, real: uint8 arrays (rows, columns, height, width, 3).
        names: Names of the classes, one for each row.
        path: PNG file to write.
    """
    # Imported here, because few users plot. Needs no display.
    from matplotlib.figure import Figure

    rows, columns, height, width, _ = generated.shape
    inches = 0.34
    figure = Figure(
        figsize=(2 * columns * inches + 1.2, rows * inches + 0.8),
        layout="constrained",
    )
    halves = figure.subplots(1, 2, sharey=True)
    for axes, images, title in zip(
        halves, (generated, real), ("Generated", "Real"), strict=True
    ):
        axes.imshow(image_grid(images.reshape(-1, *images.shape[2:]), columns))
        axes.set(xticks=[], title=title)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
    halves[0].set_yticks((np.arange(rows) + 0.5) * height, names)
    with files.replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)
