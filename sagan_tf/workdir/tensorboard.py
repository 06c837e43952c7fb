"""Event files of TensorBoard."""

import os

import numpy as np
import tensorflow as tf
from absl import logging
from google.protobuf import message


def at_step(writer, step):
    """Returns a context in which all summaries are written for a step."""
    # TensorFlow caches a tensor for each Python number that it is given, and
    # never frees it. It does not cache NumPy numbers, except float64, which is
    # a Python float.
    return writer.as_default(step=np.int64(step))


def write_scalars(writer, step, values):
    """Writes the numbers that TensorBoard plots against the step.

    Args:
        writer: `tf.summary.SummaryWriter`.
        step: Integer.
        values: Dictionary from tags to numbers.
    """
    with at_step(writer, step):
        for tag, value in values.items():
            # Not a Python float: see `at_step`.
            tf.summary.scalar(tag, np.float32(value))
    writer.flush()


def keep_events_until(step, path):
    """Drops the events after `step` from a file.

    A damaged event, which a kill may leave at the end, and all events after
    it are dropped too.
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
            "%s is damaged: its end is dropped (%s).",
            path,
            str(error).splitlines()[0],
        )
        dropped = True
    if not dropped:
        return
    # TensorBoard reads every file with "tfevents" in its name.
    temporary = str(path.with_name("rewritten.tmp"))
    with tf.io.TFRecordWriter(temporary) as writer:
        for record in kept:
            writer.write(record)
    os.replace(temporary, path)
