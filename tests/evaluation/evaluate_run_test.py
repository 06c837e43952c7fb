"""Tests of evaluations of a run's checkpoint."""

import json

import pytest

from sagan_tf import evaluation


def test_result_and_file(run_copy):
    _, workdir = run_copy
    result = evaluation.evaluate(workdir, num_images=60, seed=1)
    assert set(result["metrics"]) == {
        "frechet_classifier_distance",
        "classifier_score_mean",
        "classifier_score_standard_deviation",
        "classifier_score_without_splits",
        "kernel_classifier_distance",
        "precision",
        "recall",
        "density",
        "coverage",
        "asked_for_class_share",
        "intra_frechet_classifier_distance",
    }
    protocol = result["protocol"]
    assert protocol["generated_images"] == 60 and protocol["step"] == 4
    assert protocol["weights"] == "averaged" and protocol["seed"] == 1
    assert protocol["real_images"] == 1437
    with open(result["path"]) as file:
        assert json.load(file)["metrics"] == result["metrics"]
    raw = evaluation.evaluate(workdir, num_images=60, seed=1, averaged=False)
    assert raw["protocol"]["weights"] == "raw"
    assert raw["path"] != result["path"]
    with pytest.raises(
        ValueError,
        match=r"different protocols.*\(weights: 'averaged' and 'raw'\)",
    ):
        evaluation.rank({"a": result, "b": raw})


def test_evaluation_in_training_is_that_of_the_checkpoint(run_copy):
    _, workdir = run_copy
    path = workdir / "eval" / "step0000004_20images.json"
    metrics = json.loads(path.read_text())["metrics"]
    assert evaluation.evaluate(workdir)["metrics"] == metrics


@pytest.mark.slow
def test_evaluations_of_other_protocols_are_kept_apart(run_copy):
    _, workdir = run_copy
    options = (
        {},
        {"quantize": False},
        {"truncation": 0.5},
        {"preset": "paper", "real_images": 300},
        {"split": "test"},
    )
    paths = [
        evaluation.evaluate(workdir, num_images=30, **option)["path"]
        for option in options
    ]
    assert len(set(paths)) == len(paths)


def test_two_extractors(tmp_path):
    with pytest.raises(ValueError, match="`inception` and `extractor` must"):
        evaluation.evaluate(tmp_path, inception="a", extractor="b")
