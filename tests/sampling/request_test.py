"""Tests of what users of `sagan-sample` may ask for."""

import pytest

from sagan_tf.sampling import Request


def test_numbers_and_ranges():
    request = Request(output="x", seeds="4-5, 9", classes="2,0")
    assert request.seeds == [4, 5, 9] and request.classes == [2, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seeds": "7-3"}, "`seeds` must be numbers and ranges"),
        ({"seeds": "a"}, "`seeds` must be numbers and ranges"),
        ({"seeds": ""}, "`seeds` must be numbers and ranges"),
        ({"seeds": "0-99999999"}, "`seeds` must be numbers and ranges"),
        ({"classes": "-"}, "`classes` must be numbers and ranges"),
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
