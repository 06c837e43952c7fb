"""Picture files, decoded to the colours that a viewer shows."""

import contextlib
import functools
import io
import threading
import warnings

import numpy as np
import tensorflow as tf
from PIL import Image, ImageCms, ImageColor, UnidentifiedImageError

from sagan_tf.data.resizing import square
from sagan_tf.utils.threads import called_by_threads

# What a file is called whose content one of `_FORMATS` can be.
EXTENSIONS = (
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".dib", ".gif",
    ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm",
)  # fmt: skip
# Pictures that some programs write and this one does not read.
FOREIGN_EXTENSIONS = (
    ".heic", ".heif", ".avif", ".jxl", ".jp2", ".j2k", ".svg", ".psd", ".eps",
    ".ico", ".tga", ".raw", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".exr",
    ".hdr",
)  # fmt: skip
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
_ORIENTATION = 0x0112
_TRANSPOSITIONS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Python's filters of warnings belong to all threads.
_WARNINGS = threading.Lock()


def colour(background):
    """Returns the red, green and blue of a colour, integers in [0, 255].

    Args:
        background: Name of a colour or "#rrggbb", as CSS has them.

    Raises:
        ValueError: If there is no such colour, or if it is transparent.
    """
    try:
        red, green, blue = ImageColor.getrgb(background)
    except ValueError:
        raise ValueError(
            "`background` must be a colour's name or '#rrggbb'. "
            f"Received: background={background!r}"
        ) from None
    return red, green, blue


def decode(content, background="white"):
    """Decodes a picture file to the colours that a viewer shows.

    The first frame of an animation is taken. It is turned as its EXIF data
    say, its colours are converted from its ICC profile to sRGB, 16-bit grey is
    rounded to 8 bits (of 16-bit colours Pillow keeps the upper 8), and
    transparent pixels show the background.

    Args:
        content: Bytes of the file.
        background: As in `colour`.

    Returns:
        uint8 array (height, width, 3).

    Raises:
        ValueError: If it is not a picture, is damaged, has more pixels than
            `PIL.Image.MAX_IMAGE_PIXELS`, or has pixels of unknown range. The
            message is the reason.
    """
    return np.array(_shown(content, colour(background)))


def prepare_tensor(data, label, read, background, image_size, method):
    """Reads, decodes and resizes a picture file within a `tf.data` map.

    Args:
        data: Scalar string tensor, from which `read` makes the file's bytes.
        label: int32 tensor ().
        read: Function from bytes to bytes, such as `read_file`.
        background: As in `colour`.
        image_size, method: As in `resizing.square`.

    Returns:
        What `Source.prepare` returns.
    """

    red_green_blue = colour(background)

    def prepare(data):
        image = _shown(read(data), red_green_blue)
        side = np.int32(min(image.size))
        return np.array(square(image, image_size, method)), side

    nothing = np.zeros((image_size, image_size, 3), np.uint8), np.int32(0)
    image, side = tf.numpy_function(
        called_by_threads(prepare, nothing),
        [data],
        (tf.uint8, tf.int32),
        # It is a function of the file, so `tf.data` may call it in advance.
        stateful=False,
    )
    return (
        tf.ensure_shape(image, (image_size, image_size, 3)),
        label,
        tf.ensure_shape(side, ()),
    )


def read_file(path):
    """Returns the bytes of the file at a path, which is bytes too."""
    with open(path, "rb") as file:
        return file.read()


def _shown(content, red_green_blue):
    """Returns the `PIL.Image` of `decode`, of mode "RGB"."""
    try:
        with _open(io.BytesIO(content)) as image:
            image.load()
            # After `load`, because Pillow turns TIFF files itself.
            orientation = _orientation(image)
            image = _on_background(_eight_bits(image), red_green_blue)
            if orientation in _TRANSPOSITIONS:
                image = image.transpose(_TRANSPOSITIONS[orientation])
            return image
    except Exception as error:
        raise _reason(error) from None


