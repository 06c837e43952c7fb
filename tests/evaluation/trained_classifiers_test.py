"""Tests of the classifier that is trained on the real images."""

import dataclasses

import numpy as np
import pytest

from sagan_tf import Config
from sagan_tf.evaluation import Evaluator, trained_classifiers
from sagan_tf.evaluation.sets import arrays


@pytest.fixture
def images(random, cache, monkeypatch):
    """A bright half, left or right, is the class."""
    monkeypatch.setattr(trained_classifiers, "_UPDATES", 40)
    pictures = random.integers(0, 90, (200, 16, 16, 3), np.uint8)
    labels = np.arange(200) % 2
    pictures[labels == 0, :, :8] += 90
    pictures[labels == 1, :, 8:] += 90
    return arrays.of_images(pictures, labels, "halves")


def test_learns_and_is_stored(images, cache):
    first = trained_classifiers.trained_on(images)
    assert first.accuracy == 1.0 and first.predicts_labels
    batch, labels = next(images.batches(None, 200))
    features, logits = first.run(batch / np.float32(127.5) - 1)
    assert features.shape == (200, 128)
    assert (logits.numpy().argmax(1) == labels).mean() == 1.0
    (folder,) = cache.glob("classifier_*")
    before = (folder / "model.keras").stat().st_mtime_ns
    second = trained_classifiers.trained_on(images)
    assert (folder / "model.keras").stat().st_mtime_ns == before
    assert (second.sha256, second.accuracy) == (first.sha256, first.accuracy)
    # Larger images are resized.
    assert first.run(np.zeros((2, 20, 20, 3), "float32"))[1].shape == (2, 2)


def test_the_order_of_the_images_changes_nothing(images):
    batch, labels = next(images.batches(None, 200))
    order = np.argsort(labels, kind="stable")
    turned = arrays.of_images(batch[order], labels[order])
    first, second = map(trained_classifiers.trained_on, (images, turned))
    assert first.sha256 == second.sha256


def test_broken_file_is_replaced(images, cache):
    first = trained_classifiers.trained_on(images)
    (path,) = cache.glob("classifier_*/model.keras")
    path.write_bytes(b"broken")
    assert trained_classifiers.trained_on(images).sha256 == first.sha256


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (None, "needs real images with labels. Received: array, without"),
        (
            np.zeros(200, int),
            "at least 2 classes.*Received: array, with 200 of 1",
        ),
    ],
)
def test_images_that_cannot_be_learnt(images, labels, message):
    batch, _ = next(images.batches(None, 200))
    with pytest.raises(ValueError, match=message):
        trained_classifiers.trained_on(arrays.of_images(batch, labels))


def test_evaluator_of_any_labelled_data(images, tmp_path, save_pictures):
    batch, labels = next(images.batches(None, 200))
    save_pictures(tmp_path / "data", batch, labels)
    config = Config(
        dataset="image_folder", data_dir=str(tmp_path / "data"), image_size=32,
        num_classes=2, extractor="classifier", small_images="enlarge",
    )  # fmt: skip
    extractor = Evaluator(config).extractor
    assert extractor.accuracy == 1.0
    config = dataclasses.replace(config, num_classes=None, labels=False)
    assert Evaluator(config).extractor.sha256 == extractor.sha256
