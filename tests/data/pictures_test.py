"""Tests of the image files that are accepted, and of how they are decoded."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageCms, ImageOps

from sagan_tf import data
from sagan_tf.data import pictures
from sagan_tf.data.pipeline import ordered_dataset


def _colours():
    y, x = np.mgrid[0:36, 0:40]
    return np.stack([x * 6, y * 7, 255 - x * 6], -1).astype(np.uint8)


def _encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


IMAGE = Image.fromarray(_colours())
GREY = IMAGE.convert("L")
FEW = IMAGE.quantize(64)
BLACK = GREY.convert("1")
FLIPPED = IMAGE.rotate(180)
ALPHA = IMAGE.convert("RGBA")
WIDE = np.array(GREY).astype(np.uint16) * 257
ANIMATED = {"save_all": True, "append_images": [FLIPPED, GREY]}
# Name and content of a file, the image that it must be decoded to, and the
# largest error of a pixel: JPEG stores one colour for several pixels.
ACCEPTED = {
    "JPEG": ("1.jpg", _encoded(IMAGE, "jpeg", quality=95), IMAGE, 12),
    "progressive": (
        "1.jpg",
        _encoded(IMAGE, "jpeg", quality=95, progressive=True),
        IMAGE,
        12,
    ),
    "CMYK": (
        "1.jpg",
        _encoded(IMAGE.convert("CMYK"), "jpeg", quality=95),
        IMAGE,
        12,
    ),
    "grey JPEG": ("1.jpg", _encoded(GREY, "jpeg", quality=95), GREY, 12),
    "PNG": ("1.png", _encoded(IMAGE, "png"), IMAGE, 0),
    "PNG named JPEG": ("1.jpg", _encoded(IMAGE, "png"), IMAGE, 0),
    "WebP named JPEG": (
        "1.jpg",
        _encoded(IMAGE, "webp", lossless=True),
        IMAGE,
        0,
    ),
    "opaque": ("1.png", _encoded(ALPHA, "png"), IMAGE, 0),
    "palette": ("1.png", _encoded(FEW, "png"), FEW, 0),
    "1 bit": ("1.png", _encoded(BLACK, "png"), BLACK, 0),
    "16 bits, grey": ("1.png", _encoded(Image.fromarray(WIDE), "png"), GREY, 0),
    "16 bits": (
        "1.png",
        tf.io.encode_png(_colours().astype(np.uint16) * 257).numpy(),
        IMAGE,
        0,
    ),
    "animated PNG": ("1.png", _encoded(IMAGE, "png", **ANIMATED), IMAGE, 0),
    "GIF": ("1.gif", _encoded(FEW, "gif"), FEW, 0),
    "animated GIF": (
        "1.gif",
        _encoded(FEW, "gif", save_all=True, append_images=[GREY]),
        FEW,
        0,
    ),
    "palette BMP": ("1.bmp", _encoded(FEW, "bmp"), FEW, 0),
    "WebP": ("1.webp", _encoded(IMAGE, "webp", lossless=True), IMAGE, 0),
    "TIFF": ("1.tif", _encoded(IMAGE, "tiff"), IMAGE, 0),
    "compressed TIFF": (
        "1.tiff",
        _encoded(IMAGE, "tiff", compression="tiff_lzw"),
        IMAGE,
        0,
    ),
    "TIFF of 16 bits": (
        "1.tif",
        _encoded(Image.fromarray(WIDE), "tiff"),
        GREY,
        0,
    ),
    "TIFF of two pages": (
        "1.tif",
        _encoded(IMAGE, "tiff", save_all=True, append_images=[FLIPPED]),
        IMAGE,
        0,
    ),
    "JPEG named JFIF": ("1.jfif", _encoded(GREY, "jpeg", quality=95), GREY, 12),
    "PGM of 16 bits": (
        "1.pgm",
        b"P5 40 36 65535\n" + WIDE.byteswap().tobytes(),
        GREY,
        0,
    ),
    "damaged EXIF": (
        "1.jpg",
        _encoded(IMAGE, "jpeg", quality=95, dpi=(72, 72), exif=b"Exif\0\0x"),
        IMAGE,
        12,
    ),
    "BMP": ("1.bmp", _encoded(IMAGE, "bmp"), IMAGE, 0),
    "grey BMP": ("1.bmp", _encoded(GREY, "bmp"), GREY, 0),
    "BMP with alpha": ("1.bmp", _encoded(ALPHA, "bmp"), IMAGE, 0),
    "unicode": ("\u00e9\u4e2d\U0001f600.png", _encoded(IMAGE, "png"), IMAGE, 0),
    "two lines": ("a\nb.png", _encoded(IMAGE, "png"), IMAGE, 0),
    "no text": ("\udcff.png", _encoded(IMAGE, "png"), IMAGE, 0),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(tmp_path, case):
    name, content, expected, tolerance = ACCEPTED[case]
    (tmp_path / name).write_bytes(content)
    expected = expected.convert("RGB")
    pictures.examine(tmp_path / name)
    image = pictures.decode((tmp_path / name).read_bytes())
    difference = image.astype(int) - np.array(expected)
    assert np.abs(difference).max() <= tolerance
    source = data.open_source("image_folder", str(tmp_path))
    ((image, _, side),) = ordered_dataset(source, 32)
    assert image.shape == (32, 32, 3) and int(side) == 36
    middle = expected.crop((2, 0, 38, 36)).resize((32, 32), Image.BICUBIC)
    difference = image.numpy().astype(int) - np.array(middle)
    assert np.abs(difference).max() <= tolerance


def test_class_names_need_not_be_text(tmp_path, caplog):
    for name in ("\udcfe", "\u00e9"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(_encoded(IMAGE, "png"))
    source = data.open_source("image_folder", str(tmp_path))
    with caplog.at_level("INFO", "absl"):
        source = data.check(source, 32, 2, 10**6)
    assert "\u00e9: 1, \\udcfe: 1" in caplog.text
    assert source.size == 2 and len(source.fingerprint) == 64


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("1.jpg", _encoded(IMAGE, "ico"), "none of JPEG, PNG"),
        ("1.png", b"", "none of JPEG, PNG"),
        ("1.gif", _encoded(FEW, "gif")[:-200], "OSError"),
        ("1.png", _encoded(IMAGE, "png")[:-40], "OSError"),
        ("1.tif", _encoded(GREY.convert("F"), "tiff"), "range .* mode 'F'"),
        ("1.tif", _encoded(GREY.convert("I"), "tiff"), "range .* mode 'I'"),
    ],
)
def test_refused(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        pictures.decode(content)
    source = data.open_source("image_folder", str(tmp_path))
    with pytest.raises(ValueError, match=f"{name} cannot .*{reason}"):
        data.check(source, 32, None, 0)


def test_pixels_are_limited(monkeypatch, tmp_path):
    (tmp_path / "1.png").write_bytes(_encoded(IMAGE, "png"))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 36 * 40)
    pictures.examine(tmp_path / "1.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 36 * 40 - 1)
    with pytest.raises(ValueError, match="exceeds limit of 1439 pixels"):
        pictures.examine(tmp_path / "1.png")
    with pytest.raises(ValueError, match="exceeds limit of 1439 pixels"):
        pictures.decode((tmp_path / "1.png").read_bytes())


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation(kind, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"webp": {"lossless": True}, "jpeg": {"quality": 95}}
    content = _encoded(IMAGE, kind, exif=exif, **options.get(kind, {}))
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    np.testing.assert_array_equal(pictures.decode(content), np.array(shown))


def test_jpegs_are_decoded_accurately():
    """TensorFlow's default is darker: by .15 of 255 on the mean."""
    random = np.random.default_rng(0)
    small = random.integers(0, 255, (24, 24, 3), np.uint8)
    large = Image.fromarray(small).resize((256, 256), Image.BICUBIC)
    content = _encoded(large, "jpeg", quality=90)
    np.testing.assert_array_equal(
        pictures.decode(content), np.array(Image.open(io.BytesIO(content)))
    )


