"""Tests of the validation before the first training step."""

import dataclasses
import logging
import pathlib

import numpy as np
import pytest
import tensorflow as tf
from absl import logging as absl_logging
from PIL import Image

from sagan_tf import Config, data
from sagan_tf.data.resizing import prepare_tensor


def _source(labels, size=32, class_names=("a", "b")):
    labels = np.array(labels, "int32")
    images = np.zeros((len(labels), size, size + 4, 3), "uint8")
    return data.Source(
        "made up",
        tf.data.Dataset.from_tensor_slices((images, labels)),
        prepare_tensor,
        len(labels),
        class_names,
    )


@pytest.fixture
def folder(tmp_path, write_image):
    """Makes an image folder of two classes, with images of some sizes."""

    def make(sizes):
        for index, size in enumerate(sizes):
            path = tmp_path / f"class{index % 2}" / f"{index}.png"
            write_image(path, (size, size), index)
        return data.open_source("image_folder", str(tmp_path))

    return make


def test_images_that_fit_stay_in_memory(folder):
    source = folder([40, 50, 60])
    needed = 3 * 32 * 32 * 3
    assert data.check(source, 32, 2, needed - 1) is source
    cached = data.check(source, 32, 2, needed)
    image, label = next(iter(cached.records))
    assert image.shape == (32, 32, 3) and int(label) == 0
    expected = list(data.ordered_dataset(source, 32))
    found = list(data.ordered_dataset(cached, 32))
    for (image, label, _), (wanted, wanted_label, _) in zip(
        found, expected, strict=True
    ):
        np.testing.assert_array_equal(image, wanted)
        assert label == wanted_label


def test_report_in_the_log(caplog):
    absl_logging.set_verbosity(absl_logging.INFO)
    try:
        with caplog.at_level(logging.INFO, logger="absl"):
            data.check(_source([0, 1, 1]), 32, 2, 0)
    finally:
        absl_logging.set_verbosity(absl_logging.WARNING)
    assert "made up, 3 images" in caplog.text
    assert "from 32 to 32 pixels" in caplog.text
    assert "Classes: 2, with 1 to 2 images each" in caplog.text
    assert "a: 1, b: 2" in caplog.text


@pytest.mark.parametrize(
    ("labels", "size", "num_classes", "message"),
    [
        ([], 32, 2, "has no images"),
        ([0, 2], 32, 2, r"in \[0, 2\).* from 0 to 2"),
        ([-1, 1], 32, 2, r"in \[0, 2\).* from -1 to 1"),
        (
            [1, 1, 1],
            32,
            2,
            "All labels of made up that .* are 1.*check `label`",
        ),
        ([0, 1], 31, 2, "smaller than `image_size` 32.*with 31 pixels"),
    ],
)
def test_refused_data(labels, size, num_classes, message):
    with pytest.raises(ValueError, match=message):
        data.check(_source(labels, size), 32, num_classes, 0)


@pytest.mark.parametrize("cache_bytes", [0, 10**9])
def test_a_corrupt_file_is_named(tmp_path, folder, cache_bytes):
    source = folder([40] * 4)
    path = tmp_path / "class1" / "1.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ValueError, match=f"{path} cannot be read as an image"):
        data.check(source, 32, 2, cache_bytes)


def test_a_small_file_is_named(folder):
    source = folder([40, 40, 20])
    with pytest.raises(ValueError, match="2.png with 20 pixels"):
        data.check(source, 32, 2, 0)


def test_every_file_that_cannot_be_used_is_named_at_once(
    tmp_path, folder, caplog
):
    source = folder([40, 40, 20, 40, 40])
    bad = [tmp_path / "class1/1.png", tmp_path / "class0/4.png"]
    bad[0].write_bytes(bad[0].read_bytes()[:60])
    bad[1].write_text("no picture")
    (tmp_path / "class1/x.heic").write_text("")
    source = data.open_source("image_folder", str(tmp_path))
    with pytest.raises(ValueError) as error:
        data.check(source, 32, 2, 0)
    assert "4.png and 2 more, which the log lists" in str(error.value)
    assert "1 of 3 images are smaller" in str(error.value)
    for name in ("1.png", "4.png", "x.heic"):
        assert f"{name} (" in caplog.text


