"""Records of steps after the checkpoint that a run resumes from.

They are dropped: resuming writes them again.
"""

import os

import tensorflow as tf
from absl import logging
from google.protobuf import message

from sagan_tf import files


def keep_until(step, workdir):
    """Drops what `workdir` records of steps after `step`; 0: everything."""
    keep_metrics_until(step, workdir.metrics)
    for path in sorted(workdir.tensorboard.glob("events.out.tfevents.*")):
        keep_events_until(step, path)


def last_metrics(path):
    """Returns the last whole record of metrics, or {}; errors as below."""
    records = _records(path)
    return records[-1][1] if records else {}


def keep_metrics_until(step, path):
    """Drops the lines after `step` of a file of metrics.

    Raises:
        ValueError: If a line is no record.
    """
    if path.exists():
        kept = [
            line for line, record in _records(path) if record["step"] <= step
        ]
        files.write_text(path, "".join(kept))


def keep_events_until(step, path):
    """Drops events after `step`, and from a damaged one on, of a file.

    A kill may leave a damaged one at the end.
    """
    kept, dropped = [], False
    try:
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            if (
                event.HasField("file_version")
                or 0 < event.step <= step
                or (event.step == 0 and step > 0)
            ):
                kept.append(record)
            else:
                dropped = True
    except (tf.errors.DataLossError, message.DecodeError) as error:
        logging.warning(
            "%s is damaged; what follows is dropped (%s).",
            path,
            str(error).splitlines()[0],
        )
        dropped = True
    if not dropped:
        return
    # TensorBoard reads all that has its own name in its name.
    temporary = str(path.with_name("rewritten.tmp"))
    with tf.io.TFRecordWriter(temporary) as writer:
        for record in kept:
            writer.write(record)
    os.replace(temporary, path)


def _records(path):
    return files.read_records(path) if path.exists() else []
