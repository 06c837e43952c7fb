"""Tests of TensorBoard's events."""

import allocation
import pytest
import tensorflow as tf

from sagan_tf.workdir import tensorboard


@pytest.mark.skipif(not allocation.IS_KNOWN, reason=allocation.REASON)
def test_nothing_is_kept_of_what_was_written(tmp_path):
    writer = tf.summary.create_file_writer(str(tmp_path))
    steps = 500
    for first in range(0, 3 * steps, steps):
        before = allocation.used_bytes()
        for step in range(first, first + steps):
            tensorboard.write_scalars(writer, step, {"loss": step + 0.1})
        kept = allocation.used_bytes() - before
    # Of a tensor of each number it would be 1,000.
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
