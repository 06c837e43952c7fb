"""Tests of the differentiable augmentation."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import augmentation

ALL = ("color", "translation", "cutout")


@pytest.fixture
def images():
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, (4, 32, 32, 3)).astype("float32")


@pytest.mark.parametrize(
    ("numbers", "down", "right"),
    [
        ((0.0, 0.0), -4, -4),
        ((0.5, 0.5), 0, 0),
        ((0.999, 0.0), 4, -4),
        ((0.7, 0.12), 2, -3),
        # What rounding may make of the largest number below 1.
        ((1.0, 1.0), 4, 4),
    ],
)
def test_translation(images, numbers, down, right):
    """By an eighth of 32 pixels at most; zeros come in."""
    found = augmentation.augment_with(images, ("translation",), [numbers] * 4)
    padded = np.pad(images, [(0, 0), (4, 4), (4, 4), (0, 0)])
    rows, columns = slice(4 - down, 36 - down), slice(4 - right, 36 - right)
    np.testing.assert_array_equal(found, padded[:, rows, columns])


@pytest.mark.parametrize(
    ("numbers", "rows", "columns"),
    [
        ((0.0, 0.0), (0, 8), (0, 8)),
        ((0.999, 0.999), (24, 32), (24, 32)),
        # 33 centres, the last of them beside the image.
        ((16.5 / 33, 10.5 / 33), (8, 24), (2, 18)),
        ((1.0, 1.0), (24, 32), (24, 32)),
    ],
)
def test_cutout(images, numbers, rows, columns):
    """A square of 16 pixels, of which a part may be outside."""
    expected = images.copy()
    expected[:, slice(*rows), slice(*columns)] = 0
    found = augmentation.augment_with(images, ("cutout",), [numbers] * 4)
    np.testing.assert_array_equal(found, expected)


def test_color(images):
    numbers = np.array([[0.9, 0.3, 0.8]] * 4, "float32")
    found = augmentation.augment_with(images, ("color",), numbers)
    expected = images + 0.4
    grey = expected.mean(axis=3, keepdims=True)
    expected = grey + 0.6 * (expected - grey)
    mean = expected.mean(axis=(1, 2, 3), keepdims=True)
    np.testing.assert_allclose(found, mean + 1.3 * (expected - mean), atol=1e-6)


def test_odd_sizes():
    """As int(size * ratio + 0.5) of the authors' code."""
    images = np.ones((1, 29, 29, 1), "float32")
    moved = augmentation.augment_with(images, ("translation",), [[0.0, 0.999]])
    assert np.array(moved).sum() == 25 * 25
    cut = augmentation.augment_with(images, ("cutout",), [[0.5, 0.5]])
    assert (np.array(cut) == 0).sum() == 15 * 15


def test_policies_are_applied_in_order(images):
    numbers = np.full((4, 4), 0.0, "float32")
    cut_first = augmentation.augment_with(
        images, ("cutout", "translation"), numbers
    )
    moved_first = augmentation.augment_with(
        images, ("translation", "cutout"), numbers
    )
    # The cut in the corner moves out of the image, half of it.
    assert (np.array(cut_first)[0, :4, :4] == 0).all()
    assert (np.array(cut_first)[0, 4:8, 4:8] != 0).all()
    assert (np.array(moved_first)[0, :8, :8] == 0).all()


def test_seed_decides(images):
    first, second, other = (
        np.array(augmentation.augment(images, ALL, seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)
    assert first.dtype == images.dtype and first.shape == images.shape
    generator = keras.random.SeedGenerator(1)
    drawn = [augmentation.augment(images, ALL, generator) for _ in range(2)]
    assert not np.array_equal(*drawn)


def test_each_image_has_its_own_change():
    images = np.ones((64, 32, 32, 3), "float32")
    moved = np.array(augmentation.augment(images, ("translation",), 0))
    assert len({each.tobytes() for each in moved}) > 32
    # All of the nine shifts of a direction.
    rows = {each[:, 16, 0].tobytes() for each in moved}
    assert len(rows) == 9


def test_gradient_is_that_of_the_change(images):
    """Of a linear change A: <A x, w> = <x, gradient>."""
    weights = np.random.default_rng(1).normal(size=images.shape)
    numbers = np.random.default_rng(2).uniform(size=(4, 4))
    variable = tf.Variable(images)
    with tf.GradientTape() as tape:
        changed = augmentation.augment_with(
            variable, ("translation", "cutout"), tf.constant(numbers)
        )
        total = tf.reduce_sum(changed * weights.astype("float32"))
    gradient = np.array(tape.gradient(total, variable))
    np.testing.assert_allclose((gradient * images).sum(), total, rtol=1e-4)
    assert 0 < (gradient == 0).mean() < 0.75


@pytest.mark.parametrize(
    "policies", ["color", ("blur",), ("cutout", "cutout"), ("cutout", "")]
)
def test_other_policies_are_refused(images, policies):
    with pytest.raises(ValueError, match="`augmentations` must be some of"):
        augmentation.augment(images, policies, 0)


def test_no_policy_changes_nothing(images):
    assert augmentation.augment(images, (), 0) is images
