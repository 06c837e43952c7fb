"""Tests of class names, which are known without the images."""

import pytest

from sagan_tf import data


def test_class_names(tmp_path, write_image):
    assert data.class_names("digits") == list("0123456789")
    assert data.class_names("mnist") == list("0123456789")
    for name in ("cat", "dog"):
        write_image(tmp_path / name / "1.png")
    assert data.class_names("image_folder", str(tmp_path)) == ["cat", "dog"]


@pytest.mark.parametrize("dataset", ["image_folder", "no_such_data_set"])
def test_missing_data_has_no_class_names(dataset):
    assert data.class_names(dataset, "/there/is/no/such/folder") == []
