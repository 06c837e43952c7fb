"""Tests of the training curves."""

import json

import numpy as np
import pytest

from sagan_tf import Config
from sagan_tf.sampling import curves


@pytest.fixture
def workdir(tmp_path):
    """The files of a run, written by hand."""
    workdir = tmp_path / "run"
    (workdir / "eval").mkdir(parents=True)
    Config(eval_images=20).save(workdir / "config.json")
    with open(workdir / "metrics.jsonl", "w") as file:
        for step in (2, 4):
            names = ("discriminator_loss", "generator_loss", "real_logits")
            record = dict.fromkeys((*names, "fake_logits"), step / 2)
            file.write(json.dumps({"step": step, **record}) + "\n")
    for step in (4, 0, 1):
        result = {
            "metrics": {
                "frechet_classifier_distance": 10.0 - step,
                "asked_for_class_share": step / 4,
            },
            "protocol": {"step": step, "generated_images": 20, "seed": 0},
            # Evaluations by other protocols are not comparable.
            "provenance": {"as_in_training": step != 1},
        }
        path = workdir / "eval" / f"step{step}.json"
        path.write_text(json.dumps(result))
    return workdir


def test_plot(workdir, tmp_path, pixels):
    curves.plot(workdir, tmp_path / "curves.png")
    image = pixels(tmp_path / "curves.png")
    assert image.shape[1] > 1000 and len(np.unique(image)) > 50


def test_evaluations_are_plotted(workdir, tmp_path, pixels):
    curves.plot(workdir, tmp_path / "with.png")
    for path in (workdir / "eval").glob("*.json"):
        path.unlink()
    curves.plot(workdir, tmp_path / "without.png")
    images = [pixels(tmp_path / f"{name}.png") for name in ("with", "without")]
    assert np.any(images[0] != images[1])


def test_nothing_to_plot(tmp_path):
    with pytest.raises(ValueError, match="has no metrics.jsonl"):
        curves.plot(tmp_path, tmp_path / "curves.png")


def test_damaged_records_are_named(workdir, tmp_path):
    evaluation = workdir / "eval" / "other.json"
    evaluation.write_text("{}")
    with pytest.raises(ValueError, match="other.json is not"):
        curves.plot(workdir, tmp_path / "curves.png")
    evaluation.unlink()
    with open(workdir / "metrics.jsonl", "a") as file:
        file.write("{}\n")
    with pytest.raises(ValueError, match="metrics.jsonl has a line that is no"):
        curves.plot(workdir, tmp_path / "curves.png")
    assert not (tmp_path / "curves.png").exists()
