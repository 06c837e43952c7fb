"""Tests of images, their grids and their files."""

import numpy as np
import tensorflow as tf

from sagan_tf.images import (
    class_grid,
    image_function,
    image_grid,
    save_png,
    to_float,
    to_uint8,
)
from sagan_tf.latents import draw_inputs


def test_uint8_round_trip():
    values = np.arange(256, dtype="uint8")
    np.testing.assert_array_equal(to_uint8(to_float(values)), values)
    assert to_uint8([1.5, -2.0]).numpy().tolist() == [255, 0]


def test_image_grid_is_row_by_row():
    images = np.arange(6)[:, None, None, None] * np.ones((6, 2, 3, 1), int)
    grid = image_grid(images, 3)
    assert grid.shape == (4, 9, 1)
    np.testing.assert_array_equal(grid[::2, ::3, 0], [[0, 1, 2], [3, 4, 5]])


def _recorder(calls):
    def sample(latents, labels):
        calls.append((latents.numpy(), None if labels is None else labels))
        return tf.zeros((len(latents), 4, 4, 3), tf.uint8)

    return sample


def test_class_grid_has_a_row_for_each_class():
    calls = []
    grid = class_grid(_recorder(calls), 5, 3, columns=4, seed=1)
    assert grid.shape == (12, 16, 3)
    ((latents, labels),) = calls
    np.testing.assert_array_equal(labels, np.repeat([0, 1, 2], 4))
    np.testing.assert_array_equal(latents[:4], latents[4:8])
    assert len(np.unique(latents[:4])) == 20
    class_grid(_recorder(calls), 5, 3, columns=4, seed=1)
    np.testing.assert_array_equal(calls[1][0], latents)


def test_class_grid_of_many_classes_shows_ten_from_first_to_last():
    calls = []
    class_grid(_recorder(calls), 5, 1000, columns=2)
    labels = np.array(calls[0][1])[::2]
    assert len(set(labels)) == 10 and (labels[0], labels[-1]) == (0, 999)


def test_class_grid_without_classes():
    calls = []
    grid = class_grid(_recorder(calls), 5, None, columns=2)
    assert calls[0][1] is None and grid.shape == (40, 8, 3)
    assert len(np.unique(calls[0][0])) == 100


def test_sampler_gives_uint8_of_the_generators_inference(gan_factory):
    generator = gan_factory(compiled=False).generator
    latents, labels = draw_inputs(8, 3, 4, (0, 0))
    images = image_function(generator)(latents, labels)
    expected = (np.array(generator([latents, labels])) + 1) * 127.5
    assert images.dtype == tf.uint8
    assert np.abs(np.array(images, float) - expected).max() <= 0.51


def test_save_png(tmp_path):
    image = np.arange(48, dtype="uint8").reshape(4, 4, 3)
    path = tmp_path / "new" / "image.png"
    save_png(image, path)
    np.testing.assert_array_equal(tf.io.decode_png(path.read_bytes()), image)
    assert [file.name for file in path.parent.iterdir()] == ["image.png"]
