"""Tests of recorded metrics."""

import dataclasses

from sagan_tf.training import callbacks
from sagan_tf.workdir import Workdir


def test_sign_of_collapse_is_logged_once(
    small_run, gan_factory, black_images, tmp_path, caplog
):
    """Even if the run is resumed in between."""
    config = dataclasses.replace(small_run, num_classes=3)
    for step in (2, 4):
        writer = callbacks.MetricsWriter(
            config, Workdir(tmp_path), black_images
        )
        gan = gan_factory()
        writer.set_model(gan)
        writer.on_train_begin()
        writer.on_epoch_begin(0)
        gan.step.assign(step)
        writer.on_epoch_end(0, {"real_logits": 9.0, "fake_logits": -9.0})
        writer.on_train_end()
        assert caplog.text.count("logits_gap is 18, above 6") == 1
    assert len((tmp_path / "metrics.jsonl").read_text().splitlines()) == 2
