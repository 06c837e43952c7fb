"""Tests of the pipeline from a source to batches."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import data
from sagan_tf.data import pipeline
from sagan_tf.data.resizing import prepare_tensor


@pytest.fixture
def source():
    """Thirteen images whose brightness is their label."""
    labels = np.arange(13, dtype="int32")
    images = np.broadcast_to(
        labels[:, None, None, None] * 10, (13, 32, 32, 3)
    ).astype("uint8")
    return data.Source(
        "thirteen",
        tf.data.Dataset.from_tensor_slices((images, labels)),
        prepare_tensor,
        13,
        tuple("abcdefghijklm"),
        shuffle_buffer=13,
    )


def _labels(dataset, batches):
    return np.concatenate([labels for _, labels in dataset.take(batches)])


def test_every_epoch_has_every_image_in_another_order(source):
    labels = _labels(data.training_dataset(source, 32, 13), 3)
    epochs = labels.reshape(3, 13)
    for epoch in epochs:
        assert sorted(epoch) == list(range(13))
    assert not np.array_equal(epochs[0], epochs[1])
    assert not np.array_equal(epochs[1], epochs[2])


def test_images_match_labels_and_are_in_range(source):
    images, labels = next(iter(data.training_dataset(source, 32, 5)))
    assert images.shape == (5, 32, 32, 3) and images.dtype == tf.float32
    expected = labels.numpy() * 10 / 127.5 - 1
    np.testing.assert_allclose(
        images, np.broadcast_to(expected[:, None, None, None], images.shape),
        atol=1e-6,
    )  # fmt: skip


@pytest.mark.parametrize("start", [0, 4, 13, 29])
@pytest.mark.parametrize("global_seed", [0, 7])
def test_a_start_continues_an_uninterrupted_run(source, start, global_seed):
    """The global seed has no effect, and flips and epochs are the same."""
    tf.random.set_seed(3)
    uneven = np.random.default_rng(0).integers(0, 255, (13, 32, 32, 3), "uint8")
    source = dataclasses.replace(
        source,
        records=tf.data.Dataset.from_tensor_slices(
            (uneven, np.arange(13, dtype="int32"))
        ),
    )
    whole = data.training_dataset(source, 32, 1, horizontal_flip=True, seed=5)
    expected = list(whole.skip(start).take(20).as_numpy_iterator())
    tf.random.set_seed(global_seed)
    resumed = data.training_dataset(
        source, 32, 1, horizontal_flip=True, seed=5, start=start
    )
    found = list(resumed.take(20).as_numpy_iterator())
    for (image, label), (wanted_image, wanted_label) in zip(
        found, expected, strict=True
    ):
        np.testing.assert_array_equal(label, wanted_label)
        np.testing.assert_array_equal(image, wanted_image)


@pytest.mark.parametrize(("workers", "replicas"), [(1, 4), (2, 4), (4, 4)])
def test_workers_share_each_batch_without_overlap(source, workers, replicas):
    """Together, the workers read what one machine reads, in its order."""
    batches, start = 7, 8
    expected = _labels(data.training_dataset(source, 32, 8, start=start), 7)
    parts = [
        _labels(
            data.training_dataset(
                source,
                32,
                8,
                start=start,
                worker=worker,
                workers=workers,
                replicas=replicas,
            ),
            # A worker's data set has a batch for each of its replicas.
            batches * replicas // workers,
        ).reshape(batches, -1)
        for worker in range(workers)
    ]
    found = np.concatenate(parts, axis=1)
    np.testing.assert_array_equal(found, expected.reshape(batches, 8))
    assert set(found.flat) == set(range(13))


def test_the_order_depends_on_the_seed(source):
    orders = [
        _labels(data.training_dataset(source, 32, 13, seed=seed), 1)
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(orders[0], orders[1])
    assert not np.array_equal(orders[0], orders[2])


def test_batches_without_labels(source):
    batch = next(iter(data.training_dataset(source, 32, 4, labelled=False)))
    assert batch.shape == (4, 32, 32, 3)


def test_flips_half_of_the_images(source):
    ramp = np.broadcast_to(
        np.arange(32, dtype="uint8")[None, None, :, None], (1, 32, 32, 3)
    )
    source = dataclasses.replace(
        source,
        records=tf.data.Dataset.from_tensor_slices((ramp, [0])),
        size=1,
    )
    images, _ = next(
        iter(data.training_dataset(source, 32, 400, horizontal_flip=True))
    )
    flipped = np.mean(images[:, 0, 0, 0] > images[:, 0, -1, 0])
    assert 0.4 < flipped < 0.6


def test_ordered_dataset_keeps_the_order(source):
    images, labels, sides = next(iter(data.ordered_dataset(source, 64, 13)))
    assert images.shape == (13, 64, 64, 3) and images.dtype == tf.uint8
    np.testing.assert_array_equal(labels, range(13))
    assert set(sides.numpy()) == {32}


@pytest.mark.parametrize(
    "make", [pipeline.training_dataset, pipeline.ordered_dataset]
)
def test_the_autotuner_is_off(source, make):
    """A process that exits may wait a minute for the autotuner's thread."""
    assert make(source, 32, 8).options().autotune.enabled is False


@pytest.mark.parametrize("size", [5, 13, 100])
def test_spaced_positions(size):
    chosen = np.flatnonzero(data.is_spaced(np.arange(size), 5, size))
    assert len(chosen) == 5 and chosen[0] == 0
    gaps = np.diff([*chosen, size])
    assert gaps.max() - gaps.min() <= 1


def test_spaced_source(source):
    chosen = data.spaced_source(source, 5)
    labels = [int(label) for _, label, _ in data.ordered_dataset(chosen, 32)]
    assert chosen.size == len(labels) == 5
    wanted = data.is_spaced(np.arange(13), 5, 13)
    np.testing.assert_array_equal(labels, np.flatnonzero(wanted))
    assert data.spaced_source(source, 13) is source
