"""Tests of how images are cropped and resized."""

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from sagan_tf.data import resizing
from sagan_tf.evaluation import Protocol


@pytest.fixture
def large():
    """Colours away from black and white, where Pillow clips."""
    random = np.random.default_rng(0)
    small = Image.fromarray(random.integers(64, 192, (20, 20, 3), np.uint8))
    return np.array(small.resize((101, 90)))


def test_it_is_that_of_clean_fid(large):
    """Which resizes each channel of floats with Pillow's bicubic filter."""
    square = large[:, 5:95]
    expected = [
        Image.fromarray(square[..., c].astype(np.float32)).resize(
            (32, 32), Image.BICUBIC
        )
        for c in range(3)
    ]
    expected = np.clip(np.round(np.stack(expected, -1)), 0, 255)
    tensor = resizing.square_tensor(tf.constant(large), 32).numpy().astype(int)
    assert np.abs(tensor - expected).max() <= 1
    assert np.mean(tensor != expected) < 1e-3
    # Pillow rounds between the two directions too.
    image = np.array(resizing.square(Image.fromarray(large), 32)).astype(int)
    assert np.abs(image - expected).max() <= 1


@pytest.mark.parametrize("size", [32, 61, 90, 128])
@pytest.mark.parametrize("method", ["bilinear", "bicubic", "lanczos3"])
def test_pictures_and_tensors_are_resized_alike(large, size, method):
    image = resizing.square(Image.fromarray(large), size, method)
    tensor = resizing.square_tensor(tf.constant(large), size, method)
    difference = np.array(image).astype(int) - tensor.numpy()
    assert np.abs(difference).max() <= 1


def test_images_of_the_right_size_are_not_changed(large):
    square = large[:, 5:95]
    for found in (
        resizing.square(Image.fromarray(large), 90),
        resizing.square_tensor(tf.constant(large), 90),
    ):
        np.testing.assert_array_equal(np.array(found), square)


def test_evaluation_resizes_as_training_does():
    assert Protocol().resize == resizing.METHOD


def test_square_crops_the_centre_and_keeps_the_aspect():
    image = np.zeros((4, 8, 3), "uint8")
    image[:, 2:6] = 200
    np.testing.assert_array_equal(
        resizing.square_tensor(tf.constant(image), 8), np.full((8, 8, 3), 200)
    )


def test_square_is_antialiased():
    """A checkerboard becomes grey, its mean, instead of one of its colours."""
    board = np.indices((64, 64)).sum(0) % 2 * 200
    image = np.repeat(board[..., None], 3, -1).astype("uint8")
    inner = resizing.square_tensor(tf.constant(image), 16)[2:-2, 2:-2]
    assert np.abs(np.array(inner, int) - 100).max() <= 2
