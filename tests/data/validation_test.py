"""Tests of the check before step 0."""

import dataclasses
import logging

import numpy as np
import pytest
import tensorflow as tf
from absl import logging as absl_logging

from sagan_tf import data


def _source(labels, size=32, class_names=("a", "b")):
    labels = np.array(labels, "int32")
    images = np.zeros((len(labels), size, size + 4, 3), "uint8")
    return data.Source(
        "made up",
        tf.data.Dataset.from_tensor_slices((images, labels)),
        lambda image, label: (image, label),
        len(labels),
        class_names,
    )


def _folder(tmp_path, sizes):
    for index, size in enumerate(sizes):
        image = np.full((size, size, 3), index, "uint8")
        path = tmp_path / f"class{index % 2}" / f"{index}.png"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(tf.io.encode_png(image).numpy())
    return data.open_source("image_folder", str(tmp_path))


def test_keeps_images_that_fit_in_memory(tmp_path):
    source = _folder(tmp_path, [40, 50, 60])
    needed = 3 * 32 * 32 * 3
    assert data.check(source, 32, 2, needed - 1) is source
    kept = data.check(source, 32, 2, needed)
    image, label = next(iter(kept.records))
    assert image.shape == (32, 32, 3) and int(label) == 0
    expected = list(data.ordered_dataset(source, 32))
    found = list(data.ordered_dataset(kept, 32))
    for (image, label, _), (wanted, wanted_label, _) in zip(
        found, expected, strict=True
    ):
        np.testing.assert_array_equal(image, wanted)
        assert label == wanted_label


def test_reports(caplog):
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
        ([1, 1, 1], 32, 2, "All labels of made up are 1.*folder level"),
        ([0, 1], 31, 2, "`image_size` 32 is above.*has 31 pixels"),
    ],
)
def test_refuses(labels, size, num_classes, message):
    with pytest.raises(ValueError, match=message):
        data.check(_source(labels, size), 32, num_classes, 0)


@pytest.mark.parametrize("cache_bytes", [0, 10**9])
def test_names_a_corrupt_file(tmp_path, cache_bytes):
    source = _folder(tmp_path, [40] * 4)
    path = tmp_path / "class1" / "1.png"
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ValueError, match=f"{path} cannot be read as an image"):
        data.check(source, 32, 2, cache_bytes)


def test_names_a_small_file(tmp_path):
    source = _folder(tmp_path, [40, 40, 20])
    with pytest.raises(ValueError, match="2.png has 20 pixels"):
        data.check(source, 32, 2, 0)


def test_some_small_images_of_a_published_data_set_are_enlarged(caplog):
    labels = np.array([0, 1, 0], "int32")
    source = _source(labels, 40)

    def decode(image, label):
        return image[: tf.where(label == 1, 20, 40)], label

    source = dataclasses.replace(source, decode=decode)
    with caplog.at_level(logging.WARNING, logger="absl"):
        data.check(source, 32, 2, 0)
    assert "1 of 3 images are smaller than 32" in caplog.text


def test_labels_are_not_looked_at_without_classes():
    data.check(_source([7, 7]), 32, 0, 0)


def test_resolve_num_classes():
    labelled, flat = _source([0, 1]), _source([0, 0], class_names=())
    assert data.resolve_num_classes(labelled, None) == 2
    assert data.resolve_num_classes(labelled, 0) == 0
    assert data.resolve_num_classes(labelled, 5) == 5
    assert data.resolve_num_classes(flat, None) == 0
    with pytest.raises(ValueError, match="`num_classes` must be 0 or None"):
        data.resolve_num_classes(flat, 5)
