"""Tests of sets of images in folders and data sets."""

import numpy as np
import pytest
from image_sets import read_all
from PIL import Image

from sagan_tf.evaluation.sets import pictures as sets


def test_folder(tmp_path, pictures, save_pictures):
    save_pictures(tmp_path, pictures, "aabbb")
    images = sets.of_folder(tmp_path)
    assert (images.count, images.size) == (5, 8)
    assert images.class_names == ("a", "b")
    found, labels = read_all(images)
    np.testing.assert_array_equal(found, pictures)
    assert labels == [0, 0, 1, 1, 1]
    rest, _ = read_all(images, start=3)
    np.testing.assert_array_equal(rest, pictures[3:])


@pytest.mark.parametrize("names", [None, "aaaaa"])
def test_folders_that_are_no_classes(tmp_path, pictures, save_pictures, names):
    save_pictures(tmp_path, pictures, names)
    images = sets.of_folder(tmp_path)
    assert images.class_names == ()
    found, labels = read_all(images)
    np.testing.assert_array_equal(found, pictures)
    assert labels is None


@pytest.mark.parametrize(
    ("text", "name", "split"),
    [
        ("tfds:mnist:test", "mnist", "test"),
        ("tfds:imagenet2012:5.1.0:train", "imagenet2012:5.1.0", "train"),
        ("tfds:mnist:train[:1000]", "mnist", "train[:1000]"),
        ("tfds:c/x:train[:9]+test[5:]", "c/x", "train[:9]+test[5:]"),
    ],
)
def test_names_of_data_sets(monkeypatch, text, name, split):
    asked = []
    monkeypatch.setattr(
        sets.data, "open_source", lambda *names: asked.append(names)
    )
    with pytest.raises(AttributeError):
        sets.of_data_set(text, "folder")
    assert asked == [(name, "folder", split)]


def test_a_copied_folder_has_the_same_identity(
    tmp_path, pictures, save_pictures
):
    for name in ("one", "two"):
        save_pictures(tmp_path / name, pictures, "aabbb")
    save_pictures(tmp_path / "three", pictures[::-1], "aabbb")
    one, two, three = (
        sets.of_folder(tmp_path / name).identity
        for name in ("one", "two", "three")
    )
    assert one == two != three


def test_sizes_that_differ(tmp_path, pictures, save_pictures):
    save_pictures(tmp_path, pictures)
    Image.fromarray(pictures[0][:6, :6]).save(tmp_path / "9.png")
    images = sets.of_folder(tmp_path)
    with pytest.raises(ValueError, match="shorter sides of 8 and 6 pixels"):
        read_all(images)
    found, _ = read_all(images, image_size=4)
    assert found.shape == (6, 4, 4, 3)


def test_no_pictures(tmp_path):
    with pytest.raises(ValueError, match="has no pictures"):
        sets.of_folder(tmp_path)
    for name in ("train", "test"):
        (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match="has the parts test, train of a data"):
        sets.of_folder(tmp_path)


def test_data_set():
    images = sets.of_data_set("digits:test")
    assert (images.count, images.size) == (360, 32)
    assert len(images.class_names) == 10
    for text in ("tfds:mnist", "digits", "tfds::test"):
        with pytest.raises(ValueError, match="must be named tfds:NAME:SPLIT"):
            sets.of_data_set(text)
