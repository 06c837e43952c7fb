"""Tests of the sources of images."""

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import data


def write_image(path, size=(40, 36), colour=128, encode=tf.io.encode_png):
    """Writes an image of one colour; `size` is (height, width)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = np.full((*size, 3), colour, "uint8")
    path.write_bytes(encode(image).numpy())


def _examples(source):
    return [
        (np.array(image), int(label))
        for image, label in source.records.map(source.decode)
    ]


def test_digits():
    train, test = (
        data.open_source("digits", split=split) for split in ("train", "test")
    )
    assert (train.size, test.size) == (1437, 360)
    assert train.class_names == tuple("0123456789")
    examples = _examples(train)
    assert len(examples) == 1437
    image, _ = examples[0]
    assert image.shape == (32, 32, 3) and image.dtype == np.uint8
    assert image.max() > 200 and (image[..., 0] == image[..., 2]).all()
    held_out = {image.tobytes() for image, _ in _examples(test)}
    assert not held_out & {image.tobytes() for image, _ in examples}
    counts = np.bincount([label for _, label in examples])
    assert len(counts) == 10 and counts.min() > 130


def test_digits_has_two_splits():
    with pytest.raises(ValueError, match="`split` of digits"):
        data.open_source("digits", split="validation")


def test_image_folder_of_classes(tmp_path):
    write_image(tmp_path / "cat/1.png", colour=10)
    write_image(tmp_path / "cat/2.JPG", colour=20, encode=tf.io.encode_jpeg)
    write_image(tmp_path / "dog/x.jpeg", colour=30, encode=tf.io.encode_jpeg)
    (tmp_path / "dog/notes.txt").write_text("no image")
    write_image(tmp_path / "dog/.hidden.png")
    write_image(tmp_path / ".cache/1.png")
    source = data.open_source("image_folder", str(tmp_path))
    assert source.class_names == ("cat", "dog") and source.size == 3
    found = [
        (image.mean().round(), label) for image, label in _examples(source)
    ]
    assert found == [(10, 0), (20, 0), (30, 1)]


def test_flat_image_folder_has_no_labels(tmp_path):
    for name in "ba":
        write_image(tmp_path / f"{name}.png")
    source = data.open_source("image_folder", str(tmp_path))
    assert source.class_names == () and source.size == 2
    assert [file[-5:] for file in source.files] == ["a.png", "b.png"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "holds no image"),
        (["notes.txt"], "holds no image"),
        (["only/1.png", "only/2.png"], "one class only, in only/"),
        (["a/1.png", "b/x.txt"], "one class only"),
        (["a/1.png", "b/1.png", "c/x.txt"], "without images: c"),
        (["1.png", "a/1.png"], "beside and inside class folders"),
        (["train/a/1.png", "train/b/1.png"], "may have to be .*train"),
    ],
)
def test_bad_image_folders(tmp_path, files, message):
    for file in files:
        path = tmp_path / file
        if path.suffix == ".png":
            write_image(path)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("text")
    with pytest.raises(ValueError, match=message):
        data.open_source("image_folder", str(tmp_path))


@pytest.mark.parametrize("data_dir", ["", "/there/is/no/such/folder"])
def test_missing_image_folder(data_dir):
    with pytest.raises(ValueError, match="which is no folder"):
        data.open_source("image_folder", data_dir)


@pytest.fixture(scope="module")
def tfds_dir(tmp_path_factory):
    """A small data set of TensorFlow Datasets, prepared on disk."""
    import tensorflow_datasets as tfds

    directory = tmp_path_factory.mktemp("tfds")
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
                {
                    "image": np.broadcast_to(
                        np.arange(6, dtype="uint8")[:, None, None, None],
                        (6, 33, 35, 3),
                    ),
                    "label": np.arange(6) % 2,
                }
            )
        },
        data_dir=str(directory),
        disable_shuffling=True,
    )
    return str(directory)


def test_tensorflow_datasets(tfds_dir):
    source = data.open_source("tiny", tfds_dir)
    assert source.class_names == ("x", "y") and source.size == 6
    found = [(image[0, 0, 0], label) for image, label in _examples(source)]
    assert found == [(index, index % 2) for index in range(6)]


def test_part_of_a_split(tfds_dir):
    assert data.open_source("tiny", tfds_dir, "train[:50%]").size == 3


def test_unknown_split(tfds_dir):
    with pytest.raises(ValueError, match=r"`split` must be one of \['train'"):
        data.open_source("tiny", tfds_dir, "validation")


def test_unknown_data_set():
    with pytest.raises(ValueError, match="`dataset` must be 'digits'"):
        data.open_source("no_such_data_set")


def test_data_set_to_be_downloaded_without_a_network(tmp_path, monkeypatch):
    import tensorflow_datasets as tfds

    def download(self, **kwargs):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(
        tfds.core.DatasetBuilder, "download_and_prepare", download
    )
    with pytest.raises(ValueError, match="could not be downloaded: set"):
        data.open_source("mnist", str(tmp_path))
