"""Images and sources that the tests of the data share."""

import numpy as np
import pytest
import tensorflow as tf


def _write_image(path, size=(40, 36), colour=128, encode=tf.io.encode_png):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((*size, 3), colour, "uint8")
    path.write_bytes(encode(image).numpy())


@pytest.fixture(scope="session")
def write_image():
    """Writes an image of one colour; its `size` is (height, width)."""
    return _write_image


@pytest.fixture(scope="session")
def examples():
    """Decodes all images and labels of a source."""

    def decode(source):
        return [
            (np.array(image), int(label))
            for image, label in source.records.map(source.decode)
        ]

    return decode
