"""TensorBoard's events."""

import numpy as np
import tensorflow as tf


def write_scalars(writer, step, values):
    """Writes what TensorBoard plots over the steps.

    Args:
        writer: `tf.summary.SummaryWriter`.
        step: Integer.
        values: Dictionary from tags to numbers.
    """
    # TensorFlow keeps a tensor of each Python number that it is given, for the
    # next time, for ever; of NumPy's none (but float64, a Python float too).
    with writer.as_default(step=np.int64(step)):
        for tag, value in values.items():
            tf.summary.scalar(tag, np.float32(value))
    writer.flush()
