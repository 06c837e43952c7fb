"""Differentiable augmentation of what the discriminator sees.

A discriminator that sees few images learns them by heart. Here it sees each
image changed at random, real images and generated ones alike, and the generator
learns through the change, so that generated images do not show it.

Reference:
    - Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training,
      https://arxiv.org/abs/2006.10738, and the authors' code for the ranges.
"""

import keras


def augment(images, policies, seed):
    """Changes each image at random, differentiably.

    The policies are applied in the given order:

    - "color": adds a brightness in [-0.5, 0.5), then multiplies the differences
      from the mean of the channels (saturation) by a number in [0, 2), then
      those from the mean of the image (contrast) by a number in [0.5, 1.5).
      Values may leave [-1, 1].
    - "translation": shifts by whole pixels, up to an eighth of the size in each
      direction. Pixels without a source are 0, a medium grey.
    - "cutout": sets a square of half the size to 0. Its centre is anywhere in
      the image, so part of the square may be outside.

    Args:
        images: Float tensor (batch, size, size, channels) in [-1, 1].
        policies: Names of policies, as above.
        seed: Integer or `keras.random.SeedGenerator`, or None for a new draw at
            each call.

    Returns:
        A tensor of the shape and dtype of `images`.

    Raises:
        ValueError: If a policy is not one of these.
    """
    check_policies(policies)
    if not policies:
        return images
    numbers = keras.random.uniform(
        (keras.ops.shape(images)[0], count_numbers(policies)), seed=seed
    )
    return augment_with(images, policies, numbers)


def augment_with(images, policies, numbers):
    """Changes each image as `augment` does, by given random numbers.

    Args:
        images, policies: See `augment`.
        numbers: Float tensor (batch, `count_numbers(policies)`), uniform in
            [0, 1).

    Returns:
        A tensor of the shape and dtype of `images`.
    """
    numbers = keras.ops.cast(numbers, images.dtype)
    start = 0
    for policy in policies:
        change, count = _POLICIES[policy]
        images = change(images, *(numbers[:, start + i] for i in range(count)))
        start += count
    return images


def count_numbers(policies):
    """Returns how many random numbers the policies need for one image."""
    return sum(_POLICIES[policy][1] for policy in policies)


def check_policies(policies):
    """Raises a `ValueError` unless all policies exist, each at most once."""
    if (
        isinstance(policies, str)
        or not set(policies) <= set(_POLICIES)
        or len(set(policies)) < len(policies)
    ):
        raise ValueError(
            f"`augmentations` must be some of {tuple(_POLICIES)}, each at most "
            f"once. Received: augmentations={policies!r}"
        )


def _color(images, brightness, saturation, contrast):
    brightness, saturation, contrast = (
        each[:, None, None, None]
        for each in (brightness - 0.5, 2 * saturation, contrast + 0.5)
    )
    images = images + brightness
    grey = keras.ops.mean(images, axis=3, keepdims=True)
    images = grey + saturation * (images - grey)
    mean = keras.ops.mean(images, axis=(1, 2, 3), keepdims=True)
    return mean + contrast * (images - mean)


def _translate(images, down, right):
    height, width = images.shape[1:3]
    # A matmul with rows of the identity: its gradient is a matmul as well,
    # which is faster than the scatter that is the gradient of a gather.
    rows = _shifted_identity(height, down, images.dtype)
    columns = _shifted_identity(width, right, images.dtype)
    images = keras.ops.einsum("bij,bjwc->biwc", rows, images)
    return keras.ops.einsum("bij,bhjc->bhic", columns, images)


def _shifted_identity(size, number, dtype):
    """Returns (batch, size, size): row i is 1 at the source of pixel i."""
    most = (size + 4) // 8
    shift = _whole_number(number, 2 * most + 1) - most
    positions = keras.ops.arange(size)
    source = positions[None, :] - shift[:, None]
    return keras.ops.cast(source[:, :, None] == positions, dtype)


def _cut_out(images, down, right):
    height, width = images.shape[1:3]
    rows = _cut(height, down)[:, :, None]
    columns = _cut(width, right)[:, None, :]
    kept = keras.ops.logical_not(keras.ops.logical_and(rows, columns))
    return images * keras.ops.cast(kept, images.dtype)[..., None]


def _cut(size, number):
    """Returns (batch, size), whether a position is in the cut of half."""
    cut = (size + 1) // 2
    start = _whole_number(number, size + 1 - cut % 2) - cut // 2
    offsets = keras.ops.arange(size)[None, :] - start[:, None]
    return keras.ops.logical_and(offsets >= 0, offsets < cut)


def _whole_number(number, count):
    """Returns an integer in [0, count) for a number in [0, 1)."""
    # Rounding may make the product `count` itself.
    return keras.ops.minimum(keras.ops.cast(number * count, "int32"), count - 1)


# For each policy its change and how many random numbers that needs.
_POLICIES = {
    "color": (_color, 3),
    "translation": (_translate, 2),
    "cutout": (_cut_out, 2),
}
