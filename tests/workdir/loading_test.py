"""Tests of networks loaded from a run."""

import numpy as np
import pytest

from sagan_tf.workdir import load_generator, loading


def test_average_and_weights(finished_run):
    _, workdir, weights = finished_run
    found = {}
    for averaged in (None, True, False):
        run = loading.load(workdir, averaged=averaged)
        assert run.step == 4 and run.averaged == (averaged is not False)
        assert run.config.num_classes == 10
        found[averaged] = run.generator.get_weights()
        for weight in found[averaged]:
            assert any(np.array_equal(weight, w) for w in weights.values())
    for default, average in zip(found[None], found[True], strict=True):
        np.testing.assert_array_equal(default, average)
    assert not all(map(np.array_equal, found[True], found[False]))


def test_checkpoint_of_another_network_is_named(run_copy):
    config, workdir = run_copy
    config.base_channels, config.num_classes = 4, 10
    config.save(workdir / "config.json")
    with pytest.raises(ValueError, match="ckpt-4 cannot be read, or does not"):
        load_generator(workdir)


def test_nothing_to_load(small_run, tmp_path):
    with pytest.raises(ValueError, match="has no run"):
        load_generator(tmp_path)
    small_run.resolved(10).save(tmp_path / "config.json")
    with pytest.raises(ValueError, match="has no checkpoint in"):
        load_generator(tmp_path)
    with pytest.raises(ValueError, match="no checkpoint of step 3"):
        load_generator(tmp_path, step=3)


def test_no_average_to_load(run_copy):
    config, workdir = run_copy
    config.ema_decay, config.num_classes = 0.0, 10
    config.save(workdir / "config.json")
    with pytest.raises(ValueError, match="has no moving average"):
        load_generator(workdir, averaged=True)