def _half(mode):
    """A red picture whose lower half is transparent."""
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 2, 4, 4))
    return image.convert(mode)


def _keyed():
    image = Image.new("RGB", (4, 4), (255, 0, 0))
    image.paste((9, 9, 9), (0, 2, 4, 4))
    return _encoded(image, "png", transparency=(9, 9, 9))


def _keyed_grey():
    pixels = np.full((4, 4), 65535, np.uint16)
    pixels[2:] = 7
    return _encoded(Image.fromarray(pixels), "png", transparency=7)


@pytest.mark.parametrize(
    ("content", "upper"),
    [
        (_encoded(_half("RGBA"), "png"), (255, 0, 0)),
        (_encoded(_half("RGBA"), "webp", lossless=True), (255, 0, 0)),
        (_encoded(_half("RGBA"), "tiff"), (255, 0, 0)),
        (_encoded(_half("RGBA"), "gif"), (255, 0, 0)),
        (_encoded(_half("LA"), "png"), (76, 76, 76)),
        (_keyed(), (255, 0, 0)),
        (_keyed_grey(), (255, 255, 255)),
    ],
    ids=["png", "webp", "tiff", "gif", "grey", "key", "key of 16 bits"],
)
@pytest.mark.parametrize(
    ("background", "lower"), [("white", (255,) * 3), ("#102030", (16, 32, 48))]
)
def test_transparent_pixels_show_the_background(
    content, upper, background, lower
):
    image = pictures.decode(content, background)
    assert tuple(image[0, 0]) == upper and tuple(image[3, 3]) == lower


