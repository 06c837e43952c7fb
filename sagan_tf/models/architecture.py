"""Widths and resolutions of the networks, by image size."""

# Output channels of each block, in units of `base_channels`. 128: the
# authors' code; 32, 64 and 256: StudioGAN, whose figures are the published
# ones. A generator block doubles the resolution, from 4x4.
_GENERATOR = {
    32: (4, 4, 4),
    64: (8, 4, 2, 1),
    128: (16, 8, 4, 2, 1),
    256: (16, 8, 8, 4, 2, 1),
}
_GENERATOR_FIRST = {32: 4, 64: 16, 128: 16, 256: 16}
# The discriminator's blocks and how many of them, from the first, halve the
# resolution.
_DISCRIMINATOR = {
    32: (2, 2, 2, 2),
    64: (1, 2, 4, 8, 16),
    128: (1, 2, 4, 8, 16, 16),
    256: (1, 2, 4, 8, 8, 16, 16),
}
_HALVINGS = {32: 2, 64: 4, 128: 5, 256: 6}

IMAGE_SIZES = tuple(_GENERATOR)


def generator_blocks(image_size):
    """Returns the (resolution, width) of the dense layer and of each block.

    Widths are in units of `base_channels`, resolutions in pixels.
    """
    _check_image_size(image_size)
    widths = (_GENERATOR_FIRST[image_size], *_GENERATOR[image_size])
    return [(4 * 2**index, width) for index, width in enumerate(widths)]


def discriminator_blocks(image_size):
    """Returns the (resolution, width) of the output of each block.

    Widths are in units of `base_channels`, resolutions in pixels.
    """
    _check_image_size(image_size)
    return [
        (image_size // 2 ** min(index, _HALVINGS[image_size]), width)
        for index, width in enumerate(_DISCRIMINATOR[image_size], start=1)
    ]


def check_arguments(
    network,
    blocks,
    image_size,
    attention_resolutions,
    residual_resolutions,
    num_classes,
    **sizes,
):
    """Raises a `ValueError` that names the first argument out of range.

    Args:
        network: "generator" or "discriminator", for the message.
        blocks: (resolution, width) pairs where attention is possible.
        image_size, attention_resolutions, residual_resolutions, num_classes:
            As in the builders.
        **sizes: Arguments that must be integers of at least 1.
    """
    if num_classes is not None:
        sizes["num_classes"] = num_classes
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(
                f"`{name}` must be an integer of at least 1. "
                f"Received: {name}={size}"
            )
    offered = sorted({resolution for resolution, _ in blocks})
    for name, resolutions in (
        ("attention_resolutions", attention_resolutions),
        ("residual_resolutions", residual_resolutions),
    ):
        if not set(resolutions) <= set(offered):
            raise ValueError(
                f"`{name}` must be among {offered}, where the {network} of "
                f"image_size={image_size} can have attention. "
                f"Received: {name}={tuple(resolutions)}"
            )
    if set(attention_resolutions) & set(residual_resolutions):
        raise ValueError(
            "`residual_resolutions` must not be among "
            "`attention_resolutions`, in whose place they stand. Received: "
            f"residual_resolutions={tuple(residual_resolutions)}, "
            f"attention_resolutions={tuple(attention_resolutions)}"
        )


def _check_image_size(image_size):
    if image_size not in IMAGE_SIZES:
        raise ValueError(
            f"`image_size` must be one of {IMAGE_SIZES}. "
            f"Received: image_size={image_size}"
        )
