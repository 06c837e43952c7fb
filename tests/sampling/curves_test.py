"""Tests of the curves and of the demo's report."""

import json

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import Config
from sagan_tf.commands import demo
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
            # That of another protocol has no place beside the others.
            "provenance": {"as_in_training": step != 1},
        }
        path = workdir / "eval" / f"step{step}.json"
        path.write_text(json.dumps(result))
        path.with_suffix(".png").write_bytes(b"picture %d" % step)
    return workdir


def test_reads_in_order(workdir):
    steps = [record["step"] for record in curves.read_metrics(workdir)]
    assert steps == [2, 4]
    results = curves.read_evaluations(workdir)
    assert [result["protocol"]["step"] for result in results] == [0, 4]


def test_plot(workdir, tmp_path):
    curves.plot(workdir, tmp_path / "curves.png")
    picture = tf.io.decode_png((tmp_path / "curves.png").read_bytes())
    assert picture.shape[1] > 1000 and len(np.unique(picture)) > 50


def test_nothing_to_plot(tmp_path):
    with pytest.raises(ValueError, match="has no metrics.jsonl"):
        curves.plot(tmp_path, tmp_path / "curves.png")


def test_summary(workdir, tmp_path, monkeypatch, gan_factory):
    generator = gan_factory(compiled=False).generator
    monkeypatch.setattr(
        "sagan_tf.workdir.load_generator",
        lambda workdir, step: (generator, Config(), step),
    )
    output = tmp_path / "demo"
    first, last = demo.summarize(workdir, output)
    assert first["protocol"]["step"] == 0 and last["protocol"]["step"] == 4
    assert (output / "samples.png").read_bytes() == b"picture 4"
    metrics = json.loads((output / "metrics.json").read_text())
    assert metrics["metrics"] == last["metrics"]
    assert (output / "training_curves.png").exists()
    served = tf.saved_model.load(str(output / "model" / "4"))
    assert "serving_default" in served.signatures
    demo.summarize(workdir, output)


def test_summary_of_a_run_not_evaluated(tmp_path):
    Config().save(tmp_path / "config.json")
    with pytest.raises(ValueError, match="has no evaluation"):
        demo.summarize(tmp_path, tmp_path / "demo")


def test_line_cut_short_is_passed_over(workdir):
    before = curves.read_metrics(workdir)
    with open(workdir / "metrics.jsonl", "a") as file:
        file.write('{"step": 6, "discr')
    assert curves.read_metrics(workdir) == before


@pytest.mark.parametrize(
    "line", ["", "{", "1", '{"step": 6}', "[" * 100_000], ids=range(5)
)
def test_lines_that_are_no_records(workdir, line):
    with open(workdir / "metrics.jsonl", "a") as file:
        file.write(f"{line}\n")
    with pytest.raises(ValueError, match="metrics.jsonl has a line that is no"):
        curves.read_metrics(workdir)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"metrics": {"x": "y"}}'])
def test_files_that_are_no_evaluations(workdir, text):
    (workdir / "eval" / "other.json").write_text(text)
    with pytest.raises(ValueError, match="other.json is not"):
        curves.read_evaluations(workdir)
