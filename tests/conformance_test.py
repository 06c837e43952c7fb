"""Every public layer and network against every property it must have."""

import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import layers, models

FEATURES = (4, 8, 8, 16)


def _features():
    return np.random.default_rng(0).normal(size=FEATURES).astype("float32")


def _labels():
    return np.array([0, 2, 1, 2], "int32")


def _layer(make, inputs=_features):
    def model():
        symbolic = [
            keras.Input(array.shape[1:], dtype=str(array.dtype))
            for array in (
                inputs() if isinstance(inputs(), list) else [inputs()]
            )
        ]
        arguments = symbolic if len(symbolic) > 1 else symbolic[0]
        return keras.Model(arguments, make()(arguments))

    return model, inputs


def _network(build, inputs, num_classes=3, **kwargs):
    def model():
        return build(
            image_size=32,
            base_channels=2,
            num_classes=num_classes,
            attention_resolutions=(16,),
            **kwargs,
        )

    return model, inputs


def _latents():
    return np.random.default_rng(0).normal(size=(4, 8)).astype("float32")


def _images():
    images = np.random.default_rng(0).uniform(-1, 1, (4, 32, 32, 3))
    return images.astype("float32")


# Each is a function that builds a model, and one that makes its input.
SUBJECTS = {
    "SpectralNormalization-Conv2D": _layer(
        lambda: layers.SpectralNormalization(keras.layers.Conv2D(8, 3))
    ),
    "SpectralNormalization-UpsampleConv2D": _layer(
        lambda: layers.SpectralNormalization(layers.UpsampleConv2D(8))
    ),
    "SpectralNormalization-options": _layer(
        lambda: layers.SpectralNormalization(
            keras.layers.Dense(8),
            power_iterations=2,
            epsilon=1e-6,
            differentiate_vectors=True,
        )
    ),
    "SelfAttention": _layer(layers.SelfAttention),
    "SelfAttention-paper": _layer(
        lambda: layers.SelfAttention(value_channels=2, pool=False)
    ),
    "ConditionalBatchNormalization": _layer(
        lambda: layers.ConditionalBatchNormalization(3, momentum=0.9),
        lambda: [_features(), _labels()],
    ),
    "SpectralNormalization-WinogradConv2D": _layer(
        lambda: layers.SpectralNormalization(
            layers.WinogradConv2D(8, 3, padding="same", method="winograd")
        )
    ),
    "WinogradConv2D": _layer(
        lambda: layers.WinogradConv2D(8, 3, padding="same", method="winograd")
    ),
    "UpsampleConv2D-winograd": _layer(
        lambda: layers.UpsampleConv2D(8, method="winograd")
    ),
    "DownsampleConv2D-winograd": _layer(
        lambda: layers.DownsampleConv2D(8, method="winograd")
    ),
    "UpsampleConv2D": _layer(lambda: layers.UpsampleConv2D(8)),
    "DownsampleConv2D": _layer(lambda: layers.DownsampleConv2D(8)),
    "generator": _network(
        models.build_generator,
        lambda: [_latents(), _labels()],
        latent_dim=8,
    ),
    "generator-unconditional": _network(
        models.build_generator, _latents, num_classes=None, latent_dim=8
    ),
    "discriminator": _network(
        models.build_discriminator, lambda: [_images(), _labels()]
    ),
    "discriminator-unconditional": _network(
        models.build_discriminator, _images, num_classes=None
    ),
}


def varied(model):
    """Returns a model whose gates and variances are not those of its start.

    Nothing hides behind them then.
    """
    random = np.random.default_rng(1)
    for weight in model.weights:
        if weight.path.endswith(("gamma", "moving_variance")):
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
    return model


def made_under(policy, make):
    """Returns what a function makes under a dtype policy."""
    keras.config.set_dtype_policy(policy)
    try:
        return make()
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.fixture(params=SUBJECTS, scope="module")
def subject(request):
    make, inputs = SUBJECTS[request.param]
    model, arrays = varied(make()), inputs()
    return model, arrays, np.array(model(arrays))


def _close(value, expected, tolerance=1e-5):
    scale = max(1.0, np.abs(expected).max())
    np.testing.assert_allclose(
        np.array(value, "float32") / scale, expected / scale, atol=tolerance
    )


def test_config_round_trip(subject):
    model, arrays, expected = subject
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    _close(copy(arrays), expected)
    for layer in model.layers:
        again = type(layer).from_config(layer.get_config())
        assert again.get_config() == layer.get_config()


def test_keras_file(subject, tmp_path):
    model, arrays, expected = subject
    model.save(tmp_path / "model.keras")
    _close(keras.models.load_model(tmp_path / "model.keras")(arrays), expected)


