"""Tests of folders of images."""

import os
import shutil

import pytest
import tensorflow as tf

from sagan_tf import data


def test_classes(tmp_path, write_image, examples):
    write_image(tmp_path / "cat/1.png", colour=10)
    write_image(tmp_path / "cat/2.JPG", colour=20, encode=tf.io.encode_jpeg)
    write_image(tmp_path / "dog/x.jpeg", colour=30, encode=tf.io.encode_jpeg)
    (tmp_path / "dog/notes.txt").write_text("no image")
    write_image(tmp_path / "dog/.hidden.png")
    write_image(tmp_path / ".cache/1.png")
    source = data.open_source("image_folder", str(tmp_path))
    assert source.class_names == ("cat", "dog") and source.size == 3
    found = [(image.mean().round(), label) for image, label in examples(source)]
    assert found == [(10, 0), (20, 0), (30, 1)]


def test_a_flat_folder_has_no_labels(tmp_path, write_image):
    for name in "ba":
        write_image(tmp_path / f"{name}.png")
    source = data.open_source("image_folder", str(tmp_path))
    assert source.class_names == () and source.size == 2
    assert [file[-5:] for file in source.files] == ["a.png", "b.png"]


def test_fingerprint_and_identity(tmp_path, write_image):
    """A copy has the identity of the original; changed images have not."""
    first, second = tmp_path / "first", tmp_path / "second"
    for name in ("a/1.png", "b/1.png"):
        write_image(first / name)
    shutil.copytree(first, second)
    original, copy = (
        data.open_source("image_folder", str(folder))
        for folder in (first, second)
    )
    assert copy.identity == original.identity
    assert copy.fingerprint != original.fingerprint
    os.utime(second / "a/1.png", (0, 0))
    touched = data.open_source("image_folder", str(second))
    assert touched.identity == original.identity
    assert touched.fingerprint != copy.fingerprint
    write_image(second / "a/1.png", size=(50, 50))
    changed = data.open_source("image_folder", str(second))
    assert changed.identity != original.identity


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "has no images"),
        (["notes.txt"], "has no images"),
        (["only/1.png", "only/2.png"], "images of only one class, in only/"),
        (["a/1.png", "b/x.txt"], "images of only one class"),
        (["a/1.png", "b/1.png", "c/x.txt"], "without images: c"),
        (["1.png", "a/1.png"], "beside and inside class folders"),
        (["train/a/1.png", "train/b/1.png"], "may have to be .*train"),
    ],
)
def test_bad_folders(tmp_path, write_image, files, message):
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
def test_missing_folder(data_dir):
    with pytest.raises(ValueError, match="which is no folder"):
        data.open_source("image_folder", data_dir)
