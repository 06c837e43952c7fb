"""Tests of folders of images."""

import os
import shutil

import pytest
import tensorflow as tf
from PIL import Image

from sagan_tf import data


def test_classes(tmp_path, write_image, examples):
    write_image(tmp_path / "cat/1.png", colour=10)
    write_image(tmp_path / "cat/2.JPG", colour=20, encode=tf.io.encode_jpeg)
    write_image(tmp_path / "dog/x.jpeg", colour=30, encode=tf.io.encode_jpeg)
    (tmp_path / "dog/notes.txt").write_text("no image")
    write_image(tmp_path / "dog/deeper/y.png", colour=40)
    write_image(tmp_path / "dog/.hidden.png")
    write_image(tmp_path / ".cache/1.png")
    source = data.open_source("image_folder", str(tmp_path))
    assert source.class_names == ("cat", "dog") and source.size == 4
    found = [(image.mean().round(), label) for image, label in examples(source)]
    assert found == [(10, 0), (20, 0), (40, 1), (30, 1)]
    notes = " ".join(source.notes)
    assert "1 files are left out that are not named like pictures (.txt)" in (
        notes
    )
    assert "class of the uppermost folder" in notes


@pytest.mark.parametrize(
    "suffix", ["jpe", "jfif", "webp", "TIFF", "tif", "dib", "Bmp", "gif", "ppm"]
)
def test_extensions(tmp_path, suffix):
    kind = {"jpe": "jpeg", "jfif": "jpeg", "tif": "tiff"}.get(suffix, suffix)
    file = tmp_path / f"a b\u00e9.{suffix}"
    Image.new("RGB", (40, 36)).save(file, kind.lower())
    source = data.open_source("image_folder", str(tmp_path))
    assert source.files == (str(file),)


def test_links(tmp_path, write_image):
    """Links are followed, except for those that lead back up."""
    write_image(tmp_path / "elsewhere/1.png")
    write_image(tmp_path / "root/cat/1.png")
    (tmp_path / "root/dog").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "root/cat/again").symlink_to(tmp_path / "root")
    (tmp_path / "elsewhere/back").symlink_to(tmp_path / "root")
    (tmp_path / "root/cat/gone.png").symlink_to(tmp_path / "nothing.png")
    os.mkfifo(tmp_path / "root/cat/pipe.png")
    source = data.open_source("image_folder", str(tmp_path / "root"))
    names = {os.path.relpath(file, tmp_path) for file in source.files}
    assert {"root/cat/1.png", "root/dog/1.png"} <= names
    assert len(names) < 10
    assert {os.path.basename(path) for path, _ in source.unusable} == {
        "gone.png",
        "pipe.png",
    }


def test_pictures_of_other_formats_are_listed(tmp_path, write_image):
    write_image(tmp_path / "1.png")
    (tmp_path / "phone.HEIC").write_bytes(b"x")
    source = data.open_source("image_folder", str(tmp_path))
    ((path, reason),) = source.unusable
    assert path.endswith("phone.HEIC") and "save it as PNG" in reason


def test_a_run_in_the_folder_is_left_out(tmp_path, write_image):
    for name in ("cat/1.png", "dog/1.png", "run/samples/1.png"):
        write_image(tmp_path / name)
    (tmp_path / "run/config.json").write_text("{}")
    write_image(tmp_path / "runs/a/samples/1.png")
    (tmp_path / "runs/a/config.json").write_text("{}")
    # A run that begins has only these.
    (tmp_path / "new").mkdir()
    (tmp_path / "new/lock").touch()
    source = data.open_source("image_folder", str(tmp_path))
    assert source.class_names == ("cat", "dog")
    assert "it holds a run" in " ".join(source.notes)
    # Beside the splits of a set.
    for name in ("cat", "dog"):
        (tmp_path / "Train" / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).rename(tmp_path / "Train" / name)
    shutil.rmtree(tmp_path / "runs")
    for split in ("train", "Train"):
        source = data.open_source("image_folder", str(tmp_path), split)
        assert source.class_names == ("cat", "dog")


@pytest.mark.parametrize(
    ("folders", "split", "chosen"),
    [
        (("train", "test"), "train", "train"),
        (("train", "test"), "test", "test"),
        (("Training", "val"), "train", "Training"),
        (("train", "val"), "validation", "val"),
        (("train",), "train", "train"),
    ],
)
def test_parts_of_a_set_are_no_classes(
    tmp_path, write_image, caplog, folders, split, chosen
):
    for folder in folders:
        for name in ("cat", "dog"):
            write_image(tmp_path / folder / name / "1.png")
    with caplog.at_level("INFO", "absl"):
        source = data.open_source("image_folder", str(tmp_path), split)
    assert source.class_names == ("cat", "dog") and source.size == 2
    assert all(f"/{chosen}/" in file for file in source.files)
    assert f"the splits {', '.join(sorted(folders))}" in caplog.text


def test_a_part_that_is_not_there(tmp_path, write_image):
    write_image(tmp_path / "train/1.png")
    with pytest.raises(ValueError, match="the splits train.*split='test'"):
        data.open_source("image_folder", str(tmp_path), "test")
    write_image(tmp_path / "cat/1.png")
    with pytest.raises(ValueError, match="`split` must be 'train'"):
        data.open_source("image_folder", str(tmp_path), "train[:10%]")


def test_numbered_folders_may_be_no_classes(tmp_path, write_image):
    for names, doubtful in (
        (("00000", "01000", "02000"), True),
        (("00000", "00001"), True),
        (("00000", "00007"), False),
        (("0", "1"), False),
    ):
        folder = tmp_path / "-".join(names)
        for name in names:
            write_image(folder / name / "1.png")
        source = data.open_source("image_folder", str(folder))
        notes = " ".join(source.notes)
        assert ("`labels=False` trains without" in notes) == doubtful


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
        (["all/a/1.png", "all/b/1.png"], "may have to be .*all"),
        (["1.heic"], "1.heic: .heic is not read"),
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
