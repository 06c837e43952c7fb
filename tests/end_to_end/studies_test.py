"""Tests of the programs in studies/ and of the pages with their results."""

import dataclasses
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


@pytest.fixture
def demo(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "studies"))
    return runpy.run_path(str(ROOT / "studies" / "demo.py"))


def test_recipes_of_the_demo(demo):
    """They differ in what is studied alone, and are evaluated on the way."""
    found = demo["configs"]()
    for config in found.values():
        config.validate()
        assert config.steps == 5 * config.eval_every_steps
    plain = dataclasses.replace(found["demo"], mode_seeking_weight=0.0)
    assert found["without mode seeking"] == plain != found["demo"]


def test_table_of_the_demo_has_every_evaluation(demo):
    metrics = dict.fromkeys(demo["COLUMNS"], 0.25)
    runs = [
        {
            "name": "demo",
            "seed": seed,
            "evaluations": [{"step": step, **metrics} for step in (0, 7, 14)],
        }
        for seed in (0, 1)
    ]
    lines = demo["table"]({"runs": runs}).splitlines()
    assert len(lines) == 2 + 4
    assert lines[-1].startswith("| demo | 1 | 14 | 0.25 | ")


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
