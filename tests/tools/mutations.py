"""Broken images and configurations, mutated from valid ones."""

import io
import json
import struct
import zlib

import numpy as np
import tensorflow as tf
from PIL import Image

from sagan_tf import Config

_VALUES = (
    None, True, "", "x", "\0", -1, 0, 1, 3, 2**31, 2**70, -(10**400),
    10**400, 1e308, -0.5, float("nan"), float("inf"), [], [8], [[8]], ["x"],
    [2**40], {}, {"a": [1]},
)  # fmt: skip
_NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)


def image_seeds():
    """Returns valid images as (suffix, bytes), of each kind that is read."""
    y, x = np.mgrid[0:36, 0:40]
    pixels = np.stack([x * 6, y * 7, 255 - x * 6], -1).astype(np.uint8)
    image = Image.fromarray(pixels)
    wide = Image.fromarray((x * 1600).astype(np.uint16))
    animated = {"save_all": True, "append_images": [image.rotate(90), image]}
    seeds = []
    for suffix, kind, picture, options in (
        (".jpg", "jpeg", image, {}),
        (".jpg", "jpeg", image, {"progressive": True}),
        (".jpg", "jpeg", image.convert("L"), {}),
        (".jpg", "jpeg", image.convert("CMYK"), {}),
        (".png", "png", image, {}),
        (".png", "png", image, animated),
        (".png", "png", image.convert("RGBA"), {}),
        (".png", "png", image.convert("P"), {}),
        (".png", "png", image.convert("1"), {}),
        (".png", "png", wide, {}),
        (".gif", "gif", image, {}),
        (".gif", "gif", image, animated),
        (".bmp", "bmp", image, {}),
        (".bmp", "bmp", image.convert("L"), {}),
        (".bmp", "bmp", image.convert("RGBA"), {}),
        (".bmp", "bmp", image.convert("P"), {}),
        (".jpg", "webp", image, {}),
        (".jpg", "webp", image, {"lossless": True}),
    ):
        buffer = io.BytesIO()
        picture.save(buffer, kind, **options)
        seeds.append((suffix, buffer.getvalue()))
    rgb = tf.constant(pixels.astype(np.uint16) * 257)
    return [*seeds, (".png", tf.io.encode_png(rgb).numpy())]


def mutate(content, others, rng):
    """Returns bytes, changed in one to three ways."""
    content = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(content) + 1)
        # Most of what a decoder believes stands at the beginning.
        early = rng.randrange(min(len(content), 64) + 1)
        way = rng.randrange(7)
        if way == 0:
            for _ in range(rng.randint(1, 20)):
                if content:
                    place = rng.randrange(len(content))
                    content[place] ^= 1 << rng.randrange(8)
        elif way == 1:
            del content[place:]
        elif way == 2:
            other = rng.choice(others)
            content[place:] = other[rng.randrange(len(other)) :]
        elif way == 3:
            code = rng.choice(("<H", ">H", "<I", ">I"))
            most = 256 ** struct.calcsize(code) - 1
            number = struct.pack(code, min(rng.choice(_NUMBERS), most))
            content[early : early + len(number)] = number
        elif way == 4:
            del content[place : place + rng.randint(1, 40)]
        elif way == 5:
            content[place:place] = rng.randbytes(rng.randint(1, 40))
        elif content:
            content[early - 1] = rng.randrange(256)
    return bytes(content)


def with_checksums(content):
    """Makes the checksums of a PNG right, so that decoding goes further."""
    content, place = bytearray(content), 8
    while place + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        end = place + 8 + length
        if end + 4 > len(content):
            break
        checksum = zlib.crc32(content[place + 4 : end])
        struct.pack_into(">I", content, end, checksum)
        place = end + 4
    return bytes(content)


def mutated_image(seeds, rng):
    """Returns the suffix and the bytes of a broken image."""
    suffix, content = rng.choice(seeds)
    content = mutate(content, [other for _, other in seeds], rng)
    if suffix == ".png" and rng.random() < 0.7:
        content = with_checksums(content)
    return suffix, content


def mutated_config(rng):
    """Returns the bytes of a broken, or merely unusual, configuration."""
    fields = json.loads(Config(dataset="digits").to_json())
    for _ in range(rng.randint(0, 2)):
        name = rng.choice([*fields, "unknown", ""])
        if rng.random() < 0.1:
            fields.pop(name, None)
        else:
            fields[name] = rng.choice(_VALUES)
    text = json.dumps(rng.choice([fields] * 20 + [[fields], 1, "x", None]))
    if rng.random() < 0.1:
        depth = rng.choice((10, 100_000))
        text = text.replace("[32]", "[" * depth + "]" * depth)
    content = text.encode()
    if rng.random() < 0.5:
        content = mutate(content, [content], rng)
    return content
