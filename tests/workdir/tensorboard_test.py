"""Tests of TensorBoard's event files."""

import allocation
import pytest
import tensorflow as tf

from sagan_tf.workdir import tensorboard


@pytest.mark.skipif(not allocation.IS_KNOWN, reason=allocation.REASON)
def test_written_numbers_are_not_kept_in_memory(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    steps = 500
    for first in range(0, 3 * steps, steps):
        before = allocation.used_bytes()
        for step in range(first, first + steps):
            tensorboard.write_scalars(writer, step, {"loss": step + 0.1})
        kept = allocation.used_bytes() - before
    # A tensor for each number would take 1,000 bytes.
    assert kept / steps < 100
    (path,) = tmp_path.iterdir()
    found = [
        (event.step, float(tf.make_ndarray(value.tensor)))
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    ]
    assert found == [
        (step, pytest.approx(step + 0.1)) for step in range(3 * steps)
    ]


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
    tensorboard.keep_events_until(step, path)
    assert _steps(path) == kept
    assert (path.read_bytes() == before) == (step == 4)
    assert list(tmp_path.iterdir()) == [path]


def test_event_cut_short_by_a_kill_is_dropped(tmp_path):
    path = _write_events(tmp_path, [2, 4])
    path.write_bytes(path.read_bytes()[:-5])
    tensorboard.keep_events_until(4, path)
    assert _steps(path) == [2]


@pytest.mark.parametrize("kind", ["flipped bit", "no event"])
def test_damaged_event_and_later_events_are_dropped(tmp_path, caplog, kind):
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
    tensorboard.keep_events_until(6, path)
    assert _steps(path) == [2]
    assert f"{path} is damaged: its end is dropped" in caplog.text
