"""Tests of the programs in studies/ and of the pages with their results."""

import json
import pathlib
import runpy

import numpy as np
import pytest

from sagan_tf.evaluation.extraction import summarized

ROOT = pathlib.Path(__file__).parents[2]


@pytest.fixture(scope="module")
def floors():
    return runpy.run_path(str(ROOT / "studies" / "floors.py"))


def test_page_has_the_table_of_floors(floors):
    results = json.loads(floors["RESULT"].read_text("utf-8"))
    page = (ROOT / "docs" / "evaluation.md").read_text("utf-8")
    assert floors["table"](results) in page


@pytest.mark.parametrize("count", [40, 60])
def test_halves_are_apart_and_alike(floors, count, random):
    features = np.arange(60, dtype="float32")[:, None] + np.zeros(3, "float32")
    labels = random.permutation(np.repeat([0, 1, 2], [30, 20, 10]))
    images = summarized("images", features, features, labels)
    first, second = floors["halves"](images, count)
    assert first.count == second.count == count // 2
    chosen = np.concatenate(
        [np.asarray(each.features)[:, 0] for each in (first, second)]
    )
    assert len(set(chosen)) == count
    for one, other in zip(
        np.bincount(first.labels), np.bincount(second.labels), strict=True
    ):
        assert abs(one - other) <= 1
