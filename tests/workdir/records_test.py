"""Tests of reading and dropping what a run has recorded."""

import json

import pytest

from sagan_tf.workdir import records


def _evaluation(path, step, as_in_training=True):
    result = {
        "metrics": {"frechet_custom_distance": 1},
        "protocol": {"step": step},
        "provenance": {"as_in_training": as_in_training},
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result))


def test_evaluations(tmp_path):
    _evaluation(tmp_path / "eval" / "a.json", 10)
    _evaluation(tmp_path / "eval" / "b.json", 9, as_in_training=False)
    found = records.evaluations(tmp_path)
    assert [each.step for each in found] == [9, 10]
    assert found[0].frechet_distance == 1.0
    assert found[1].path == tmp_path / "eval" / "a.json"
    (usual,) = records.training_evaluations(tmp_path)
    assert usual.step == 10


def test_broken_evaluation(tmp_path, caplog):
    _evaluation(tmp_path / "eval" / "a.json", 10)
    (tmp_path / "eval" / "b.json").write_text('{"metrics": {}}')
    with pytest.raises(ValueError, match="b.json is not an evaluation"):
        records.evaluations(tmp_path)
    (found,) = records.evaluations(tmp_path, skip_broken=True)
    assert found.step == 10 and "b.json is not an eval" in caplog.text


def test_metrics_after_a_step_are_dropped(tmp_path):
    path = tmp_path / "metrics.jsonl"
    records.keep_until(0, tmp_path)
    assert not path.exists() and records.last_metrics(tmp_path) == {}
    path.write_text('{"step": 2}\n{"step": 4}\n{"step": 6, "cut')
    assert records.last_metrics(tmp_path) == {"step": 4}
    records.keep_until(4, tmp_path)
    assert path.read_text() == '{"step": 2}\n{"step": 4}\n'
    records.keep_until(2, tmp_path)
    assert path.read_text() == '{"step": 2}\n'
    records.keep_until(0, tmp_path)
    assert path.read_text() == ""


@pytest.mark.parametrize(
    "line", ["[1]", "{}", "{", '{"step": "2"}', "[" * 100_000, "\xff"]
)
def test_line_that_is_not_a_record(tmp_path, line):
    path = tmp_path / "metrics.jsonl"
    content = f'{{"step": 2}}\n{line}\n'.encode("latin1")
    path.write_bytes(content)
    message = "metrics.jsonl has a line that is not a record"
    with pytest.raises(ValueError, match=message):
        records.keep_until(2, tmp_path)
    with pytest.raises(ValueError, match=message):
        records.last_metrics(tmp_path)
    assert path.read_bytes() == content
