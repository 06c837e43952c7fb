"""TensorBoard's events."""

import os

import numpy as np
import tensorflow as tf
from absl import logging
from google.protobuf import message


def at_step(writer, step):
    """Returns a context in which all that is written is of a step."""
    # TensorFlow keeps a tensor of each Python number that it is given, for the
    # next time, for ever; of NumPy's none (but float64, a Python float too).
    return writer.as_default(step=np.int64(step))


def write_scalars(writer, step, values):
    """Writes what TensorBoard plots over the steps.

    Args:
        writer: `tf.summary.SummaryWriter`.
        step: Integer.
        values: Dictionary from tags to numbers.
    """
    with at_step(writer, step):
        for tag, value in values.items():
            # Not a Python float, as above.
            tf.summary.scalar(tag, np.float32(value))
    writer.flush()


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
