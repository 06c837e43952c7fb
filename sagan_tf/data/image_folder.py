"""A folder of images."""

import hashlib
import os
import pathlib

import numpy as np
import tensorflow as tf

from sagan_tf.data.source import Source

EXTENSIONS = (".jpg", ".jpeg", ".png", ".bmp", ".gif")


def open_image_folder(data_dir):
    """A folder of images: `class_name/*.jpg`, or flat for no labels.

    JPEG, PNG, BMP and GIF (its first frame) are read, CMYK and 16 bits
    too; other files, and hidden ones, are ignored. Classes are numbered in
    the order of their names.

    Args:
        data_dir: Path of the folder.

    Returns:
        A `Source`.

    Raises:
        ValueError: If there is no such folder, if it holds no image, one
            class alone, or images both beside and inside class folders.
    """
    root = pathlib.Path(data_dir)
    if not data_dir or not root.is_dir():
        raise ValueError(
            "`data_dir` must be a folder of images. "
            f"Received: data_dir={str(data_dir)!r}, which is no folder"
        )
    folders = sorted(
        path for path in root.iterdir()
        if path.is_dir() and not path.name.startswith(".")
    )  # fmt: skip
    flat = _images_in(root)
    by_class = {folder: _images_in(folder) for folder in folders}
    if flat and any(by_class.values()):
        raise ValueError(
            f"`data_dir` {root} holds images both beside and inside class "
            f"folders (such as {flat[0].name} and {folders[0].name}/): move "
            "the ones or the others away"
        )
    if not flat:
        _check_classes(root, by_class)
    class_names = () if flat else tuple(folder.name for folder in by_class)
    files = flat or [file for images in by_class.values() for file in images]
    labels = [0] * len(flat) or [
        label for label, images in enumerate(by_class.values()) for _ in images
    ]
    return Source(
        name=f"image folder {root}",
        records=tf.data.Dataset.from_tensor_slices(
            # Encoded, since a name need not be text.
            (list(map(os.fsencode, files)), np.array(labels, np.int32))
        ),
        decode=lambda path, label: (_decode_file(path), label),
        size=len(files),
        class_names=class_names,
        files=tuple(str(file) for file in files),
        # Paths are small enough to shuffle all of them.
        shuffle_buffer=len(files),
        fingerprint=_fingerprint(root, files, labels, times=True),
        identity=_fingerprint(root, files, labels),
    )


def _fingerprint(root, files, labels, times=False):
    """Of what the file system says, without reading the images."""
    digest = hashlib.sha256()
    for file, label in zip(files, labels, strict=True):
        status = file.stat()
        parts = [file.relative_to(root), label, status.st_size]
        if times:
            parts += [file, status.st_mtime_ns]
        digest.update(os.fsencode("\0".join(map(str, parts)) + "\n"))
    return digest.hexdigest()


def _check_classes(root, by_class):
    """Raises a `ValueError` on class folders that cannot be meant so."""
    filled = [folder for folder, images in by_class.items() if images]
    deeper = [
        child
        for folder in by_class
        for child in sorted(folder.iterdir())
        if child.is_dir() and _images_in(child)
    ]
    hint = ""
    if deeper:
        hint = (
            f"; there are images one level deeper, in {deeper[0]}: "
            f"`data_dir` may have to be {deeper[0].parent}"
        )
    if not filled:
        raise ValueError(
            f"`data_dir` {root} holds no image ({', '.join(EXTENSIONS)}), "
            f"neither itself nor in its folders{hint}"
        )
    if len(filled) == 1:
        raise ValueError(
            f"`data_dir` {root} has images of one class only, in "
            f"{filled[0].name}/, so every label would be the same. Usually "
            "`data_dir` is one folder level too high or too low: it must be "
            "the folder that holds the class folders, or, to train without "
            f"classes, the folder of the images itself, {filled[0]}{hint}"
        )
    empty = [folder.name for folder in by_class if folder not in filled]
    if empty:
        raise ValueError(
            f"`data_dir` {root} has class folders without images: "
            f"{', '.join(empty[:5])}{hint}"
        )


def _images_in(folder):
    return sorted(
        path for path in folder.iterdir()
        if path.suffix.lower() in EXTENSIONS
        and not path.name.startswith(".")
        and path.is_file()
    )  # fmt: skip


def _decode_file(path):
    image = tf.io.decode_image(
        tf.io.read_file(path), channels=3, expand_animations=False
    )
    image.set_shape([None, None, 3])
    return image
