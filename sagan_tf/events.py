"""TensorBoard's events."""

import numpy as np
import tensorflow as tf


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
