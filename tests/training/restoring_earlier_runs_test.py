"""Tests of runs that version 0.1.0, before the fields `labels`, left."""

import json
import pathlib
import shutil

import numpy as np
import pytest

from sagan_tf import Config, evaluation, training
from sagan_tf.workdir import load_generator

GOLDEN = pathlib.Path(__file__).parents[1] / "golden" / "run_of_0.1.0"


@pytest.fixture
def run(tmp_path):
    """A copy of a run."""
    return lambda name: shutil.copytree(GOLDEN / name, tmp_path / name)


def test_config_loads():
    """It has fields that are gone, and 0 for no classes."""
    text = (GOLDEN / "unconditional" / "config.json").read_text()
    assert {"folded", "blockwise_attention"} <= set(json.loads(text))
    config = Config.from_json(text)
    assert config.num_classes is None and not config.labels
    config = Config.load(GOLDEN / "conditional" / "config.json")
    assert config.num_classes == 10 and config.labels


def test_run_resumes(run, checkpoint_variables):
    """It was at step 2, and its version went on to step 4."""
    workdir = run("conditional")
    config = Config.load(workdir / "config.json")
    config.steps, config.num_classes = 4, None
    gan = training.train(config, workdir)
    assert int(gan.step.numpy()) == 4
    suffix = "/.ATTRIBUTES/VARIABLE_VALUE"

    def named(values):
        # A kernel is `_kernel` if it is that of a Keras layer.
        return {
            name.removesuffix(suffix).replace("/_kernel", "/kernel"): value
            for name, value in values.items()
        }

    found = named(checkpoint_variables(workdir, 4))
    with np.load(GOLDEN / "step_4.npz") as expected:
        for name, value in named(expected).items():
            # On the processor that computed these, they are equal to the bit.
            np.testing.assert_allclose(
                found[name], value, rtol=1e-3, atol=1e-4, err_msg=name
            )
    lines = (workdir / "metrics.jsonl").read_text().splitlines()
    expected = (GOLDEN / "step_4.jsonl").read_text().splitlines()
    for line, other in zip(lines, expected, strict=True):
        record = json.loads(line)
        assert record == pytest.approx(json.loads(other), rel=1e-2, abs=1e-2)


@pytest.mark.parametrize("name", ["conditional", "unconditional"])
def test_run_is_evaluated(run, name):
    workdir = run(name)
    generator, config, step = load_generator(workdir)
    assert len(generator.inputs) == 2 - (name == "unconditional")
    result = evaluation.evaluate(workdir)
    assert result["protocol"]["step"] == step
    assert result["protocol"]["conditional"] == config.labels
