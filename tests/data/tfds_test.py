"""Tests of the sources from TensorFlow Datasets."""

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import data


@pytest.fixture(scope="module")
def tfds_dir(tmp_path_factory):
    """A small data set of TensorFlow Datasets, prepared on disk."""
    import tensorflow_datasets as tfds

    directory = tmp_path_factory.mktemp("tfds")
    images = np.broadcast_to(
        np.arange(6, dtype="uint8")[:, None, None, None], (6, 33, 35, 3)
    )
    tfds.dataset_builders.store_as_tfds_dataset(
        name="tiny",
        version="1.0.0",
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(None, None, 3)),
                "label": tfds.features.ClassLabel(names=["x", "y"]),
            }
        ),
        split_datasets={
            "train": tf.data.Dataset.from_tensor_slices(
                {"image": images, "label": np.arange(6) % 2}
            )
        },
        data_dir=str(directory),
        disable_shuffling=True,
    )
    return str(directory)


def test_images_and_labels(tfds_dir, examples):
    source = data.open_source("tiny", tfds_dir)
    assert source.class_names == ("x", "y") and source.size == 6
    found = [(image[0, 0, 0], label) for image, label in examples(source)]
    assert found == [(index, index % 2) for index in range(6)]


def test_part_of_a_split(tfds_dir):
    assert data.open_source("tiny", tfds_dir, "train[:50%]").size == 3


def test_unknown_split(tfds_dir):
    with pytest.raises(ValueError, match=r"`split` must be one of \['train'"):
        data.open_source("tiny", tfds_dir, "validation")


def test_unknown_data_set():
    with pytest.raises(ValueError, match="`dataset` must be 'digits'"):
        data.open_source("no_such_data_set")


def test_download_without_a_network(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    def download(self, **kwargs):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(
        tfds.core.DatasetBuilder, "download_and_prepare", download
    )
    with pytest.raises(ValueError, match="could not be downloaded: set"):
        data.open_source("mnist", str(tmp_path))
