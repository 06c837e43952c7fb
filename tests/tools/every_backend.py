"""Tries the layers and networks on a backend of Keras, with a dtype policy.

    KERAS_BACKEND=jax python every_backend.py PACKAGE CASES POLICY

PACKAGE is the folder of sagan_tf, of which layers and models are imported
without the rest, which needs TensorFlow. CASES is a file of the configurations,
weights, inputs and float32 results of some models, as
tests/end_to_end/backends_test.py writes it. Prints the name of each model after
its outputs (with and without training), gradients, state, and a saved and
loaded copy were found right.
"""

import copy
import os
import pickle
import sys
import tempfile
import types

import keras
import numpy as np

# Relative to the largest value.
TOLERANCES = {
    "float64": 2e-5,
    "float32": 2e-5,
    "float16": 0.02,
    "bfloat16": 0.1,
}
# Of the models, those that JAX exports.
EXPORTED = ("SelfAttention", "SelfAttention-blockwise")


def import_without_tensorflow(path):
    """Makes `sagan_tf.layers` and `.models` importable on their own."""
    package = types.ModuleType("sagan_tf")
    package.__path__ = [path]
    sys.modules["sagan_tf"] = package
    import sagan_tf.layers
    import sagan_tf.models  # noqa: F401


def gradient(model, inputs):
    """Returns the gradient of sum(sin(outputs)) by the first input."""
    first, *others = inputs
    others = [keras.ops.convert_to_tensor(other) for other in others]

    def loss(first, call):
        outputs = call(_packed(model, [first, *others]))
        return keras.ops.sum(keras.ops.sin(keras.ops.cast(outputs, "float32")))

    backend = keras.config.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        first = tf.constant(first)
        with tf.GradientTape() as tape:
            tape.watch(first)
            value = loss(first, model)
        return np.array(tape.gradient(value, first))
    if backend == "jax":
        import jax

        def of_state(first, *state):
            return loss(first, lambda x: model.stateless_call(*state, x)[0])

        return np.array(jax.jit(jax.grad(of_state))(first, *_state(model)))
    import torch

    tensor = torch.tensor(first, requires_grad=True)
    loss(tensor, model).backward()
    return tensor.grad.numpy()


def call(model, inputs, training):
    """Calls a model; JAX compiles it as a whole, which is faster."""
    if keras.config.backend() != "jax":
        return model(inputs, training=training)
    import jax

    outputs, state = jax.jit(
        lambda state, inputs: model.stateless_call(
            *state, inputs, training=training
        )
    )(_state(model), inputs)
    for variable, value in zip(
        model.non_trainable_variables, state, strict=True
    ):
        variable.assign(value)
    return outputs


def _state(model):
    return [
        [variable.value for variable in variables]
        for variables in (
            model.trainable_variables,
            model.non_trainable_variables,
        )
    ]


def _packed(model, inputs):
    return inputs if len(model.inputs) > 1 else inputs[0]


def close(found, expected, tolerance, what):
    found = np.array(keras.ops.convert_to_numpy(found), "float64")
    expected = np.array(expected, "float64")
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(
        found / scale, expected / scale, atol=tolerance, err_msg=what
    )


def made(case):
    """Returns the model of a case, with new weights."""
    kind = keras.Sequential if case["sequential"] else keras.Model
    # Keras changes the configuration that it is given.
    return kind.from_config(copy.deepcopy(case["config"]))


def try_model(name, case, policy):
    """Raises an `AssertionError` if a model is not right."""
    tolerance = TOLERANCES[policy.removeprefix("mixed_")]
    model = made(case)
    for layer in model.layers:
        assert layer.dtype_policy.name in (policy, "float32"), layer.name
    model.set_weights(case["weights"])
    inputs = case["inputs"]
    for training in (True, False):
        outputs = call(model, _packed(model, inputs), training)
        close(outputs, case["outputs"][training], tolerance, f"{name} outputs")
    for found, expected in zip(
        model.weights, case["weights_after"], strict=True
    ):
        close(found, expected, tolerance, f"{name} {found.path}")
    close(
        gradient(model, inputs),
        case["gradient"],
        10 * tolerance,
        f"{name} gradient",
    )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        loaded = keras.models.load_model(path)
    for found, expected in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(found, expected, f"{name} copy")


def try_export(name, case):
    """Exports a model from JAX; its batch can have any size."""
    model = made(case)
    model.set_weights(case["weights_after"])
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        import tensorflow as tf

        loaded = tf.saved_model.load(folder)
        for count in (1, 2):
            given = [tf.constant(array[:count]) for array in case["inputs"]]
            outputs = loaded.serve(given if len(given) > 1 else given[0])
            expected = case["outputs"][False][:count]
            close(outputs.numpy(), expected, 2e-5, f"{name} export")


def main(package, cases, policy):
    import_without_tensorflow(package)
    if keras.config.backend() != "tensorflow":
        assert "tensorflow" not in sys.modules
    with open(cases, "rb") as file:
        cases = pickle.load(file)
    failed = False
    for name, case in cases.items():
        try:
            try_model(name, case, policy)
            if keras.config.backend() == "jax" and name in EXPORTED:
                try_export(name, case)
            print(name)
        except Exception as error:
            failed = True
            print(f"FAILED {name}: {type(error).__name__}: {error}"[:600])
    sys.exit(failed)


if __name__ == "__main__":
    main(*sys.argv[1:])
