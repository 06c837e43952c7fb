"""Layers and networks give the same on JAX and PyTorch as on TensorFlow."""

import importlib.util
import os
import pathlib
import pickle
import subprocess
import sys

import conformance_test
import every_backend
import keras
import numpy as np
import pytest

from sagan_tf import layers

PROGRAM = every_backend.__file__
PACKAGE = pathlib.Path(layers.__file__).parents[1]
SUBJECTS = {
    **conformance_test.SUBJECTS,
    # Large enough for blocks.
    "SelfAttention-blockwise": (
        lambda: keras.Sequential(
            [keras.Input((48, 48, 4)), layers.SelfAttention()]
        ),
        lambda: (
            np.random.default_rng(0)
            .normal(size=(2, 48, 48, 4))
            .astype("float32")
        ),
    ),
}


def _case(make, inputs, policy):
    """Returns a model under a policy, and the float32 results to compare."""
    keras.utils.set_random_seed(0)
    model = conformance_test.varied(make())
    config = conformance_test.made_under(policy, make).get_config()
    arrays = inputs() if isinstance(inputs(), list) else [inputs()]
    given = arrays if len(arrays) > 1 else arrays[0]
    case = {
        "sequential": isinstance(model, keras.Sequential),
        "config": config,
        "weights": model.get_weights(),
        "inputs": arrays,
        "outputs": {
            training: np.array(model(given, training=training))
            for training in (True, False)
        },
        "weights_after": model.get_weights(),
    }
    return {**case, "gradient": every_backend.gradient(model, arrays)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "policy"),
    [
        ("jax", "float32"),
        ("torch", "float32"),
        ("torch", "float64"),
        ("torch", "mixed_bfloat16"),
    ],
)
def test_backend(tmp_path, backend, policy):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed; an extra has it")
    cases = {
        name: _case(*subject, policy) for name, subject in SUBJECTS.items()
    }
    path = tmp_path / "cases.pickle"
    path.write_bytes(pickle.dumps(cases))
    environment = {
        **os.environ, "KERAS_BACKEND": backend, "JAX_PLATFORMS": "cpu",
    }  # fmt: skip
    result = subprocess.run(
        [sys.executable, PROGRAM, str(PACKAGE), str(path), policy],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.split() == list(cases)
