"""What an extractor makes of a set of images, stored as it comes."""

import dataclasses
import pathlib
import shutil
import tempfile

import numpy as np
from absl import logging

from sagan_tf.evaluation.accumulators import (
    Activations,
    Rows,
    Statistics,
    row_blocks,
)
from sagan_tf.evaluation.sets.arrays import BROKEN
from sagan_tf.evaluation.sets.image_set import keys_of
from sagan_tf.images import to_float
from sagan_tf.utils import files
from sagan_tf.utils.progress import progress_bar

_VERSION = 1
# Images whose activations are stored in one file.
_PART = 2_000


@dataclasses.dataclass
class Extracted:
    """What an extractor made of a set of images.

    Attributes:
        name: Name of the set.
        count: Number of images.
        mean, covariance: Float64 statistics of the features.
        features: Float32 (count, features), an array or `Rows`; None if only
            the statistics are known.
        logits: Float32 (count, classes), an array or `Rows`, or None.
        labels: int32 (count,); None without labels.
        class_names: Names of the classes; empty if they have none.

    The rows are in an order that follows from the images alone, and that is as
    good as random. So the results do not depend on the order of the images,
    which are often sorted by class.
    """

    name: str
    count: int
    mean: np.ndarray
    covariance: np.ndarray
    features: np.ndarray | None = None
    logits: np.ndarray | None = None
    labels: np.ndarray | None = None
    class_names: tuple = ()

    def rows(self, chosen):
        """Returns the `Extracted` of some of the images."""
        labels = None if self.labels is None else self.labels[chosen]
        return summarized(
            self.name,
            Rows(self.features, chosen),
            Rows(self.logits, chosen),
            labels,
            self.class_names,
        )

    def groups(self, number):
        """Divides the images into groups with equally many of each class.

        Returns:
            The group of each image, int (count,).
        """
        labels = (
            self.labels if self.labels is not None else np.zeros(self.count)
        )
        groups = np.empty(self.count, int)
        groups[np.argsort(labels, kind="stable")] = (
            np.arange(self.count) % number
        )
        return groups


def summarized(name, features, logits, labels=None, class_names=()):
    """Makes an `Extracted` of activations.

    Raises:
        ValueError: If there are fewer than two rows, or a value is not finite.
    """
    if len(features) < 2:
        raise ValueError(
            f"At least 2 images are needed. Received: {name}, with "
            f"{len(features)}"
        )
    statistics = Statistics()
    for rows in row_blocks(len(features)):
        first = rows.start
        statistics.add(features[rows], f"{name}, images {first} and on")
        if not np.isfinite(logits[rows]).all():
            raise ValueError(
                f"Logits of {name}, images {first} and on, are not finite"
            )
    mean, covariance = statistics.result()
    return Extracted(
        name,
        len(features),
        mean,
        covariance,
        features,
        logits,
        labels,
        class_names,
    )


def extract(images, extractor, run, image_size, batch_size):
    """Runs an extractor on a set of images.

    The activations are stored in the user's cache while they are computed. So
    an evaluation that was interrupted goes on where it was, and the next one
    of the same images and extractor reads them.

    Args:
        images: `ImageSet`.
        extractor: `Extractor`.
        run: Function from float32 images to features and logits, which runs
            the extractor.
        image_size: Integer, pixels, or None: the images' own size.
        batch_size: Integer, images per batch.

    Returns:
        The `Extracted`, and whether all of it came from the cache.

    Raises:
        ValueError: If the images cannot be read or used.
    """
    if not images.fingerprint:
        with tempfile.TemporaryDirectory() as folder:
            parts = _Parts(folder)
            _fill(parts, images, run, image_size, batch_size)
            return parts.read(images), False
    parts = _Parts(_folder(images, extractor, image_size))
    begun = parts.count()
    if 0 < begun < images.count:
        logging.info("%s: going on at image %d.", images.name, begun)
    _fill(parts, images, run, image_size, batch_size)
    try:
        return parts.read(images), begun == images.count
    except _BrokenPart as error:
        logging.warning("Computing again what is broken: %s.", error)
    shutil.rmtree(parts.folder)
    _fill(parts, images, run, image_size, batch_size)
    return parts.read(images), False


