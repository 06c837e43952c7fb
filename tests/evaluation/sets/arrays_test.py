"""Tests of sets of images in arrays."""

import numpy as np
import pytest
from image_sets import read_all
from PIL import Image

from sagan_tf.evaluation.sets import arrays
from sagan_tf.evaluation.sets import pictures as folders


@pytest.mark.parametrize("channels", [1, 3])
def test_arrays(tmp_path, pictures, channels):
    pictures = pictures[..., :channels]
    labels = np.array([0, 0, 1, 1, 1])
    np.save(tmp_path / "a.npy", pictures)
    np.savez(tmp_path / "a.npz", x=pictures, y=labels)
    expected = np.broadcast_to(pictures, (5, 8, 8, 3))
    for name, expected_labels in (("a.npy", None), ("a.npz", labels.tolist())):
        images = arrays.of_array(tmp_path / name)
        found, found_labels = read_all(images)
        np.testing.assert_array_equal(found, expected)
        assert found_labels == expected_labels
    rest, _ = read_all(images, start=4)
    np.testing.assert_array_equal(rest, expected[4:])


@pytest.mark.parametrize("value_range", [(0, 1), (-1, 1), (0, 255)])
def test_floats(pictures, value_range):
    black, white = value_range
    floats = black + pictures.astype("float32") / 255 * (white - black)
    images = arrays.of_images(floats, value_range=value_range)
    np.testing.assert_array_equal(read_all(images)[0], pictures)


def test_arrays_are_resized_as_files_are(tmp_path, random):
    pictures = random.integers(0, 256, (2, 9, 12, 3), np.uint8)
    for index, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{index}.png")
    of_files, _ = read_all(folders.of_folder(tmp_path), image_size=6)
    of_array, _ = read_all(arrays.of_images(pictures), image_size=6)
    # Pillow rounds twice.
    assert np.abs(of_files.astype(int) - of_array).max() <= 1


def test_batches(pictures):
    labels = np.array([0, 0, 1, 1, 1])
    pairs = [(pictures[:3], labels[:3]), (pictures[3:], labels[3:])]
    images = arrays.of_batches(iter(pairs))
    found, found_labels = read_all(images)
    np.testing.assert_array_equal(found, pictures)
    assert found_labels == labels.tolist()
    with pytest.raises(ValueError, match="batches has no images"):
        arrays.of_batches([])
    unequal = arrays.of_batches([pictures, pictures[:, :4, :4]])
    with pytest.raises(ValueError, match="shorter sides of 8 and 4 pixels"):
        read_all(unequal)


_BAD = {
    "0 to 1 in uint8": ({"images": np.ones((2, 4, 4, 3), np.uint8)}, "above 1"),
    "no range": (
        {"images": np.zeros((2, 4, 4, 3))},
        "`value_range` must be given",
    ),
    "beyond": (
        {"images": np.full((2, 4, 4, 3), 2.0), "value_range": (0, 1)},
        "must be in `value_range=0,1`",
    ),
    "nan": (
        {"images": np.full((2, 4, 4, 3), np.nan), "value_range": (0, 1)},
        "must be finite",
    ),
    "no effect": (
        {"images": np.full((2, 4, 4, 3), 9, np.uint8), "value_range": (0, 1)},
        "`value_range` has no effect on uint8",
    ),
    "integers": ({"images": np.zeros((2, 4, 4, 3), int)}, "must be uint8"),
    "rank": ({"images": np.zeros((2, 4, 4), np.uint8)}, r"shape \(2, 4, 4\)"),
    "channels first": (
        {"images": np.zeros((2, 3, 4, 4), np.uint8)},
        "with 1 or 3 channels",
    ),
    "empty": ({"images": np.zeros((0, 4, 4, 3), np.uint8)}, "shape"),
    "labels": (
        {"images": np.full((2, 4, 4, 3), 9, np.uint8), "labels": [1]},
        r"`labels` of array must be integers \(2,\)",
    ),
}


@pytest.mark.parametrize("case", _BAD)
def test_bad_arrays(case):
    arguments, message = _BAD[case]
    with pytest.raises(ValueError, match=message):
        read_all(arrays.of_images(**arguments))


def test_bad_files(tmp_path, pictures):
    np.savez(tmp_path / "two.npz", a=pictures, b=pictures)
    content = (tmp_path / "two.npz").read_bytes()
    for name, broken in (
        ("a.npy", b"no array"),
        ("a.npz", b"no array"),
        ("b.npz", content[:300]),
        ("c.npz", content[:900] + b"!" + content[901:]),
    ):
        (tmp_path / name).write_bytes(broken)
        with pytest.raises(ValueError, match="cannot be read as an array"):
            arrays.of_array(tmp_path / name)
    with pytest.raises(ValueError, match="must have one array of images"):
        arrays.of_array(tmp_path / "two.npz")
