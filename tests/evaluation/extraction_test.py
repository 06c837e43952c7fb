"""Tests of activations that are stored while they are computed."""

import dataclasses
import shutil

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf.evaluation import extraction
from sagan_tf.evaluation.replicas import OnReplicas
from sagan_tf.evaluation.sets import arrays

COUNT = 25


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch, cache):
    monkeypatch.setattr(extraction, "_PART", 10)


@pytest.fixture
def images(random):
    pictures = random.integers(0, 256, (COUNT, 32, 32, 3), np.uint8)
    return arrays.of_images(pictures, np.arange(COUNT) % 5)


@pytest.fixture
def extract(make_extractor):
    extractor = make_extractor()
    run = OnReplicas(tf.distribute.get_strategy(), extractor.run)

    def extract(images, run=run, batch_size=4):
        return extraction.extract(images, extractor, run, None, batch_size)

    return extract


def _assert_equal(first, second):
    for name in ("features", "logits", "labels", "mean", "covariance"):
        np.testing.assert_array_equal(
            getattr(first, name), getattr(second, name), err_msg=name
        )


def test_rows_belong_to_their_images(extract, images):
    found, cached = extract(images)
    assert not cached and found.count == COUNT
    batch, labels = next(images.batches(None, COUNT))
    features = (batch[..., 0] / 127.5 - 1).mean(1)
    # Each row of features is that of one image, with the label of this image.
    distances = np.abs(found.features[:, None] - features).sum(2)
    places = distances.argmin(1)
    assert sorted(places) == list(range(COUNT))
    assert distances.min(1).max() < 1e-4
    np.testing.assert_array_equal(found.labels, labels[places])
    np.testing.assert_allclose(
        found.covariance, np.cov(found.features, rowvar=False), rtol=1e-4
    )


def test_the_order_of_the_images_changes_nothing(extract, images):
    batch, labels = next(images.batches(None, COUNT))
    order = np.argsort(labels, kind="stable")
    turned = arrays.of_images(batch[order], labels[order])
    _assert_equal(extract(images)[0], extract(turned)[0])


def test_interrupted_and_again(extract, images):
    def broken(batch):
        nonlocal left
        left -= 1
        if left < 0:
            raise KeyboardInterrupt
        return run(batch)

    expected, _ = extract(dataclasses.replace(images, fingerprint="other"))
    run = lambda batch: (batch[..., 0].numpy().mean(1),) * 2  # noqa: E731
    whole, _ = extract(dataclasses.replace(images, fingerprint="whole"), run)
    left = 5
    with pytest.raises(KeyboardInterrupt):
        extract(images, broken)
    starts = []
    batches = images.batches

    def recorded(image_size, batch_size, start=0):
        starts.append(start)
        return batches(image_size, batch_size, start)

    watched = dataclasses.replace(images, batches=recorded)
    found, cached = extract(watched, run)
    # Three batches of four are a part of at least ten.
    assert starts == [12] and not cached
    _assert_equal(found, whole)
    again, cached = extract(watched, run)
    assert starts == [12] and cached
    _assert_equal(again, whole)
    assert expected.count == whole.count


@pytest.mark.parametrize("damage", [lambda x: x[:100], lambda x: b"\0" * 99])
def test_broken_part_is_computed_again(extract, images, cache, damage):
    expected, _ = extract(images)
    (path,) = cache.glob("activations_*/12-*.npz")
    path.write_bytes(damage(path.read_bytes()))
    found, cached = extract(images)
    assert not cached
    _assert_equal(found, expected)


def test_two_processes_at_once(extract, images, cache):
    """The other one stores the same images, in parts of other sizes."""
    expected, _ = extract(images)
    (folder,) = cache.glob("activations_*")
    shutil.rmtree(folder)
    batches = images.batches

    def meanwhile(image_size, batch_size, start=0):
        for index, batch in enumerate(batches(image_size, batch_size, start)):
            if index == 2:
                extract(images, batch_size=7)
            yield batch

    found, _ = extract(dataclasses.replace(images, batches=meanwhile))
    _assert_equal(found, expected)
    _assert_equal(extract(images)[0], expected)


def test_unknown_images_are_not_stored(extract, images, cache):
    batch, labels = next(images.batches(None, COUNT))
    found, cached = extract(arrays.of_batches([(batch, labels)]))
    assert not cached and not list(cache.glob("*"))
    _assert_equal(found, extract(images)[0])


def test_too_few_images(extract, images):
    fewer = dataclasses.replace(images, count=COUNT + 1, fingerprint="more")
    with pytest.raises(ValueError, match="has 25 images that can be read"):
        extract(fewer)
    batch, _ = next(images.batches(None, 1))
    with pytest.raises(ValueError, match="At least 2 images are needed"):
        extract(arrays.of_images(batch))


def test_values_that_are_not_finite():
    bad = np.array([[0.0], [np.nan], [1.0]], np.float32)
    good = np.zeros((3, 2), np.float32)
    with pytest.raises(ValueError, match="Activations of a, images 0 and on"):
        extraction.summarized("a", bad, good)
    with pytest.raises(ValueError, match="Logits of a, images 0 and on"):
        extraction.summarized("a", good, bad)
