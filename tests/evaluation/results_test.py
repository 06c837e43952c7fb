"""Tests of evaluations that are written, compared and described."""

import json

import pytest

from sagan_tf import evaluation
from sagan_tf.workdir import Workdir, records


def _write(path, value=1.0, **protocol):
    result = {
        "metrics": {"frechet_custom_distance": value, "recall": 0.25},
        "classes": {"worst": {"3": 9.0, "5": 8.0}},
        "protocol": {"step": 4, "seed": 0, "weights": "raw", **protocol},
        "provenance": {"as_in_training": True},
    }
    path.write_text(json.dumps(result))
    return result


@pytest.fixture
def record(tmp_path, small_run, black_images):
    """Records an evaluation of step 4 in an empty workdir."""
    usual = {
        "preset": None,
        "generated_images": small_run.eval_images,
        "seed": 0,
        "extractor_kind": small_run.extractor,
        "extractor_sha256": "1",
        "extractor_outputs": ["features", "logits"],
        "extractor_input_range": [-1.0, 1.0],
    }

    def run(averaged=True, fields=None, **protocol):
        result = {
            "metrics": {"frechet_custom_distance": 2.0},
            "classes": {"best": {1: 3.0, 0: 4.0}},
            "protocol": {**usual, **protocol},
            "provenance": {"fields_of_protocol_set": fields or {}},
        }
        workdir = Workdir(tmp_path)
        return evaluation.record(
            result, None, small_run, workdir, 4, averaged, black_images
        )

    return run


def test_evaluation_during_training_is_on_tensorboard(
    record, tmp_path, tensorboard_events
):
    path = record()
    assert path == tmp_path / "eval" / "step0000004_20images.json"
    assert path.with_suffix(".png").exists()
    ((name, step, _),) = tensorboard_events(tmp_path)
    assert name == "eval/frechet_custom_distance" and step == 4
    evaluation = records.read_evaluation(path)
    assert evaluation.as_in_training
    assert evaluation.protocol["weights"] == "averaged"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"generated_images": 50}, "step0000004_50images"),
        ({"preset": "paper"}, "step0000004_20images_paper"),
        ({"fields": {"quantize": False}}, "step0000004_20images_0d073c0a"),
        ({"extractor_kind": "custom"}, "step0000004_20images_custom4e3568b7"),
        ({"seed": 3}, "step0000004_20images_seed3"),
        ({"averaged": False}, "step0000004_20images_raw"),
    ],
)
def test_file_name_says_what_differs(record, tmp_path, options, name):
    """Only evaluations as in training are on TensorBoard."""
    path = record(**options)
    assert path.name == f"{name}.json"
    assert not (tmp_path / "tensorboard").exists()
    assert not records.read_evaluation(path).as_in_training


def test_classes_have_their_names(record, tmp_path):
    without = json.loads(record().read_text())
    assert without["classes"] == {"best": {"1": 3.0, "0": 4.0}}
    (tmp_path / "classes.json").write_text('["cat", "dog"]')
    found = json.loads(record().read_text())
    assert found["classes"] == {"best": {"dog": 3.0, "cat": 4.0}}


def test_describe(tmp_path):
    result = _write(tmp_path / "a.json")
    lines = [
        " ".join(line.split())
        for line in evaluation.describe(result).splitlines()
    ]
    assert lines == [
        "metrics:",
        "frechet custom distance 1",
        "recall 0.25",
        "worst classes 3 (9), 5 (8)",
        "by the protocol:",
        "step 4",
        "seed 0",
        "weights raw",
    ]
