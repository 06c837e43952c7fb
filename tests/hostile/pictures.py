"""Image files that are not what they seem."""

import io
import struct
import zlib

import numpy as np
from PIL import Image


def picture(kind="png", mode="RGB", size=(40, 36), **options):
    """Returns the file of a picture with all colours."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    pixels = np.stack([x * 6, y * 7, 255 - x * 6], -1).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def huge(kind):
    """Claims 60,000 by 60,000 pixels."""
    content = bytearray(picture(kind))
    if kind == "png":
        struct.pack_into(">II", content, 16, 60_000, 60_000)
        struct.pack_into(">I", content, 29, zlib.crc32(content[12:29]))
    elif kind == "gif":
        struct.pack_into("<HH", content, 6, 60_000, 60_000)
    elif kind == "bmp":
        struct.pack_into("<II", content, 18, 60_000, 60_000)
    else:
        place = content.index(b"\xff\xc0") + 5
        struct.pack_into(">HH", content, place, 60_000, 60_000)
    return bytes(content)


def bomb():
    """A picture of 300 MB in 100 kB."""

    def part(name, body):
        checksum = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + checksum

    side = 10_000
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(side + 1)) for _ in range(side))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [
            part(b"IHDR", header),
            part(b"IDAT", rows + packer.flush()),
            part(b"IEND", b""),
        ]
    )
