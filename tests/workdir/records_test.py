"""Tests of dropping the records of steps to come."""

import pytest
import tensorflow as tf

from sagan_tf.workdir import records


def _write_events(directory, steps):
    writer = tf.summary.create_file_writer(str(directory))
    for step in steps:
        with writer.as_default(step=step):
            tf.summary.scalar("loss", float(step))
    writer.close()
    (path,) = directory.iterdir()
    return path


def _steps(path):
    return [
        event.step
        for event in tf.compat.v1.train.summary_iterator(str(path))
        if event.summary.value
    ]


@pytest.mark.parametrize(
    ("step", "kept"), [(0, []), (2, [0, 2]), (3, [0, 2]), (4, [0, 2, 4])]
)
def test_events_after_a_step_are_dropped(tmp_path, step, kept):
    path = _write_events(tmp_path, [0, 2, 4])
    before = path.read_bytes()
    records.keep_events_until(step, path)
    assert _steps(path) == kept
    assert (path.read_bytes() == before) == (step == 4)
    assert list(tmp_path.iterdir()) == [path]


def test_event_cut_short_by_a_kill_is_dropped(tmp_path):
    path = _write_events(tmp_path, [2, 4])
    path.write_bytes(path.read_bytes()[:-5])
    records.keep_events_until(4, path)
    assert _steps(path) == [2]


@pytest.mark.parametrize("kind", ["flipped bit", "no event"])
def test_damaged_event_is_dropped_with_those_after_it(tmp_path, caplog, kind):
    path = _write_events(tmp_path, [2, 4, 6])
    records = list(tf.data.TFRecordDataset(str(path)).as_numpy_iterator())
    (damaged,) = (
        index for index, record in enumerate(records)
        if tf.compat.v1.Event.FromString(record).step == 4
    )  # fmt: skip
    if kind == "no event":
        records[damaged] = b"\xff"
        with tf.io.TFRecordWriter(str(path)) as writer:
            for record in records:
                writer.write(record)
    else:
        content = bytearray(path.read_bytes())
        content[content.index(records[damaged]) + 9] ^= 1
        path.write_bytes(content)
    records.keep_events_until(6, path)
    assert _steps(path) == [2]
    assert f"{path} is damaged; what follows is dropped" in caplog.text


def test_metrics_after_a_step_are_dropped(tmp_path):
    path = tmp_path / "metrics.jsonl"
    records.keep_metrics_until(0, path)
    assert not path.exists() and records.last_metrics(path) == {}
    path.write_text('{"step": 2}\n{"step": 4}\n{"step": 6, "cut')
    assert records.last_metrics(path) == {"step": 4}
    records.keep_metrics_until(4, path)
    assert path.read_text() == '{"step": 2}\n{"step": 4}\n'
    records.keep_metrics_until(2, path)
    assert path.read_text() == '{"step": 2}\n'
    records.keep_metrics_until(0, path)
    assert path.read_text() == ""


@pytest.mark.parametrize(
    "line", ["[1]", "{}", "{", '{"step": "2"}', "[" * 100_000, "\xff"]
)
def test_metrics_that_are_none_are_named(tmp_path, line):
    path = tmp_path / "metrics.jsonl"
    content = f'{{"step": 2}}\n{line}\n'.encode("latin1")
    path.write_bytes(content)
    with pytest.raises(ValueError, match="metrics.jsonl has a line that is no"):
        records.keep_metrics_until(2, path)
    with pytest.raises(ValueError, match="metrics.jsonl has a line that is no"):
        records.last_metrics(path)
    assert path.read_bytes() == content
