"""What image files say of themselves, looked at before they are decoded."""

import warnings

from PIL import Image, ImageSequence

_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP")
# TensorFlow takes any other BMP for one of these.
_BMP_PIXELS = ("L", "BGR", "BGRX", "BGRA")


def check_header(path):
    """Refuses a file that would be decoded wrongly, or into gigabytes.

    A file of some kilobytes can have gigabytes of pixels. The limit is the
    one from which Pillow warns, `Image.MAX_IMAGE_PIXELS`.

    Args:
        path: Path of the file.

    Raises:
        ValueError: With the reason only: if it is no image, has more pixels,
            in all frames, which TensorFlow decodes all, or is a BMP with a
            palette or compressed, whose colours would be wrong.
    """
    try:
        with warnings.catch_warnings():
            # Others are about metadata, which nobody reads.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=_FORMATS) as image:
                _check(image)
    except ValueError:
        raise
    except Exception as error:
        # Which exception a broken file raises depends on where it breaks.
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
