"""Tests of how different the images of a class are."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import diversity

LABELS = np.array([0, 0, 1, 0, 1, 2])


def _pairs(images, labels):
    return [
        np.mean((images[i] - images[j]) ** 2)
        for i in range(len(images))
        for j in range(len(images))
        if i != j and labels[i] == labels[j]
    ]


@pytest.mark.parametrize("labels", [LABELS, None])
def test_distances_within_classes(random, labels):
    images = random.uniform(-1, 1, (6, 4, 4, 3)).astype("float32")
    expected = _pairs(images, np.zeros(6) if labels is None else labels)
    total, number = diversity.distances_within_classes(images, labels)
    np.testing.assert_allclose(total, np.sum(expected), rtol=1e-4)
    assert number == len(expected)


@pytest.mark.parametrize(
    ("factor", "expected"), [(1.0, 0.0), (2.0, 0.0), (0.5, 0.5), (0.0, 1.0)]
)
def test_mode_seeking(random, factor, expected):
    """It asks for images that differ as much as real ones, and no more."""
    real = random.uniform(-1, 1, (6, 4, 4, 3)).astype("float32")
    distance = np.mean(_pairs(real, LABELS))
    found = diversity.mode_seeking(factor * real, LABELS, distance)
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_mode_seeking_without_two_images_of_a_class(random):
    images = random.uniform(-1, 1, (3, 4, 4, 3)).astype("float32")
    assert diversity.mode_seeking(images, np.arange(3), 0.5) == 0


def test_gradient_drives_images_of_a_class_apart(random):
    images = tf.constant(0.01 * random.normal(size=(6, 4, 4, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = diversity.mode_seeking(images, LABELS, 0.5)
    gradient = tape.gradient(loss, images)
    assert np.isfinite(gradient).all()
    moved = images - 0.01 * gradient
    before, _ = diversity.distances_within_classes(images, LABELS)
    after, _ = diversity.distances_within_classes(moved, LABELS)
    assert after > before
    # The only image of its class stays.
    assert not keras.ops.any(gradient[5] != 0)


def test_gradient_at_equal_images_is_finite():
    images = tf.ones((6, 4, 4, 3)) * 0.37
    with tf.GradientTape() as tape:
        tape.watch(images)
        loss = diversity.mode_seeking(images, LABELS, 0.5)
    assert np.isfinite(tape.gradient(loss, images)).all()
