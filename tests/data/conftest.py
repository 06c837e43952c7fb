"""Images and sources that the tests of the data share."""

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf.data.pipeline import ordered_dataset


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
    """Decodes all images of a source, at 32 px, and their labels."""

    def decode(source):
        return [
            (np.array(image), int(label))
            for image, label, _ in ordered_dataset(source, 32)
        ]

    return decode


def _prepare_tfds(directory, columns, features):
    """Stores a data set named "tiny" with a split "train"."""
    import tensorflow_datasets as tfds

    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": tf.data.Dataset.from_tensor_slices(columns)},
        data_dir=str(directory),
        disable_shuffling=True,
    )
    return str(directory)


@pytest.fixture(scope="session")
def prepare_tfds():
    """Stores a data set of TensorFlow Datasets; returns its `data_dir`.

    It is a function of the directory, a dictionary of arrays, and one of
    features.
    """
    return _prepare_tfds
