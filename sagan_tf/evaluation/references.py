"""Real images, as an extractor sees them, and their cache on disk."""

import dataclasses
import hashlib
import json
import os
import pathlib
import tempfile
import zipfile

import numpy as np
import tensorflow as tf
from absl import logging

from sagan_tf import data
from sagan_tf.evaluation.accumulators import Activations, Statistics
from sagan_tf.evaluation.replicas import OnReplicas
from sagan_tf.images import to_float

# A change of what is in a file, or of how it is computed, is another version.
_VERSION = 2
# So many activations are kept; the statistics are of all images.
MOST_KEPT = 50_000


@dataclasses.dataclass
class Reference:
    """What an extractor made of real images.

    Attributes:
        count: Integer, of the images that the statistics are of.
        mean, covariance: Float64 statistics of their features.
        features: Float32 (kept, features), of at most `MOST_KEPT` of them,
            evenly spaced, in random order.
        labels: int32 (kept,).
        identity: String that says which data they are, on any machine.
    """

    count: int
    mean: np.ndarray
    covariance: np.ndarray
    features: np.ndarray
    labels: np.ndarray
    identity: str


def load(config, protocol, extractor, strategy, batch_size, progress=None):
    """Returns the `Reference` of a data set, from the cache if it is there.

    Files are in the user's cache directory (`XDG_CACHE_HOME`, ~/.cache), one
    for each combination of data, split, count, size, resizing and extractor.
    One that cannot be read is made anew.

    Args:
        config: `Config` of a run, for its data.
        protocol: `Protocol`.
        extractor: `Extractor`.
        strategy: `tf.distribute.Strategy`, whose replicas share the work.
        batch_size: Integer, images at a time on each replica.
        progress: Function of the number of images done, or None.

    Returns:
        The `Reference`, and whether it came from the cache.

    Raises:
        ValueError: If there are no such data, or they have not the labels
            that the run has.
    """
    split = protocol.split or config.split
    if config.dataset == "image_folder" and split != "train":
        raise ValueError(
            "`split` must be 'train' for an image folder, which has no other. "
            f"Received: split={split!r}"
        )
    source = data.open_source(config.dataset, config.data_dir, split)
    count = min(protocol.real_images or source.size, source.size)
    key = {
        "version": _VERSION,
        "data": source.fingerprint,
        "split": split,
        "count": count,
        "image_size": config.image_size,
        "resize": protocol.resize,
        "quantized": True,
        "extractor": extractor.sha256,
        "outputs": list(extractor.outputs),
    }
    path = _path(key)
    cached = _read(path, key)
    if cached is not None:
        return cached, True
    data.check_headers(source)
    dataset = data.ordered_dataset(
        data.evenly_spaced(source, count),
        config.image_size,
        batch_size * strategy.num_replicas_in_sync,
        protocol.resize,
    )
    extract = OnReplicas(strategy, extractor.run)
    try:
        reference = _compute(dataset, count, extract, source.identity, progress)
    except tf.errors.InvalidArgumentError:
        # Names the file, if one cannot be decoded.
        data.check(source, config.image_size, 0, 0)
        raise
    labels = reference.labels
    if config.num_classes and not (
        0 <= labels.min() and labels.max() < config.num_classes
    ):
        raise ValueError(
            f"`split` {split!r} of {config.dataset!r} must have labels below "
            f"{config.num_classes}, as the run has. Received: labels from "
            f"{labels.min()} to {labels.max()}"
        )
    try:
        _write(path, key, reference)
    except OSError as error:
        logging.warning("%s was not cached: %s", path, error)
    return reference, False


def positions(reference):
    """Returns the position in the data of each row that a reference keeps."""
    most = len(reference.labels)
    everything = np.arange(reference.count)
    kept = everything[everything * most % reference.count < most]
    positions = np.empty(most, int)
    positions[_order(most)] = kept
    return positions


def _order(count):
    """In the order of a data set, which may be by class, they would mislead
    what works in parts."""
    return np.random.default_rng(0).permutation(count)


def _path(key):
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode())
    folder = pathlib.Path(cache).expanduser() / "sagan_tf"
    return folder / f"real_images_{digest.hexdigest()[:32]}.npz"


def _read(path, key):
    if not path.exists():
        return None
    try:
        # NumPy leaves a file open that it opens and cannot read.
        with open(path, "rb") as file, np.load(file) as arrays:
            if json.loads(str(arrays["key"])) != key:
                raise ValueError("it is of other images or another version")
            return Reference(
                int(arrays["count"]),
                *(
                    arrays[name]
                    for name in ("mean", "covariance", "features", "labels")
                ),
                str(arrays["identity"]),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as e:
        logging.warning("Cached %s is made anew: %s", path, e)
        return None


def _write(path, key, reference):
    """Writes whole or not at all, also beside other processes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        temporary = os.path.join(folder, path.name)
        np.savez(
            temporary,
            key=json.dumps(key),
            **vars(reference),
        )
        os.replace(temporary, path)


def _compute(dataset, count, extract, identity, progress):
    most = min(count, MOST_KEPT)
    order = _order(most)
    statistics, done = Statistics(), 0
    kept, labels = Activations(most, order), Activations(most, order)
    for images, batch_labels, _ in dataset:
        features, _ = extract(to_float(images))
        statistics.add(features, f"real images {done} and on")
        # Evenly spaced, as in `data.evenly_spaced`.
        positions = done + np.arange(len(features))
        chosen = positions * most % count < most
        kept.add(features[chosen])
        labels.add(batch_labels.numpy()[chosen])
        done += len(features)
        if progress is not None:
            progress(done)
    if done != count:
        raise ValueError(
            f"The data were to have {count} images, and {done} could be read"
        )
    mean, covariance = statistics.result()
    return Reference(done, mean, covariance, kept.array, labels.array, identity)
