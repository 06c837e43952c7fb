"""Tests of the activations of real images, and of their cache."""

import dataclasses
import json
import logging

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import data
from sagan_tf.evaluation import references
from sagan_tf.images import to_float


@pytest.fixture
def load(config, protocol, make_extractor):
    """Loads a `Reference`, and whether it came from the cache."""

    def run(config=config, protocol=protocol, extractor=None):
        extractor = extractor or make_extractor()
        strategy = tf.distribute.get_strategy()
        return references.load(config, protocol, extractor, strategy, 150)

    return run


def _assert_equal(first, second):
    for name, value in vars(first).items():
        np.testing.assert_array_equal(value, getattr(second, name))


def test_no_image_is_read_the_second_time(load, cache, monkeypatch):
    first, cached = load()
    assert not cached
    monkeypatch.setattr(references.data, "ordered_dataset", None)
    second, cached = load()
    assert cached
    _assert_equal(first, second)


def test_other_images_and_extractors_are_cached_apart(
    load, cache, protocol, make_extractor
):
    load()
    for count, change in enumerate(
        (
            {"protocol": dataclasses.replace(protocol, real_images=299)},
            {"protocol": dataclasses.replace(protocol, resize="area")},
            {"protocol": dataclasses.replace(protocol, split="test")},
            {"extractor": make_extractor(sha256="2")},
            {
                "extractor": dataclasses.replace(
                    make_extractor(), outputs=("c", "b")
                )
            },
        ),
        start=2,
    ):
        _, cached = load(**change)
        assert not cached
        assert len(list(cache.glob("real_images_*.npz"))) == count


@pytest.mark.parametrize("broken", ["cut", "other", "version"])
def test_corrupt_cache_is_written_again(load, cache, broken, caplog):
    first, _ = load()
    (path,) = cache.glob("real_images_*.npz")
    whole = path.read_bytes()
    if broken == "cut":
        path.write_bytes(whole[: len(whole) // 2])
    elif broken == "other":
        path.write_bytes(b"no archive")
    else:
        with np.load(path) as file:
            arrays = dict(file)
        key = json.loads(str(arrays["key"]))
        arrays["key"] = json.dumps({**key, "version": -1})
        np.savez(path, **arrays)
    with caplog.at_level(logging.WARNING, "absl"):
        second, cached = load()
    assert f"Computing {path} again" in caplog.text and not cached
    _assert_equal(first, second)
    third, cached = load()
    assert cached
    _assert_equal(first, third)
    assert [file.name for file in cache.iterdir()] == [path.name]


def test_full_disk_leaves_nothing(load, cache, monkeypatch, caplog):
    def savez(path, **arrays):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", savez)
    with caplog.at_level(logging.WARNING, "absl"):
        reference, _ = load()
    assert "was not cached: [Errno 28]" in caplog.text
    assert reference.count == 300
    assert not list(cache.iterdir())


def test_rows_are_in_random_order_beside_their_labels(load, make_extractor):
    @tf.function
    def run(images):
        features = tf.reshape(images[:, ::8, ::8, 0], (len(images), 16))
        return features, images[:, 0, :10, 0]

    reference, _ = load(extractor=make_extractor(run, sha256="order"))
    source = data.spaced_source(data.open_source("digits"), 300)
    features, labels = [], []
    for images, batch_labels, _ in data.ordered_dataset(source, 32, 500):
        features.append(run(to_float(images))[0].numpy())
        labels.append(batch_labels.numpy())
    places = references.positions(reference)
    assert len(places) == 300 and np.any(np.diff(places) < 0)
    np.testing.assert_array_equal(
        reference.labels, np.concatenate(labels)[places]
    )
    np.testing.assert_array_equal(
        reference.features, np.concatenate(features)[places]
    )
    np.testing.assert_allclose(
        reference.features.mean(0), reference.mean, atol=1e-6
    )


def test_labels_must_be_those_of_the_run(load, config, cache):
    with pytest.raises(ValueError, match=r"must have labels in \[0, 5\)"):
        load(config=dataclasses.replace(config, num_classes=5))


def test_image_folder_without_parts_has_no_splits(
    load, config, protocol, tmp_path
):
    (tmp_path / "1.png").write_bytes(b"")
    config = dataclasses.replace(
        config, dataset="image_folder", data_dir=str(tmp_path)
    )
    protocol = dataclasses.replace(protocol, split="test")
    with pytest.raises(ValueError, match="`split` must be 'train' unless"):
        load(config, protocol)
