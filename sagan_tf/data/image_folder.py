"""A folder of images."""

import hashlib
import os
import pathlib

import numpy as np
import tensorflow as tf

from sagan_tf.data.source import Source

EXTENSIONS = (".jpg", ".jpeg", ".png", ".bmp", ".gif")


def open_image_folder(data_dir):
    """Opens a folder of images: `class_name/*.jpg`, or `*.jpg` for no labels.

    JPEG, PNG and BMP files and the first frames of GIF files are read,
    including those with CMYK colours or 16 bits. Other files and hidden files
    are ignored. Classes are numbered in the order of their names.

    Args:
        data_dir: Path of the folder.

    Returns:
        A `Source`.

    Raises:
        ValueError: If the folder does not exist, has no images, has images
            of only one class, or has images both beside and inside class
            folders.
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
            "away either of them"
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
            # Encoded, because a file name need not be text.
            (list(map(os.fsencode, files)), np.array(labels, np.int32))
        ),
        decode=lambda path, label: (_decode_file(path), label),
        size=len(files),
        class_names=class_names,
        files=tuple(str(file) for file in files),
        # Paths are so small that all of them can be shuffled.
        shuffle_buffer=len(files),
        fingerprint=_fingerprint(root, files, labels, times=True),
        identity=_fingerprint(root, files, labels),
    )


def _fingerprint(root, files, labels, times=False):
    """Returns a hash of the files' names, labels and sizes.

    With `times` it covers their full paths and modification times too.
    """
    digest = hashlib.sha256()
    for file, label in zip(files, labels, strict=True):
        status = file.stat()
        parts = [file.relative_to(root), label, status.st_size]
        if times:
            parts += [file, status.st_mtime_ns]
        digest.update(os.fsencode("\0".join(map(str, parts)) + "\n"))
    return digest.hexdigest()


def _check_classes(root, by_class):
    """Raises a `ValueError` if the folders do not look like classes."""
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
            f"`data_dir` {root} has no images ({', '.join(EXTENSIONS)}), "
            f"neither directly nor in its folders{hint}"
        )
    if len(filled) == 1:
        raise ValueError(
            f"`data_dir` {root} has images of only one class, in "
            f"{filled[0].name}/, so every label would be the same. Usually "
            "`data_dir` is one folder level too high or too low: it must be "
            "the folder that contains the class folders, or, to train without "
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