def _folder(images, extractor, image_size):
    """Returns where in the cache the activations are."""
    key = {
        "version": _VERSION,
        "images": images.fingerprint,
        "count": images.count,
        "image_size": image_size,
        "extractor": extractor.sha256,
        "outputs": list(extractor.outputs),
        "input_range": list(extractor.input_range),
    }
    return files.cached_path("activations", key)


def _fill(parts, images, run, image_size, batch_size):
    """Computes and stores the activations that are not there yet."""
    stored = done = parts.count()
    rows = []
    if done == images.count:
        return
    progress = progress_bar(images.name, images.count)
    for batch, labels in images.batches(image_size, batch_size, done):
        rows.append(_row(run, batch, labels))
        done += len(batch)
        progress(done)
        if done - stored >= _PART:
            parts.add(stored, rows)
            stored, rows = done, []
    if rows:
        parts.add(stored, rows)
    if images.count is not None and parts.count() != images.count:
        raise ValueError(
            f"{images.name} has {done} images that can be read, but should "
            f"have {images.count}"
        )


def _row(run, batch, labels):
    """Returns keys, features, logits, and labels if there are any."""
    found = keys_of(batch), *run(to_float(batch))
    if labels is None:
        return found
    return *found, np.asarray(labels, np.int32)


class _BrokenPart(Exception):
    """A file of activations cannot be read."""


class _Parts:
    """The files that hold the activations of a set of images, in order.

    Each file is named for the images in it, such as `0-2000.npz`.
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def count(self):
        """Returns the number of images that are stored."""
        return sum(end - start for _, start, end in self._listed())

    def add(self, start, rows):
        """Stores the activations of the images from `start` on.

        Another process may store the same images at the same time.
        """
        arrays = [np.concatenate(each) for each in zip(*rows, strict=True)]
        path = self.folder / f"{start}-{start + len(arrays[0])}.npz"
        names = ("keys", "features", "logits", "labels")
        with files.creating(path) as temporary:
            np.savez(temporary, **dict(zip(names, arrays, strict=False)))

    def read(self, images):
        """Returns the `Extracted` of all images."""
        if not self.count():
            raise ValueError(f"{images.name} has no images")
        keys, labels = self._column("keys"), self._column("labels")
        # Equal images are sorted by their labels.
        order = np.lexsort([keys] if labels is None else [labels, keys])
        places = np.argsort(order)
        return summarized(
            images.name,
            self._column("features", places),
            self._column("logits", places),
            None if labels is None else labels[order],
            images.class_names,
        )

    def _column(self, name, places=None):
        """Returns an array of all files, or None; one file is read at a time.

        Args:
            name: Name of the array.
            places: Permutation, the place of each row, or None.
        """
        filled = Activations(self.count(), places)
        for path, _, _ in self._listed():
            try:
                # Opened here, because NumPy does not close a file it cannot
                # read.
                with open(path, "rb") as file, np.load(file) as loaded:
                    if name != "labels" or name in loaded:
                        filled.add(loaded[name])
            except (*BROKEN, KeyError) as error:
                raise _BrokenPart(f"{path} ({error})") from None
        return filled.array

    def _listed(self):
        """Returns (path, start, end) of the files up to the first gap."""
        found = {}
        for path in self.folder.glob("*-*.npz"):
            start, _, end = path.stem.partition("-")
            start, end = int(start), int(end)
            if end > found.get(start, (None, 0, 0))[2]:
                found[start] = (path, start, end)
        listed, start = [], 0
        while start in found:
            listed.append(found[start])
            start = found[start][2]
        return listed
