"""Pictures cropped to their centre square and resized, antialiased."""

import tensorflow as tf
from PIL import Image

# Pillow's bicubic filter, which "clean FID" takes too (Parmar et al., On
# Aliased Resizing, CVPR 2022), for floats.
METHOD = "bicubic"
_PILLOW = {
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos3": Image.Resampling.LANCZOS,
    "area": Image.Resampling.BOX,
}


def square(image, image_size, method=METHOD):
    """Crops the centre square and resizes it.

    Args:
        image: `PIL.Image` of mode "RGB".
        image_size: Integer, pixels.
        method: "bilinear", "bicubic", "lanczos3" or "area".

    Returns:
        `PIL.Image` of mode "RGB" and size (image_size, image_size).
    """
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    # Cropped before, because `resize` looks at pixels around its `box`.
    image = image.crop((left, top, left + side, top + side))
    return image.resize((image_size, image_size), _PILLOW[method])


def square_tensor(image, image_size, method=METHOD):
    """Does the same to a tensor.

    A value may differ by one level, and by more around hard edges between
    black and white, where Pillow clips twice, or with "area".

    Args:
        image: uint8 (height, width, 3) tensor.
        image_size, method: As in `square`.

    Returns:
        uint8 (image_size, image_size, 3) tensor.
    """
    shape = tf.shape(image)
    side = tf.minimum(shape[0], shape[1])
    top, left = (shape[0] - side) // 2, (shape[1] - side) // 2
    image = image[top : top + side, left : left + side]
    image = tf.image.resize(
        image, (image_size, image_size), method, antialias=True
    )
    image = tf.saturate_cast(tf.round(image), tf.uint8)
    return tf.ensure_shape(image, (image_size, image_size, 3))


def prepare_tensor(image, label, image_size, method=METHOD):
    """Returns what `Source.prepare` returns, from an image of any size."""
    shorter_side = tf.reduce_min(tf.shape(image)[:2])
    return square_tensor(image, image_size, method), label, shorter_side
