"""Tests of the image files that are accepted, and of how they are decoded."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from sagan_tf import data
from sagan_tf.data import headers


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
ALPHA = IMAGE.convert("RGBA")
WIDE = np.array(GREY).astype(np.uint16) * 257
ANIMATED = {"save_all": True, "append_images": [IMAGE.rotate(180), GREY]}
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
    "transparency": ("1.png", _encoded(ALPHA, "png"), IMAGE, 0),
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
    source = data.open_source("image_folder", str(tmp_path))
    data.check_headers(source)
    ((image, _),) = source.records.map(source.decode)
    expected = np.array(expected.convert("RGB")).astype(int)
    assert image.shape == expected.shape and image.dtype == tf.uint8
    assert np.abs(np.array(image).astype(int) - expected).max() <= tolerance


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
        ("1.bmp", _encoded(FEW, "bmp"), "a BMP with a palette"),
        ("1.jpg", _encoded(IMAGE, "tiff"), "cannot identify"),
        ("1.png", b"", "cannot identify"),
        ("1.gif", _encoded(FEW, "gif")[:-200], "OSError"),
    ],
)
def test_refused(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        headers.check_header(tmp_path / name)


def test_pixels_are_limited(tmp_path, monkeypatch):
    """The limit holds for an image and for all frames together."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 36 * 40 * 2)
    animated = _encoded(FEW, "gif", save_all=True, append_images=[GREY])
    (tmp_path / "two.gif").write_bytes(animated)
    headers.check_header(tmp_path / "two.gif")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 36 * 40)
    (tmp_path / "one.png").write_bytes(_encoded(IMAGE, "png"))
    headers.check_header(tmp_path / "one.png")
    with pytest.raises(ValueError, match="frames have more than 1440 pixels"):
        headers.check_header(tmp_path / "two.gif")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 36 * 40 - 1)
    with pytest.raises(ValueError, match="exceeds limit of 1439 pixels"):
        headers.check_header(tmp_path / "one.png")