@pytest.mark.parametrize("cache_bytes", [0, 10**9])
def test_bad_and_small_images_by_choice(
    tmp_path, folder, caplog, examples, cache_bytes
):
    folder([40, 40, 20, 40, 40])
    (tmp_path / "class0/0.png").write_text("no picture")
    source = data.open_source("image_folder", str(tmp_path))
    with caplog.at_level("INFO", "absl"):
        checked = data.check(
            source, 32, 2, cache_bytes, "skip", small_images="enlarge"
        )
    assert "1 of 5 images are left out" in caplog.text
    assert "1 of 4 images are smaller" in caplog.text
    assert checked.size == 4 and checked.identity != source.identity
    # The colour of an image is its number.
    found = {(int(image[0, 0, 0]), label) for image, label in examples(checked)}
    assert found == {(2, 0), (4, 0), (1, 1), (3, 1)}
    assert [file[-5:] for file in checked.files] == [
        "2.png",
        "4.png",
        "1.png",
        "3.png",
    ]
    # Evaluation leaves out the same.
    config = Config(
        dataset="image_folder", data_dir=str(tmp_path), bad_images="skip"
    )
    assert data.open_configured(config).identity == checked.identity


def test_all_images_are_bad(tmp_path, folder):
    source = folder([40, 40])
    for file in source.files:
        pathlib.Path(file).write_text("no picture")
    with pytest.raises(ValueError, match="0.png and 1 more"):
        data.check(source, 32, 2, 0, "skip")
    config = Config(
        dataset="image_folder", data_dir=str(tmp_path), bad_images="skip"
    )
    with pytest.raises(ValueError, match="0.png and 1 more"):
        data.open_configured(config)


def test_transparency_and_profiles_are_reported(tmp_path, caplog):
    Image.new("RGBA", (40, 40)).save(tmp_path / "1.png")
    Image.new("RGB", (40, 40)).save(tmp_path / "2.png", icc_profile=b"broken")
    source = data.open_source("image_folder", str(tmp_path))
    with caplog.at_level("INFO", "absl"):
        data.check(source, 32, None, 0)
    assert "1 images may be transparent" in caplog.text
    assert "1 images have a colour profile that cannot" in caplog.text


def test_classes_without_images_are_reported(caplog):
    data.check(_source([0, 2], class_names=("a", "b", "c")), 32, 3, 0)
    assert "1 classes have no images, such as number 1" in caplog.text


def test_some_small_images_of_a_published_data_set_are_enlarged(caplog):
    labels = np.array([0, 1, 0], "int32")
    source = _source(labels, 40)

    def prepare(image, label, **options):
        image = image[: tf.where(label == 1, 20, 40)]
        return prepare_tensor(image, label, **options)

    source = dataclasses.replace(source, prepare=prepare)
    with caplog.at_level(logging.WARNING, logger="absl"):
        data.check(source, 32, 2, 0)
    assert "1 of 3 images are smaller than 32" in caplog.text


def test_labels_are_ignored_without_classes():
    data.check(_source([7, 7]), 32, None, 0)


def test_resolve_num_classes():
    labelled, flat = _source([0, 1]), _source([0, 0], class_names=())
    assert data.resolve_num_classes(labelled, None) == 2
    assert data.resolve_num_classes(labelled, None, labels=False) is None
    assert data.resolve_num_classes(labelled, 5) == 5
    assert data.resolve_num_classes(flat, None) is None
    with pytest.raises(ValueError, match="`num_classes` must be None"):
        data.resolve_num_classes(flat, 5)
