"""Headers of image files, checked before the files are decoded."""

import warnings

from PIL import Image, ImageSequence

_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")
# TensorFlow decodes every other BMP as if it were one of these.
_BMP_PIXELS = ("L", "BGR", "BGRX", "BGRA")


def check_header(path):
    """Raises an error for a file that would be decoded wrongly or is huge.

    A file of a few kilobytes can decode into gigabytes. The limit is the
    number of pixels above which Pillow warns, `Image.MAX_IMAGE_PIXELS`. The
    pixels of all frames count, because TensorFlow decodes all frames.

    Args:
        path: Path of the file.

    Raises:
        ValueError: If the file is not an image, has too many pixels, or is a
            BMP that is compressed or has a palette, whose colours would be
            wrong. The message is the reason, without the path.
    """
    try:
        with warnings.catch_warnings():
            # Other warnings are about metadata, which is not used.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                _check(image)
    except ValueError:
        raise
    except Exception as error:
        # Pillow raises many types of exceptions for broken files.
        raise ValueError(f"{type(error).__name__}: {error}") from None


def _check(image):
    if image.format == "GIF":
        pixels = 0
        for frame in ImageSequence.Iterator(image):
            pixels += frame.width * frame.height
            if pixels > Image.MAX_IMAGE_PIXELS:
                raise ValueError(
                    f"its frames have more than {Image.MAX_IMAGE_PIXELS} pixels"
                )
    if image.format == "BMP" and image.tile[0].args[0] not in _BMP_PIXELS:
        raise ValueError(
            "a BMP with a palette, or compressed, whose colours would be "
            "wrong: save it as PNG"
        )
