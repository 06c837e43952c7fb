"""Tests of what users of `sagan-sample` may ask for."""

import pytest

from sagan_tf.sampling import Request
from sagan_tf.sampling.request import parse_classes


def test_numbers_and_ranges():
    assert Request(output="x", seeds="4-5, 9").seeds == [4, 5, 9]


NAMES = ["cat", "golden-retriever", "7", "dog"]


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("2,0", [2, 0]),
        ("0-1, dog", [0, 1, 3]),
        ("golden-retriever,cat", [1, 0]),
        # What looks like a number is one.
        ("7", [7]),
    ],
)
def test_classes_by_number_and_name(text, classes):
    assert parse_classes(text, NAMES) == classes


@pytest.mark.parametrize(
    ("text", "names", "message"),
    [
        ("-", [], r"such as 0-7 or 3,5,9-12\. Rec"),
        ("dgo", NAMES, "or names, such as dog. Received: classes=dgo"),
        ("cat,,dog", NAMES, "`classes` must be numbers and ranges"),
        ("Cat", [], "`classes` must be numbers and ranges"),
    ],
)
def test_unknown_classes(text, names, message):
    with pytest.raises(ValueError, match=message):
        parse_classes(text, names)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": "7-3"}, "`seeds` must be numbers and ranges"),
        ({"seeds": "a"}, "`seeds` must be numbers and ranges"),
        ({"seeds": ""}, "`seeds` must be numbers and ranges"),
        ({"seeds": "0-99999999"}, "`seeds` must be numbers and ranges"),
        ({"truncation": 0.0}, "`truncation` must be positive"),
        ({"truncation": -1.0}, "`truncation` must be positive"),
        ({"truncation": float("nan")}, "`truncation` must be positive"),
        ({"truncation": float("inf")}, "`truncation` must be positive"),
        ({"output": None}, "Give `output`"),
    ],
)
def test_bad_values(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        Request(**{"output": tmp_path / "out", **arguments})


@pytest.mark.parametrize("name", ["output", "report"])
def test_directory_that_is_a_file(tmp_path, name):
    (tmp_path / "out").touch()
    with pytest.raises(ValueError, match=f"`{name}` .* is not a directory"):
        Request(**{name: tmp_path / "out"})
