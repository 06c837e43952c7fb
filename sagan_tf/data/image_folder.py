"""A folder of images."""

import hashlib
import os
import pathlib

import numpy as np
import tensorflow as tf
from absl import logging

from sagan_tf.data import pictures
from sagan_tf.data.scan import Found, holds_a_run, listing
from sagan_tf.data.source import Source

# Names of folders that are parts of a data set and not its classes. A part has
# several usual names.
_SPLITS = (
    ("train", "training"),
    ("test", "testing"),
    ("validation", "valid", "val", "dev"),
)


def open_image_folder(data_dir, split="train", background="white"):
    """Opens a folder of images: `class_name/*.jpg`, or `*.jpg` for no labels.

    Images in deeper folders belong to the class of the uppermost one. Links
    to files and folders are followed. Hidden files, and folders with a run in
    them, are left out. Classes are numbered in the order of their names.

    If the folder consists of folders that are named like parts of a data set
    (train, test, validation), `split` picks one of them.

    Args:
        data_dir: Path of the folder.
        split: Name of the part; "train" if the folder has no parts.
        background: Colour that transparent pixels show, see `pictures.colour`.

    Returns:
        A `Source`. Its `unusable` lists files that are named like pictures
        but are not there or are of formats that are not read.

    Raises:
        ValueError: If the folder or its part does not exist, has no images,
            has images of only one class, or has images both beside and inside
            class folders.
    """
    root = pathlib.Path(data_dir)
    if not data_dir or not root.is_dir():
        raise ValueError(
            "`data_dir` must be a folder of images. "
            f"Received: data_dir={str(data_dir)!r}, which is no folder"
        )
    root = _part(root, split)
    found = Found(root)
    flat = [file for file in found.files if file.parent == root]
    if not flat or len(flat) < len(found.files):
        _check_classes(root, found, flat)
    return _source(root, found, _classes(root, found), background)


def open_pictures(folder, background="white"):
    """Opens all pictures below a folder, as a set that is only looked at.

    Unlike `open_image_folder` it takes any tree. The uppermost folders are the
    classes if there are at least two and all pictures are in them.

    Args:
        folder: Path of the folder.
        background: As in `open_image_folder`.

    Returns:
        A `Source`, as `open_image_folder` returns.

    Raises:
        ValueError: If the folder does not exist or has no pictures, or if it
            consists of parts of a data set, such as train and test.
    """
    root = pathlib.Path(folder)
    if not root.is_dir():
        raise ValueError(f"{folder} is not a folder")
    parts = _parts(root)
    if len(parts) > 1:
        raise ValueError(
            f"{folder} has the parts {', '.join(sorted(parts))} of a data set: "
            f"name one of them, such as {next(iter(parts.values()))}"
        )
    found = Found(root)
    if not found.files:
        raise ValueError(
            f"{folder} has no pictures ({', '.join(pictures.EXTENSIONS)})"
        )
    names = _classes(root, found)
    return _source(root, found, names if len(names) > 1 else (), background)


def _classes(root, found):
    """Returns the names of the classes; none if a picture is beside them."""
    if any(file.parent == root for file in found.files):
        return ()
    return tuple(sorted(set(_tops(root, found.files))))


def _source(root, found, class_names, background):
    labels = np.zeros(len(found.files), np.int32)
    if class_names:
        index = {name: label for label, name in enumerate(class_names)}
        labels[:] = [index[name] for name in _tops(root, found.files)]
    return Source(
        name=f"image folder {root}",
        records=tf.data.Dataset.from_tensor_slices(
            # Encoded, because a file name need not be text.
            (list(map(os.fsencode, found.files)), labels)
        ),
        prepare=lambda path, label, **options: pictures.prepare_tensor(
            path, label, pictures.read_file, background, **options
        ),
        size=len(found.files),
        class_names=class_names,
        files=tuple(map(str, found.files)),
        unusable=tuple(found.unusable),
        notes=tuple(found.notes()) + _doubts(class_names),
        # Paths are so small that all of them can be shuffled.
        shuffle_buffer=len(found.files),
        fingerprint=_fingerprint(root, found.files, labels, background),
        identity=_fingerprint(root, found.files, labels),
    )


def _tops(root, files):
    """Returns the name of the uppermost folder of each file below `root`."""
    depth = len(root.parts)
    return [file.parts[depth] for file in files]