def test_saved_model(subject, tmp_path):
    model, arrays, expected = subject
    model.export(tmp_path / "model", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    arrays = tf.nest.map_structure(tf.constant, arrays)
    _close(loaded.serve(arrays), expected)
    operations = {
        node.op
        for node in loaded.signatures["serving_default"]
        .graph.as_graph_def()
        .node
    }
    assert not {name for name in operations if "Assign" in name}


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_compiled(subject, jit_compile):
    model, arrays, expected = subject
    compiled = tf.function(model, jit_compile=jit_compile)
    _close(compiled(tf.nest.map_structure(tf.constant, arrays)), expected)


def test_mixed_precision(subject, request):
    model, arrays, expected = subject
    make, _ = SUBJECTS[request.node.callspec.params["subject"]]
    mixed = made_under("mixed_bfloat16", make)
    mixed.set_weights(model.get_weights())
    assert all(weight.dtype == "float32" for weight in mixed.weights)
    outputs = mixed(arrays)
    network = len(model.layers) > 5
    assert outputs.dtype == (tf.float32 if network else tf.bfloat16)
    _close(outputs, expected, 0.05)
    assert all(np.isfinite(weight).all() for weight in mixed.get_weights())


@pytest.mark.parametrize("policy", ["float64", "mixed_float16", "float16"])
def test_dtypes(subject, request, policy):
    model, arrays, expected = subject
    make, _ = SUBJECTS[request.node.callspec.params["subject"]]
    other = made_under(policy, make)
    other.set_weights(model.get_weights())
    outputs = other(arrays)
    network = len(model.layers) > 5
    compute = policy.removeprefix("mixed_")
    assert outputs.dtype == ("float32" if network else compute)
    _close(outputs, expected, 0.02 if "16" in policy else 1e-5)


def test_image_data_format_changes_nothing(subject, request):
    """Channels are the last axis in every layer and network."""
    model, arrays, expected = subject
    make, _ = SUBJECTS[request.node.callspec.params["subject"]]
    if isinstance(
        model.layers[-1], (keras.layers.Wrapper, layers.WinogradConv2D)
    ):
        pytest.skip("A convolution of Keras' class follows Keras' setting.")
    keras.config.set_image_data_format("channels_first")
    try:
        other = make()
    finally:
        keras.config.set_image_data_format("channels_last")
    other.set_weights(model.get_weights())
    _close(other(arrays), expected)


@pytest.mark.parametrize("container", [list, tuple, dict])
def test_containers_of_inputs(container):
    """A network takes its two inputs as Keras' networks do."""
    model = SUBJECTS["generator"][0]()
    latents, labels = SUBJECTS["generator"][1]()
    given = {"latents": latents, "labels": labels}
    if container is not dict:
        given = container(given.values())
    expected = model([latents, labels])
    np.testing.assert_array_equal(model(given), expected)
    np.testing.assert_allclose(
        model.predict(given, verbose=0), expected, atol=1e-6
    )


def test_state_after_training_call_is_equal_on_two_replicas(
    subject, request, mirrored
):
    """All replicas see the same batch here."""
    model, arrays, _ = subject
    make, _ = SUBJECTS[request.node.callspec.params["subject"]]
    single = make()
    single.set_weights(model.get_weights())
    single(arrays, training=True)
    with mirrored.scope():
        double = make()
        double.set_weights(model.get_weights())
    arrays = tf.nest.map_structure(tf.constant, arrays)

    @tf.function
    def run():
        mirrored.run(lambda: double(arrays, training=True))

    run()
    for expected, weight in zip(single.weights, double.weights, strict=True):
        for replica in mirrored.experimental_local_results(weight.value):
            _close(replica, np.array(expected), 1e-6)


def test_loads_in_a_fresh_process_with_only_the_import(tmp_path):
    model = SUBJECTS["generator"][0]()
    inputs = SUBJECTS["generator"][1]()
    model.save(tmp_path / "model.keras")
    program = (
        "import sagan_tf, keras, numpy, sys\n"
        "model = keras.models.load_model(sys.argv[1] + '/model.keras')\n"
        "inputs = numpy.load(sys.argv[1] + '/inputs.npz')\n"
        "outputs = model([inputs['latents'], inputs['labels']])\n"
        "numpy.save(sys.argv[1] + '/outputs.npy', outputs)\n"
    )
    np.savez(tmp_path / "inputs.npz", latents=inputs[0], labels=inputs[1])
    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=True,
        cwd=pathlib.Path(__file__).parents[1],
    )
    np.testing.assert_array_equal(
        np.load(tmp_path / "outputs.npy"), model(inputs)
    )