def examine(path):
    """Reads the header of a picture file.

    A file of a few kilobytes can decode into gigabytes, so headers are looked
    at before the pixels.

    Args:
        path: Path of the file.

    Returns:
        A set of strings: "transparent" if it can have transparent pixels, and
        "profile" if its ICC profile cannot be used.

    Raises:
        ValueError: As `decode` does, except for damage behind the header.
    """
    found = set()
    try:
        with _open(path) as image:
            if image.has_transparency_data:
                found.add("transparent")
            profile = image.info.get("icc_profile")
            if profile and not _usable(profile, image.mode):
                found.add("profile")
    except Exception as error:
        raise _reason(error) from None
    return found


def _open(file):
    with _quietly():
        return Image.open(file, formats=_FORMATS)


def _orientation(image):
    """Returns the EXIF orientation; None without, or if it is damaged."""
    try:
        with _quietly():
            return image.getexif().get(_ORIENTATION)
    except Exception:
        # Pillow raises many types; viewers show such pictures as they are.
        return None


@contextlib.contextmanager
def _quietly():
    """Returns a context in which only pictures that are too large warn."""
    with _WARNINGS, warnings.catch_warnings():
        # Other warnings are about metadata that is not used.
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _reason(error):
    """Returns the `ValueError` for what Pillow raised."""
    if isinstance(error, UnidentifiedImageError):
        return ValueError(f"its content is none of {', '.join(_FORMATS)}")
    # Pillow raises many types of exceptions for broken files.
    if type(error) is ValueError:
        return error
    return ValueError(f"{type(error).__name__}: {error}")


def _eight_bits(image):
    """Returns the picture with 8-bit channels."""
    if image.mode != "F" and not image.mode.startswith("I"):
        return image
    if image.mode == "F" or (
        image.mode == "I" and image.format not in ("PNG", "PPM")
    ):
        raise ValueError(
            f"the range of its pixels, of Pillow's mode {image.mode!r}, is "
            "unknown: save it with 8 or 16 bits"
        )
    pixels = np.asarray(image).astype(np.uint32)
    grey = Image.fromarray(((pixels * 255 + 32767) // 65535).astype(np.uint8))
    if "icc_profile" in image.info:
        grey.info["icc_profile"] = image.info["icc_profile"]
    if "transparency" in image.info:
        opaque = pixels != image.info["transparency"]
        grey.putalpha(Image.fromarray(opaque.astype(np.uint8) * 255))
    return grey


def _on_background(image, background):
    """Returns the picture as sRGB, on a background where it is transparent."""
    mask = None
    if image.has_transparency_data:
        mask = image.convert("RGBA").getchannel("A")
    shown = _standard_colours(image)
    if mask is None:
        return shown
    canvas = Image.new("RGB", image.size, background)
    canvas.paste(shown, mask=mask)
    return canvas


def _standard_colours(image):
    """Returns the colours of a picture as sRGB, without transparency."""
    profile = image.info.get("icc_profile")
    if profile and _usable(profile, image.mode):
        mode, transform = _transform(profile)
        if transform is not None:
            return ImageCms.applyTransform(_opaque(image, mode), transform)
    return _opaque(image, "RGB")


def _opaque(image, mode):
    """Converts a picture; the colours of transparent pixels are kept."""
    if image.mode == mode:
        return image
    if image.has_transparency_data:
        image = image.convert("RGBA")
    return image.convert(mode)


def _usable(profile, mode):
    """Returns whether a profile can be read and is for colours of a mode."""
    try:
        wanted, _ = _transform(profile)
    except (OSError, ImageCms.PyCMSError):
        return False
    if wanted == "L":
        return mode in ("1", "L", "LA") or mode.startswith("I")
    return (wanted == "CMYK") == (mode == "CMYK")


@functools.lru_cache(maxsize=16)
def _transform(profile):
    """Returns a profile's mode and its transform to sRGB; None for sRGB."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    modes = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}
    space = source.profile.xcolor_space.strip()
    if space not in modes:
        raise ImageCms.PyCMSError(f"its colours are {space}")
    mode = modes[space]
    if (source.profile.profile_description or "").startswith("sRGB"):
        return mode, None
    return mode, ImageCms.buildTransform(
        source, ImageCms.createProfile("sRGB"), mode, "RGB"
    )
