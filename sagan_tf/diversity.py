"""How different the images of a class are, and a loss term that asks for it.

Not in the paper. A generator that draws one good image of a class gains as much
from the discriminator as one that draws all of them.
"""

import keras

# Of a mean squared distance between images: far below a visible one.
_EPSILON = 1e-6


def distances_within_classes(images, labels=None):
    """Computes the squared distances between images of the same class.

    A distance is `mean((x_i - x_j)^2)` over the pixels. There is one for each
    ordered pair i, j of different images of a batch that have the same label.

    Args:
        images: (batch, height, width, channels) floats in [-1, 1].
        labels: (batch,) integers, or None if all are of one class.

    Returns:
        The sum of the distances, each in [0, 4], and their number, two float32
        scalars.
    """
    images = keras.ops.cast(images, "float32")
    count = keras.ops.shape(images)[0]
    rows = keras.ops.reshape(images, (count, -1))
    squares = keras.ops.mean(keras.ops.square(rows), axis=1)
    products = keras.ops.matmul(rows, keras.ops.transpose(rows))
    products = products / keras.ops.cast(keras.ops.shape(rows)[1], "float32")
    distances = squares[:, None] + squares[None, :] - 2 * products
    pairs = 1 - keras.ops.eye(count)
    if labels is not None:
        same = keras.ops.equal(labels[:, None], labels[None, :])
        pairs = pairs * keras.ops.cast(same, "float32")
    return keras.ops.sum(pairs * distances), keras.ops.sum(pairs)


def mode_seeking(images, labels, real_distance):
    """Mode seeking regularization of the generator, in [0, 1].

    `max(0, 1 - sqrt(d_G / d))` with the mean squared distances within classes
    d_G of the generated images of a batch, and d of real images. So it is 0 if
    generated images of a class differ as much as real ones.

    Args:
        images, labels: As in `distances_within_classes`, generated ones.
        real_distance: Scalar d.

    Returns:
        A scalar; 0 too if no two images are of the same class.

    Reference:
        - Mao et al., https://arxiv.org/abs/1903.05628, divide the distance of
          two images by that of their latents, and maximize it without bound.
          Here the real images give the bound.
    """
    total, number = distances_within_classes(images, labels)
    distance = total / keras.ops.maximum(number, 1)
    ratio = (distance + _EPSILON) / (real_distance + _EPSILON)
    # The distance of equal images may be below 0, by rounding.
    root = keras.ops.sqrt(keras.ops.maximum(ratio, _EPSILON))
    return keras.ops.where(number > 0, keras.ops.relu(1 - root), 0.0)
