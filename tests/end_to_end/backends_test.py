"""Each layer gives the same on the JAX backend as on TensorFlow's."""

import importlib.util
import os
import pathlib
import pickle
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import layers

# Loads the layers without `sagan_tf/__init__`, which needs TensorFlow, and
# compares outputs, gradients and state after a training call.
PROGRAM = """
import importlib.util, pickle, sys, types
import numpy as np
import jax
import keras
assert keras.config.backend() == "jax"
package = types.ModuleType("sagan_tf")
package.__path__ = [sys.argv[1]]
sys.modules["sagan_tf"] = package
from sagan_tf import layers
assert "tensorflow" not in sys.modules
with open(sys.argv[2], "rb") as file:
    cases = pickle.load(file)
for name, case in cases.items():
    layer = keras.saving.deserialize_keras_object(case["layer"])
    if not layer.built:
        layer.build(case["shape"])
    layer.set_weights(case["weights"])
    for training in (True, False):
        outputs = layer(case["inputs"], training=training)
        np.testing.assert_allclose(
            outputs, case["outputs"][training], atol=2e-5, err_msg=name)
    if "gradient" in case:
        state = [
            [variable.value for variable in variables]
            for variables in (
                layer.trainable_variables, layer.non_trainable_variables)
        ]
        gradient = jax.grad(
            lambda inputs: keras.ops.sum(
                keras.ops.sin(layer.stateless_call(*state, inputs)[0])))
        np.testing.assert_allclose(
            gradient(case["inputs"]), case["gradient"], atol=1e-4,
            err_msg=name)
    for ours, theirs in zip(
            layer.get_weights(), case["weights_after"], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5, err_msg=name)
    print(name)
"""


def _subjects(random):
    """Returns a layer and its inputs for each name."""
    features = random.normal(size=(2, 6, 4, 16)).astype("float32")
    labels = np.array([2, 0], "int32")
    return {
        "SpectralNormalization": (
            layers.SpectralNormalization(keras.layers.Conv2D(4, 3)),
            features,
        ),
        "SelfAttention": (layers.SelfAttention(), features),
        # Large enough for blocks.
        "SelfAttention-blockwise": (
            layers.SelfAttention(),
            random.normal(size=(2, 48, 48, 4)).astype("float32"),
        ),
        "WinogradConv2D": (
            layers.WinogradConv2D(4, 3, padding="same", method="winograd"),
            features,
        ),
        "UpsampleConv2D-winograd": (
            layers.UpsampleConv2D(4, method="winograd"),
            features,
        ),
        "DownsampleConv2D-winograd": (
            layers.DownsampleConv2D(4, method="winograd"),
            features,
        ),
        "UpsampleConv2D": (layers.UpsampleConv2D(4), features),
        "DownsampleConv2D": (layers.DownsampleConv2D(4), features),
        "ConditionalBatchNormalization": (
            layers.ConditionalBatchNormalization(3),
            [features, labels],
        ),
    }


def _cases(random):
    for name, (layer, inputs) in _subjects(random).items():
        shape = (
            [array.shape for array in inputs]
            if isinstance(inputs, list)
            else inputs.shape
        )
        layer.build(shape)
        for weight in layer.weights:
            if weight.name == "gamma":
                weight.assign(random.uniform(0.5, 1.5, weight.shape))
        case = {
            "layer": keras.saving.serialize_keras_object(layer),
            "inputs": inputs,
            "shape": shape,
            "weights": layer.get_weights(),
        }
        keywords = [{"training": True}, {"training": False}]
        case["outputs"] = {
            keyword["training"]: np.array(layer(inputs, **keyword))
            for keyword in keywords
        }
        case["weights_after"] = layer.get_weights()
        if not isinstance(inputs, list):
            inputs = tf.constant(inputs)
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                loss = tf.reduce_sum(tf.sin(layer(inputs)))
            case["gradient"] = np.array(tape.gradient(loss, inputs))
        yield name, case


@pytest.mark.skipif(
    importlib.util.find_spec("jax") is None,
    reason="JAX is not installed; it is in the extra `dev`",
)
@pytest.mark.slow
def test_jax(random, tmp_path):
    cases = dict(_cases(random))
    path = tmp_path / "cases.pickle"
    path.write_bytes(pickle.dumps(cases))
    package = pathlib.Path(layers.__file__).parents[1]
    environment = {
        **os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu",
    }  # fmt: skip
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(package), str(path)],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == list(cases)
