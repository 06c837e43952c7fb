"""Tests of the sources from TensorFlow Datasets."""

import numpy as np
import pytest
from tensorflow_datasets import features

from sagan_tf import data


@pytest.fixture(scope="module")
def tfds_dir(tmp_path_factory, prepare_tfds):
    """A small data set of TensorFlow Datasets, prepared on disk."""
    images = np.broadcast_to(
        np.arange(6, dtype="uint8")[:, None, None, None], (6, 33, 35, 3)
    )
    return prepare_tfds(
        tmp_path_factory.mktemp("tfds"),
        {"image": images, "label": np.arange(6) % 2},
        {
            "image": features.Image(shape=(None, None, 3)),
            "label": features.ClassLabel(names=["x", "y"]),
        },
    )


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


LEVELS = np.array([0, 64, 128, 192])


def _stack(shape, dtype, scale=1):
    levels = LEVELS.reshape(-1, *[1] * len(shape)) * scale
    return np.broadcast_to(levels, (4, *shape)).astype(dtype)


@pytest.mark.parametrize(
    ("feature", "images"),
    [
        (features.Image(shape=(28, 28, 1)), _stack((28, 28, 1), "uint8")),
        (
            features.Image(shape=(None, None, None)),
            _stack((40, 30, 1), "uint8"),
        ),
        (
            features.Image(
                shape=(40, 40, 3), dtype=np.uint16, encoding_format="png"
            ),
            _stack((40, 40, 3), "uint16", 257),
        ),
        (
            features.Image(
                shape=(None, None, 1), dtype=np.uint16, encoding_format="png"
            ),
            _stack((40, 40, 1), "uint16", 257),
        ),
        (
            features.Image(shape=(40, 40, 1), dtype=np.float32),
            _stack((40, 40, 1), "float32", 1 / 255),
        ),
        (
            features.Tensor(shape=(40, 40), dtype=np.uint8),
            _stack((40, 40), "uint8"),
        ),
        (
            features.Tensor(shape=(40, 40, 3), dtype=np.uint16),
            _stack((40, 40, 3), "uint16", 257),
        ),
        (
            features.Tensor(shape=(40, 40, 3), dtype=np.float32),
            _stack((40, 40, 3), "float32", 1 / 255),
        ),
        (
            features.Tensor(shape=(40, 40, 1), dtype=np.float64),
            _stack((40, 40, 1), "float64", 1 / 255),
        ),
    ],
    ids=lambda value: None if isinstance(value, np.ndarray) else str(value),
)
def test_kinds_of_images(tmp_path, prepare_tfds, examples, feature, images):
    directory = prepare_tfds(tmp_path, {"image": images}, {"image": feature})
    source = data.open_source("tiny", directory)
    found = [image for image, _ in examples(source)]
    assert [image.dtype for image in found] == [np.uint8] * 4
    assert [image.shape for image in found] == [(32, 32, 3)] * 4
    assert [image.mean() for image in found] == LEVELS.tolist()
    assert source.class_names == ()


@pytest.mark.parametrize("kind", ["Image", "Tensor"])
@pytest.mark.parametrize("channels", [2, 4])
def test_transparent_pixels_show_the_background(
    tmp_path, prepare_tfds, examples, kind, channels
):
    if (kind, channels) == ("Image", 2):
        pytest.skip("TensorFlow Datasets does not encode two channels.")
    images = np.full((1, 40, 40, channels), 255, "uint8")
    images[:, 20:, :, -1] = 0
    feature = getattr(features, kind)(shape=(40, 40, channels), dtype=np.uint8)
    directory = prepare_tfds(tmp_path, {"image": images}, {"image": feature})
    source = data.open_source("tiny", directory, background="#102030")
    ((image, _),) = examples(source)
    assert tuple(image[0, 0]) == (255, 255, 255)
    assert tuple(image[-1, 0]) == (16, 32, 48)


@pytest.mark.parametrize(
    ("feature", "images"),
    [
        (features.Text(), np.array(["a.png"] * 2)),
        (
            features.Sequence(features.Image(shape=(40, 40, 3))),
            np.zeros((2, 2, 40, 40, 3), "uint8"),
        ),
        (
            features.Tensor(shape=(40, 40, 3), dtype=np.int64),
            np.zeros((2, 40, 40, 3), "int64"),
        ),
        (
            features.Tensor(shape=(40,), dtype=np.uint8),
            np.zeros((2, 40), "uint8"),
        ),
        (
            features.Tensor(shape=(40, 40), dtype=np.bool_),
            np.zeros((2, 40, 40), "bool"),
        ),
    ],
    ids=["text", "frames", "int64", "line", "boolean"],
)
def test_refused_images(tmp_path, prepare_tfds, feature, images):
    directory = prepare_tfds(tmp_path, {"image": images}, {"image": feature})
    with pytest.raises(ValueError, match="`dataset` 'tiny' must have images"):
        data.open_source("tiny", directory)


@pytest.mark.parametrize(
    ("images", "reason"),
    [
        (np.full((2, 40, 40, 3), 255.0), "floats must be in .0, 1., but .*255"),
        (np.full((2, 40, 40, 3), np.nan), "floats must be in .0, 1."),
        (np.zeros((2, 40, 40, 5)), "channels must be 1 to 4, but is.*5"),
    ],
)
def test_refused_values(tmp_path, prepare_tfds, images, reason):
    feature = features.Tensor(shape=images.shape[1:], dtype=np.float32)
    images = images.astype("float32")
    directory = prepare_tfds(tmp_path, {"image": images}, {"image": feature})
    source = data.open_source("tiny", directory)
    with pytest.raises(ValueError, match=f"number 0 of tiny.*{reason}"):
        data.check(source, 32, None, 0)


def test_the_folder_of_the_set_itself(tfds_dir):
    with pytest.raises(ValueError, match="folder that holds the set's own"):
        data.open_source("tiny", f"{tfds_dir}/tiny")