def test_half_transparent_pixels():
    content = _encoded(Image.new("RGBA", (1, 1), (255, 0, 0, 51)), "png")
    assert tuple(pictures.decode(content, "white")[0, 0]) == (255, 204, 204)


@pytest.mark.parametrize("background", ["no colour", "#12", "#11223344", ""])
def test_background_that_is_no_colour(background):
    with pytest.raises(ValueError, match="`background` must be a colour"):
        data.open_source("digits", background=background)


def _profile(kind):
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(kind)).tobytes()


def test_colours_are_converted_from_the_profile():
    """A profile with the red and blue of sRGB exchanged shows them so."""
    profile = bytearray(_profile("sRGB"))
    for red, blue in ((b"rXYZ", b"bXYZ"), (b"rTRC", b"bTRC")):
        # The table of the profile: name, place and length of each part.
        here, there = profile.index(red), profile.index(blue)
        profile[here : here + 4], profile[there : there + 4] = blue, red
    description = "sRGB built-in".encode("utf-16-be")
    profile[:] = profile.replace(
        description, "RGBs built-in".encode("utf-16-be")
    )
    image = Image.new("RGB", (2, 2), (250, 100, 20))
    content = _encoded(image, "png", icc_profile=bytes(profile))
    found = pictures.decode(content)[0, 0].astype(int)
    assert np.abs(found - (20, 100, 250)).max() <= 2
    # Transparent pixels keep their opacity.
    image = Image.new("RGBA", (2, 2), (250, 100, 20, 0))
    content = _encoded(image, "png", icc_profile=bytes(profile))
    assert tuple(pictures.decode(content)[0, 0]) == (255, 255, 255)


@pytest.mark.parametrize(
    ("mode", "profile"),
    [
        ("RGB", _profile("sRGB")),
        ("RGB", b"broken"),
        ("RGB", _profile("LAB")),
        ("CMYK", _profile("sRGB")),
    ],
)
def test_profiles_without_effect(mode, profile):
    image = IMAGE.convert(mode)
    kind = "tiff" if mode == "CMYK" else "png"
    content = _encoded(image, kind, icc_profile=profile)
    np.testing.assert_array_equal(
        pictures.decode(content), np.array(image.convert("RGB"))
    )
