"""A set of images that is compared with another one."""

import dataclasses
import hashlib
from collections.abc import Callable

import numpy as np


@dataclasses.dataclass(frozen=True)
class ImageSet:
    """Images in a fixed order, with or without labels.

    Attributes:
        name: Name of the set in results and messages.
        kind: "folder", "array", "data set", "run", "export" or "batches".
        count: Number of images; None if only reading them tells.
        size: Shorter side of the images in pixels; None if only reading them
            tells.
        batches: Function of `image_size`, `batch_size` and `start`, the index
            of the first image. It yields pairs of uint8 images (batch,
            image_size, image_size, 3) and int32 labels (batch,), or None
            without labels. If `image_size` is None, all images must be of
            one size, and keep it.
        fingerprint: String that changes if the images change, the key of
            caches; "" if the images are not known before they are read. Then
            nothing is cached.
        identity: Like `fingerprint`, but equal on every machine that has the
            same images.
        class_names: Names of the classes; empty if they have no names.
    """

    name: str
    kind: str
    count: int | None
    size: int | None
    batches: Callable
    fingerprint: str = ""
    identity: str = ""
    class_names: tuple = ()


def check_sides(name, expected, sides):
    """Raises a `ValueError` if a shorter side is not the one expected."""
    other = sides[sides != expected]
    if len(other):
        raise ValueError(
            f"All images must be of one size unless `image_size` is given. "
            f"Received: {name}, with shorter sides of {expected} and "
            f"{other[0]} pixels"
        )


def keys_of(images):
    """Returns a hash of each image, uint64 (batch,)."""
    return np.array(
        [
            int.from_bytes(
                hashlib.blake2b(image.tobytes(), digest_size=8).digest(), "big"
            )
            for image in images
        ],
        np.uint64,
    )
