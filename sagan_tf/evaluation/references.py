"""Real images, as an extractor sees them, and their cache on disk."""

import dataclasses
import hashlib
import json
import os
import pathlib
import tempfile
import zipfile

import numpy as np
from absl import logging

from sagan_tf import data
from sagan_tf.evaluation.activations import Activations, Statistics

# A change of what is in a file, or of how it is computed, is another version.
_VERSION = 1
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
    """

    count: int
    mean: np.ndarray
    covariance: np.ndarray
    features: np.ndarray
    labels: np.ndarray


def load(config, protocol, extractor, batch_size, progress=None):
    """Returns the `Reference` of a data set, from the cache if it is there.

    Files are in the user's cache directory (`XDG_CACHE_HOME`, ~/.cache), one
    for each combination of data, split, count, size, resizing and extractor.
    One that cannot be read is made anew.

    Args:
        config: `Config` of a run, for its data.
        protocol: `Protocol`.
        extractor: `Extractor`.
        batch_size: Integer, images at a time.
        progress: Function of the number of images done, or None.

    Returns:
        The `Reference`, and whether it came from the cache.
    """
    split = protocol.split or config.split
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
    }
    path = _path(key)
    cached = _read(path, key)
    if cached is not None:
        return cached, True
    reference = _compute(
        data.evenly_spaced(source, count),
        config.image_size,
        protocol.resize,
        extractor,
        batch_size,
        progress,
    )
    try:
        _write(path, key, reference)
    except OSError as error:
        logging.warning("%s was not cached: %s", path, error)
    return reference, False


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
            **dataclasses.asdict(reference),
        )
        os.replace(temporary, path)


def _compute(source, image_size, resize, extractor, batch_size, progress):
    dataset = data.ordered_dataset(source, image_size, batch_size, resize)
    most = min(source.size, MOST_KEPT)
    # In the order of a data set, which may be by class, they would mislead
    # what works in parts.
    order = np.random.default_rng(0).permutation(most)
    statistics, done = Statistics(), 0
    kept, labels = Activations(most, order), Activations(most, order)
    for images, batch_labels, _ in dataset:
        features, _ = extractor.run(data.to_float(images))
        features = features.numpy()
        statistics.add(features, f"real images {done} and on")
        # Evenly spaced, as in `data.evenly_spaced`.
        positions = done + np.arange(len(features))
        chosen = positions * most % source.size < most
        kept.add(features[chosen])
        labels.add(batch_labels.numpy()[chosen])
        done += len(features)
        if progress is not None:
            progress(done)
    mean, covariance = statistics.result()
    return Reference(done, mean, covariance, kept.array, labels.array)
