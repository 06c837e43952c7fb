"""Networks that were trained on BGR images."""

import numpy as np

CHANNEL_ORDERS = ("rgb", "bgr")


def swap_channels(generator, discriminator, channel_order):
    """Changes networks for BGR images, in place, into networks for RGB images.

    Args:
        generator, discriminator: `keras.Model`s, as `build_generator` and
            `build_discriminator` make.
        channel_order: "bgr", or "rgb", which changes nothing.

    Raises:
        ValueError: If `channel_order` is neither "bgr" nor "rgb".
    """
    if channel_order not in CHANNEL_ORDERS:
        raise ValueError(
            f"`channel_order` must be one of {CHANNEL_ORDERS}. "
            f"Received: channel_order={channel_order!r}"
        )
    if channel_order == "rgb":
        return
    last = generator.get_layer("convolution")
    for variable in last.variables:
        # Kernel, bias and `u` all end with the output channels.
        variable.assign(np.array(variable)[..., ::-1])
    for name in ("block1_convolution1", "block1_shortcut"):
        layer = discriminator.get_layer(name)
        kernel = getattr(layer, "layer", layer).kernel
        kernel.assign(np.array(kernel)[:, :, ::-1])
