"""Tests of several evaluations by one protocol, ranked."""

import json

import numpy as np
import pytest
from PIL import Image

from sagan_tf import evaluation
from sagan_tf.workdir import records


def _result(distance, **protocol):
    return {
        "metrics": {"frechet_custom_distance": distance, "recall": 0.25},
        "intervals": {"recall": [0.2, 0.3]},
        "floor": {"recall": 0.9},
        "protocol": {"step": 4, "seed": 0, **protocol},
    }


def test_table_and_picture(tmp_path):
    results = {
        "a": _result(2.0, preset="paper"),
        "b": _result(1.5, extractor="elsewhere"),
        "c": _result(3.0, seed=1),
    }
    output = tmp_path / "pictures" / "ranking.png"
    table = evaluation.rank(results, output)
    lines = [" ".join(line.split()) for line in table.splitlines()]
    assert lines == [
        "1: b",
        "2: a",
        "3: c",
        "",
        "1 2 3",
        "frechet custom distance \u2193 1.5 2 3",
        "recall \u2191 0.25 0.25 0.25",
    ]
    with Image.open(output) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    height, width, _ = pixels.shape
    assert width > 800 and height > 200
    # Dots in both panels.
    blue = (pixels == (31, 119, 180)).all(axis=2).any(axis=0)
    assert blue[: width // 2].any() and blue[width // 2 :].any()


def test_different_protocols_are_not_compared():
    results = {"a": _result(1, resize="area"), "b": _result(1, weights="raw")}
    with pytest.raises(
        ValueError,
        match=r"cannot be compared \(resize: 'area' and None; weights: None",
    ):
        evaluation.rank(results)


def test_without_a_frechet_distance():
    result = _result(1)
    del result["metrics"]["frechet_custom_distance"]
    with pytest.raises(ValueError, match="must all have the same Frechet"):
        evaluation.rank({"a": result, "b": _result(1)})


@pytest.mark.parametrize("content", ["{", "{}", "[1]", None])
def test_a_file_that_is_not_an_evaluation(tmp_path, content):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match="a.json is not an evaluation"):
        records.read_result(path)


def test_read(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(json.dumps(_result(1.0)))
    assert records.read_result(path) == _result(1.0)
