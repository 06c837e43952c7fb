"""Widths and resolutions of the networks, by image size."""

# Output channels of the dense layer, at 4x4, and of the blocks, each of which
# doubles that, in units of `base_channels`. 128: authors' code; else StudioGAN.
_GENERATOR = {
    32: (4, 4, 4, 4),
    64: (16, 8, 4, 2, 1),
    128: (16, 16, 8, 4, 2, 1),
    256: (16, 16, 8, 8, 4, 2, 1),
}
# Output channels of the discriminator's blocks; how many of them halve sizes.
_DISCRIMINATOR = {
    32: (2, 2, 2, 2),
    64: (1, 2, 4, 8, 16),
    128: (1, 2, 4, 8, 16, 16),
    256: (1, 2, 4, 8, 8, 16, 16),
}
_HALVINGS = {32: 2, 64: 4, 128: 5, 256: 6}

IMAGE_SIZES = tuple(_GENERATOR)


def generator_blocks(image_size):
    """Returns (resolution, width) of the dense layer's output and each block's.

    Resolutions are in pixels, widths in units of `base_channels`.
    """
    _check_image_size(image_size)
    widths = _GENERATOR[image_size]
    return [(4 * 2**index, width) for index, width in enumerate(widths)]


def discriminator_blocks(image_size):
    """Returns (resolution, width) of each block's output."""
    _check_image_size(image_size)
    return [
        (image_size // 2 ** min(index, _HALVINGS[image_size]), width)
        for index, width in enumerate(_DISCRIMINATOR[image_size], start=1)
    ]


def check_resolutions(network, blocks, parts):
    """Raises a `ValueError` for resolutions of `parts` that no block has."""
    offered = sorted({resolution for resolution, _ in blocks})
    for name in ("attention_resolutions", "residual_resolutions"):
        resolutions = tuple(getattr(parts, name))
        if not set(resolutions) <= set(offered):
            raise ValueError(
                f"`{name}` must be among {offered}, the feature-map sizes of "
                f"the {network}. Received: {name}={resolutions}"
            )
    both = {*parts.attention_resolutions} & {*parts.residual_resolutions}
    if both:
        raise ValueError(
            "`residual_resolutions` must not be among "
            "`attention_resolutions`, because a residual block replaces "
            f"attention. Received: {sorted(both)} in both"
        )


def check_sizes(**sizes):
    """Raises a `ValueError` for a size that is no integer of at least 1."""
    for name, size in sizes.items():
        if not isinstance(size, int) or size < 1:
            raise ValueError(
                f"`{name}` must be an integer of at least 1. "
                f"Received: {name}={size}"
            )


def _check_image_size(image_size):
    if image_size not in IMAGE_SIZES:
        raise ValueError(
            f"`image_size` must be one of {IMAGE_SIZES}. "
            f"Received: image_size={image_size}"
        )
