"""Tests of resuming from a checkpoint."""

from sagan_tf import training
from sagan_tf.workdir import Workdir


def test_run_that_was_killed_before_its_first_checkpoint(
    small_run, tmp_path, caplog
):
    workdir = Workdir(tmp_path)
    assert training.restore(None, workdir, small_run) == 0
    assert not caplog.text
    workdir.metrics.write_text('{"step": 2}\n')
    assert training.restore(None, workdir, small_run) == 0
    assert f"{tmp_path} has no checkpoint yet" in caplog.text
