"""Tests of generated images beside real ones."""

import numpy as np
import pytest
from PIL import Image

from sagan_tf import Config
from sagan_tf.sampling import beside_real


@pytest.fixture(scope="module")
def real():
    return beside_real.real_images(
        Config(dataset="digits", image_size=32, num_classes=10)
    )


def test_real_images_differ_and_are_of_their_class(real):
    assert real.shape == (10, 12, 32, 32, 3)
    flat = real.reshape(120, -1).astype(float)
    assert len(np.unique(flat, axis=0)) == 120
    # The image that is nearest to a real digit is mostly of its class.
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(1) // 12
    assert np.mean(nearest == np.arange(120) // 12) > 0.8


def test_end_of_a_row_with_few_images_is_white():
    config = Config(dataset="digits", image_size=32, num_classes=10)
    rows = beside_real.real_images(config, columns=200)
    assert (rows[:, -1] == 255).all()
    assert (rows[:, 100] != 255).any()


def test_figure(real, tmp_path):
    path = tmp_path / "figure.png"
    beside_real.figure_beside_real(
        real, real, [f"digit {each}" for each in range(10)], path
    )
    picture = np.asarray(Image.open(path).convert("L"))
    # Twenty-four columns of images, wider than high.
    assert picture.shape[1] > 1.8 * picture.shape[0]
    left, right = np.array_split(picture, 2, axis=1)
    assert (left < 128).sum() > 0.6 * (right < 128).sum()
