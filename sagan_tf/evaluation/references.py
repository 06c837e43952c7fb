"""Activations of real images, and their cache on disk."""

import dataclasses
import json
import zipfile

import numpy as np
from absl import logging

from sagan_tf import data
from sagan_tf.evaluation.accumulators import Activations, Statistics
from sagan_tf.evaluation.replicas import OnReplicas
from sagan_tf.images import to_float
from sagan_tf.utils import files

# Version of the files' content and of its computation.
_VERSION = 3
# The statistics cover all images; a reference holds the activations of at most
# this many.
MAX_ROWS = 50_000


@dataclasses.dataclass
class Reference:
    """What an extractor made of real images.

    Attributes:
        count: Integer, number of the images.
        mean, covariance: Float64 statistics of the images' features.
        features: Float32 (rows, features), the features of at most `MAX_ROWS`
            evenly spaced images, in random order.
        labels: int32 (rows,), the labels of these images.
        identity: String that identifies the data on every machine.
    """

    count: int
    mean: np.ndarray
    covariance: np.ndarray
    features: np.ndarray
    labels: np.ndarray
    identity: str


def load(config, protocol, extractor, strategy, batch_size, progress=None):
    """Returns the `Reference` of a data set, from the cache if it is there.

    The cache has a file for each combination of data, split, count, size,
    resizing and extractor. A file that cannot be read is written again.

    Args:
        config: `Config` of a run.
        protocol: `Protocol`.
        extractor: `Extractor`.
        strategy: `tf.distribute.Strategy`, whose replicas share the work.
        batch_size: Integer, images per batch on each replica.
        progress: Function of the number of images that are done, or None.

    Returns:
        The `Reference`, and whether it came from the cache.

    Raises:
        ValueError: If the data does not exist, or has labels that the run
            does not have.
    """
    split = protocol.split or config.split
    source = data.open_configured(config, split)
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
        "input_range": list(extractor.input_range),
    }
    path = files.cached_path("real_images", key, ".npz")
    cached = _read(path, key)
    if cached is not None:
        return cached, True
    dataset = data.ordered_dataset(
        data.spaced_source(source, count),
        config.image_size,
        batch_size * strategy.num_replicas_in_sync,
        protocol.resize,
    )
    extract = OnReplicas(strategy, extractor.run)
    with data.naming_bad_images(source):
        reference = _compute(dataset, count, extract, source.identity, progress)
    labels = reference.labels
    if config.num_classes is not None and not (
        labels.min() >= 0 and labels.max() < config.num_classes
    ):
        raise ValueError(
            f"`split` {split!r} of {config.dataset!r} must have labels in [0, "
            f"{config.num_classes}), as the run has. Received: labels from "
            f"{labels.min()} to {labels.max()}"
        )
    try:
        _write(path, key, reference)
    except OSError as error:
        logging.warning("%s was not cached: %s", path, error)
    return reference, False


def positions(reference):
    """Returns the index, among the `count` images, of each reference row."""
    rows = len(reference.labels)
    everything = np.arange(reference.count)
    found = np.empty(rows, int)
    found[_order(rows)] = everything[
        data.is_spaced(everything, rows, reference.count)
    ]
    return found


def _order(count):
    """Returns a fixed permutation.

    Data sets are often sorted by class, which would bias metrics that use
    consecutive rows: the blocks of KID and the first `manifold_images`.
    """
    return np.random.default_rng(0).permutation(count)


def _read(path, key):
    """Returns the `Reference` in a file; None if it is missing or broken."""
    if not path.exists():
        return None
    try:
        # Opened here, because NumPy does not close a file it cannot read.
        with open(path, "rb") as file, np.load(file) as arrays:
            if json.loads(str(arrays["key"])) != key:
                raise ValueError("it has other images or another version")
            return Reference(
                int(arrays["count"]),
                *(
                    arrays[name]
                    for name in ("mean", "covariance", "features", "labels")
                ),
                str(arrays["identity"]),
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as e:
        logging.warning("Computing %s again: %s", path, e)
        return None


def _write(path, key, reference):
    with files.creating(path) as temporary:
        np.savez(temporary, key=json.dumps(key), **vars(reference))


def _compute(dataset, count, extract, identity, progress):
    rows = min(count, MAX_ROWS)
    order = _order(rows)
    statistics, done = Statistics(), 0
    features, labels = Activations(rows, order), Activations(rows, order)
    for images, batch_labels, _ in dataset:
        batch_features, _ = extract(to_float(images))
        statistics.add(batch_features, f"real images {done} and on")
        places = done + np.arange(len(batch_features))
        chosen = data.is_spaced(places, rows, count)
        features.add(batch_features[chosen])
        labels.add(batch_labels.numpy()[chosen])
        done += len(batch_features)
        if progress is not None:
            progress(done)
    if done != count:
        raise ValueError(
            f"{done} images could be read, but the data should have {count}"
        )
    mean, covariance = statistics.result()
    return Reference(
        done, mean, covariance, features.array, labels.array, identity
    )
