"""Tests of the SavedModel by the loaders that servers use."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

C_INTERFACE = pathlib.Path(__file__).parents[1] / "tools" / "c_interface.py"
COUNTS = (1, 3, 64)


@pytest.fixture(scope="module")
def definitions(exported):
    """Inputs and outputs of each signature: names and tensors."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.loader.load(
            session, ["serve"], str(exported)
        )
    return {
        name: (
            {k: v.name for k, v in loaded.signature_def[name].inputs.items()},
            {k: v.name for k, v in loaded.signature_def[name].outputs.items()},
        )
        for name in loaded.signature_def
    }


def test_loader_of_tensorflow_1(
    exported, served, definitions, inputs_by_signature, assert_equal_outputs
):
    """TF Serving loads in this way: into a session, by the tag `serve`."""
    inputs = {count: inputs_by_signature(count) for count in COUNTS}
    found = {}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.saved_model.loader.load(session, ["serve"], str(exported))
        for count in COUNTS:
            for name, values in inputs[count].items():
                feeds, fetches = definitions[name]
                found[count, name] = session.run(
                    fetches, {feeds[k]: v.numpy() for k, v in values.items()}
                )
    for (count, name), outputs in found.items():
        expected = served[name](**inputs[count][name])
        assert_equal_outputs(outputs, expected)
    assert len(found) == 3 * 6


def test_c_interface_without_python(
    exported,
    served,
    definitions,
    inputs_by_signature,
    assert_equal_outputs,
    tmp_path,
):
    """TensorFlow's C library, in a process without TensorFlow's Python."""
    inputs = {count: inputs_by_signature(count) for count in COUNTS}
    jobs = []
    for count in COUNTS:
        for name, values in inputs[count].items():
            path = tmp_path / f"{name}{count}.npz"
            np.savez(path, **values)
            feeds, fetches = definitions[name]
            jobs += [
                {
                    "feeds": feeds,
                    "fetch": tensor,
                    "inputs": str(path),
                    "output": str(tmp_path / f"{name}{count}{output}"),
                    "name": name,
                    "count": count,
                    "key": output,
                }
                for output, tensor in fetches.items()
            ]
    (tmp_path / "jobs.json").write_text(json.dumps(jobs))
    folder = pathlib.Path(tf.__file__).parent
    result = subprocess.run(
        [sys.executable, C_INTERFACE, folder, exported, tmp_path / "jobs.json"],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    for job in jobs:
        given = inputs[job["count"]][job["name"]]
        expected = served[job["name"]](**given)[job["key"]]
        found = np.load(job["output"] + ".npy")
        assert_equal_outputs({job["key"]: found}, {job["key"]: expected})
    assert len(jobs) == 3 * 8