def _part(root, split):
    """Returns the folder to read: `root`, or the part of it that is asked."""
    parts = _parts(root)
    split = split.lower() if split.lower() in parts else split
    if not parts:
        if split != "train":
            raise ValueError(
                "`split` must be 'train' unless all folders in `data_dir` are "
                "named train, test or validation. "
                f"Received: split={split!r}, for {root}"
            )
        return root
    same = next((names for names in _SPLITS if split in names), (split,))
    chosen = next((parts[name] for name in same if name in parts), None)
    found = ", ".join(path.name for path in parts.values())
    if chosen is None:
        raise ValueError(
            f"`data_dir` {root} has the splits {found}, which are not classes: "
            f"`split` must be one of them. Received: split={split!r}"
        )
    logging.info(
        "%s has the splits %s, which are not classes. %s is read; `split` "
        "picks another one.",
        root,
        found,
        chosen.name,
    )
    return chosen


def _parts(root):
    """Returns the parts of a data set by their names in lower case.

    It is empty unless all folders in `root` are parts, or hold runs.
    """
    folders, names = listing(root)
    paths = [root / name for name in sorted(folders) if name[0] != "."]
    usual = {name for names in _SPLITS for name in names}
    if any(
        name[0] != "."
        and pathlib.Path(name).suffix.lower() in pictures.EXTENSIONS
        for name in names
    ) or not all(
        # A listing takes time, and the first class folder is enough.
        path.name.lower() in usual or holds_a_run(path)
        for path in paths
    ):
        return {}
    return {
        path.name.lower(): path
        for path in paths
        if path.name.lower() in usual and not holds_a_run(path)
    }


def _doubts(class_names):
    """Returns a note if the classes look like parts of an unlabelled set."""
    numbers = [
        int(name) for name in class_names if len(name) >= 5 and name.isdecimal()
    ]
    steps = set(np.diff(numbers).tolist())
    # FFHQ's folders count in thousands.
    if len(numbers) != len(class_names) or steps not in ({1}, {1000}):
        return ()
    return (
        f"The folders {class_names[0]}, {class_names[1]}, ... count as "
        "classes. If they only divide one set, `labels=False` trains without "
        "classes.",
    )


def _fingerprint(root, files, labels, background=None):
    """Returns a hash of the files' names, labels and sizes.

    With a background it covers that, the files' full paths, and the times of
    their last changes too.
    """
    digest = hashlib.sha256()
    if background is not None:
        digest.update(f"{pictures.colour(background)}\n".encode())
    for file, label in zip(files, labels, strict=True):
        status = file.stat()
        parts = [file.relative_to(root), label, status.st_size]
        if background is not None:
            parts += [file, status.st_mtime_ns]
        digest.update(os.fsencode("\0".join(map(str, parts)) + "\n"))
    return digest.hexdigest()


def _check_classes(root, found, flat):
    """Raises a `ValueError` if the folders do not look like classes."""
    inside = [file for file in found.files if file.parent != root]
    if flat and inside:
        raise ValueError(
            f"`data_dir` {root} holds images both beside and inside class "
            f"folders (such as {flat[0].name} and "
            f"{inside[0].relative_to(root)}): move away either of them"
        )
    if not inside:
        reasons = "".join(
            f"; {path}: {reason}" for path, reason in found.unusable[:1]
        )
        raise ValueError(
            f"`data_dir` {root} has no images "
            f"({', '.join(pictures.EXTENSIONS)}), neither directly nor in its "
            f"folders{reasons}"
        )
    filled = set(_tops(root, inside))
    if len(filled) == 1:
        (only,) = filled
        raise ValueError(
            f"`data_dir` {root} has images of only one class, in {only}/, so "
            "every label would be the same. Usually `data_dir` is one folder "
            "level too high or too low: it must be the folder that contains "
            f"the class folders, or, to train without classes, the folder of "
            f"the images itself; it may have to be {root / only}"
        )
    empty = [
        path.name
        for path in sorted(root.iterdir())
        if path.is_dir()
        and path.name[0] != "."
        and path.name not in filled
        and not any(path in (run, *run.parents) for run in found.runs)
    ]
    if empty:
        raise ValueError(
            f"`data_dir` {root} has class folders without images: "
            f"{', '.join(empty[:5])}"
        )
