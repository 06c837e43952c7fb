"""Tests of the SavedModel, by the loaders that servers use."""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from sagan_tf import layers, models
from sagan_tf.export import export_generator
from sagan_tf.images import to_uint8
from sagan_tf.latents import draw_inputs, latents_of_seeds
from sagan_tf.models import baking

HERE = pathlib.Path(__file__).parent
SIGNATURES = (
    "serving_default",
    "images_float",
    "png",
    "from_seed",
    "attention",
)


@pytest.fixture(scope="module")
def generator(gan_factory):
    """Not as at the start: gates, statistics and tables of their own."""
    keras.utils.set_random_seed(0)
    generator = gan_factory(3, compiled=False).generator
    random = np.random.default_rng(0)
    for variable in generator.variables:
        if variable.path.endswith("/u"):
            continue
        noise = random.normal(0, 0.2, variable.shape)
        positive = "variance" in variable.path
        variable.assign(
            np.abs(variable + noise) if positive else variable + noise
        )
    return generator


@pytest.fixture(scope="module")
def exported(generator, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "1"
    export_generator(generator, path, card={"step": 7})
    return path


@pytest.fixture(scope="module")
def served(exported):
    """Its signatures."""
    return tf.saved_model.load(exported).signatures


def _inputs(count=5):
    latents, labels = draw_inputs(8, 3, count, (0, 0))
    return {"latents": latents, "labels": labels}


def _assert_close(images, expected):
    difference = np.abs(np.array(images, int) - np.array(expected, int))
    assert difference.max() <= 1


def test_baked_generator_draws_the_same(generator):
    images, outputs = baking.bake(generator)
    inputs = list(_inputs().values())
    expected = generator(inputs)
    np.testing.assert_allclose(images(inputs), expected, atol=1e-5)
    found = outputs(inputs)
    np.testing.assert_allclose(found["outputs"], expected, atol=1e-5)
    assert found["attention16"].shape == (5, 256, 64)
    np.testing.assert_allclose(np.sum(found["attention16"], -1), 1, rtol=1e-5)
    names = {variable.path.split("/")[-1] for variable in images.variables}
    assert "u" not in names and not images.trainable_variables


@pytest.mark.slow
@pytest.mark.parametrize(
    ("baked", "folded"),
    [(True, "products"), (True, "convolution"), (False, "products")],
)
def test_baking_changes_nothing(tmp_path, baked, folded):
    """Whatever form the convolutions have; unbaked, it still iterates."""
    generator = models.build_generator(
        32, 2, 3, 8, attention_resolutions=(16,), folded=folded
    )
    for weight in generator.weights:
        if weight.path.endswith(("gamma", "bias")):
            weight.assign(
                np.random.default_rng(2).uniform(0.5, 1, weight.shape)
            )
    export_generator(generator, tmp_path / "1", baked=baked)
    served = tf.saved_model.load(tmp_path / "1")
    inputs = _inputs()
    np.testing.assert_allclose(
        served.signatures["images_float"](**inputs)["images"],
        generator(list(inputs.values())),
        atol=1e-5,
    )
    vectors = len([w for w in generator.weights if w.name == "u"])
    assert len(served.tracked) == len(generator.weights) - baked * vectors


@pytest.mark.parametrize("form", ["products", "convolution"])
def test_baked_layers_keep_activation_and_precision(tmp_path, form):
    """And can be saved."""
    inputs = keras.Input((8, 8, 3))
    layer = layers.WinogradConv2D(
        4, 3, form=form, padding="same", activation="relu",
        bias_initializer="ones", dtype="mixed_bfloat16",
    )  # fmt: skip
    network = keras.Model(inputs, layer(inputs))
    baked, _ = baking.bake(network)
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    expected = network(images)
    assert baked(images).dtype == expected.dtype == tf.bfloat16
    np.testing.assert_allclose(
        tf.cast(baked(images), tf.float32),
        tf.cast(expected, tf.float32),
        atol=0.02,
    )
    baked.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(images), baked(images))


@pytest.mark.slow
def test_large_attention_is_in_blocks(tmp_path):
    """At 64x64; but for the signature that returns all scores."""
    generator = models.build_generator(
        128, 1, None, 8, attention_resolutions=(64,)
    )
    export_generator(generator, tmp_path / "1")
    served = tf.saved_model.load(tmp_path / "1").signatures

    def loops(name):
        graph = served[name].graph.as_graph_def()
        functions = (function.node_def for function in graph.library.function)
        return any(
            node.op in ("While", "StatelessWhile")
            for nodes in (graph.node, *functions)
            for node in nodes
        )

    assert loops("images_float") and not loops("attention")


@pytest.mark.parametrize("count", [1, 3, 64])
def test_signatures(generator, served, count):
    assert set(served) == set(SIGNATURES)
    inputs = _inputs(count)
    expected = generator(list(inputs.values()))
    floats = served["images_float"](**inputs)["images"]
    np.testing.assert_allclose(floats, expected, atol=1e-5)
    images = served["serving_default"](**inputs)["images"]
    assert images.dtype == tf.uint8
    _assert_close(images, to_uint8(expected))
    files = served["png"](**inputs)["image_bytes"]
    for file, image in zip(files, images, strict=True):
        np.testing.assert_array_equal(tf.io.decode_png(file), image)
    outputs = served["attention"](**inputs)
    _assert_close(outputs["images"], images)
    assert outputs["attention16"].shape == (count, 256, 64)
    np.testing.assert_array_equal(outputs["attention16_query_grid"], [16, 16])


def test_a_seed_is_a_picture(exported, served):
    from_seed = served["from_seed"]
    seeds = tf.constant([5, -2, 7, 5], tf.int64)
    labels = tf.constant([0, 1, 2, 0])
    zero, half = tf.constant(0.0), tf.constant(0.5)
    images = from_seed(seeds=seeds, labels=labels, truncation=zero)["images"]
    np.testing.assert_array_equal(images[0], images[3])
    assert np.any(images[0] != images[1])
    for index in range(3):
        part = slice(index, index + 1)
        alone = from_seed(
            seeds=seeds[part], labels=labels[part], truncation=zero
        )["images"]
        _assert_close(alone, images[part])
    latents = latents_of_seeds(seeds, 8, 0.5)
    assert np.abs(latents).max() <= 1
    default = served["serving_default"]
    truncated = from_seed(seeds=seeds, labels=labels, truncation=half)["images"]
    _assert_close(truncated, default(latents=latents, labels=labels)["images"])
    # What a server fills in for a client that says nothing.
    definition = _signature_definition(exported, "from_seed")
    assert definition.defaults["truncation"].float_val[0] == 0


def _signature_definition(path, name):
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((path / "saved_model.pb").read_bytes())
    return saved.meta_graphs[0].signature_def[name]


@pytest.mark.parametrize("label", [-1, 3])
@pytest.mark.parametrize("name", SIGNATURES)
def test_labels_out_of_range_are_an_error(served, name, label):
    inputs = {**_inputs(2), "labels": tf.constant([0, label])}
    if name == "from_seed":
        del inputs["latents"]
        inputs.update(
            seeds=tf.constant([1, 2], tf.int64), truncation=tf.constant(0.0)
        )
    with pytest.raises(tf.errors.InvalidArgumentError, match="labels must"):
        served[name](**inputs)


def _all_inputs(count):
    """Inputs of each signature, by name."""
    inputs = _inputs(count)
    seeded = {
        "seeds": tf.range(count, dtype=tf.int64),
        "labels": inputs["labels"],
        "truncation": tf.constant(0.5),
    }
    return {
        name: seeded if name == "from_seed" else inputs for name in SIGNATURES
    }


def _assert_equal_outputs(found, expected):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        value = value.numpy()
        if value.dtype == np.uint8:
            _assert_close(found[name], value)
        elif value.dtype.kind == "f":
            np.testing.assert_allclose(found[name], value, atol=1e-4)
        elif name == "image_bytes":
            for ours, theirs in zip(found[name], value, strict=True):
                _assert_close(tf.io.decode_png(ours), tf.io.decode_png(theirs))
        else:
            np.testing.assert_array_equal(found[name], value)


def test_loader_of_tensorflow_1(exported, served):
    """By which TF Serving loads: a session, and the tag `serve`."""
    inputs = {count: _all_inputs(count) for count in (1, 3, 64)}
    found = {}
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.loader.load(
            session, ["serve"], str(exported)
        )
        for count, by_name in inputs.items():
            for name, values in by_name.items():
                signature = loaded.signature_def[name]
                feeds = {
                    signature.inputs[key].name: value.numpy()
                    for key, value in values.items()
                }
                found[count, name] = session.run(
                    {k: v.name for k, v in signature.outputs.items()}, feeds
                )
    for (count, name), outputs in found.items():
        _assert_equal_outputs(outputs, served[name](**inputs[count][name]))
    assert len(found) == 3 * 5


def test_c_interface_without_python(exported, served, tmp_path):
    """TensorFlow's C library, in a process that imports neither."""
    jobs = []
    for count in (1, 3, 64):
        for name, values in _all_inputs(count).items():
            inputs = tmp_path / f"{name}{count}.npz"
            np.savez(inputs, **values)
            definition = _signature_definition(exported, name)
            jobs += [
                {
                    "feeds": {k: v.name for k, v in definition.inputs.items()},
                    "fetch": tensor.name,
                    "inputs": str(inputs),
                    "output": str(tmp_path / f"{name}{count}{output}"),
                    "name": name,
                    "count": count,
                    "key": output,
                }
                for output, tensor in definition.outputs.items()
            ]
    (tmp_path / "jobs.json").write_text(json.dumps(jobs))
    result = subprocess.run(
        [
            sys.executable, HERE.parent / "tools" / "c_interface.py",
            pathlib.Path(tf.__file__).parent, exported, tmp_path / "jobs.json",
        ],
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    for job in jobs:
        inputs = _all_inputs(job["count"])[job["name"]]
        expected = served[job["name"]](**inputs)[job["key"]]
        found = np.load(job["output"] + ".npy")
        _assert_equal_outputs({job["key"]: found}, {job["key"]: expected})
    assert len(jobs) == 3 * 7


def test_unconditional(gan_factory, tmp_path):
    generator = gan_factory(None, compiled=False).generator
    export_generator(generator, tmp_path / "1")
    served = tf.saved_model.load(tmp_path / "1").signatures
    latents = _inputs(2)["latents"]
    images = served["serving_default"](latents=latents)["images"]
    _assert_close(images, to_uint8(generator(latents)))
    images = served["from_seed"](
        seeds=tf.constant([1], tf.int64), truncation=tf.constant(0.0)
    )["images"]
    assert images.shape == (1, 32, 32, 3)


def test_nothing_but_the_generator_is_in_it(generator, exported):
    names = [
        name
        for name, _ in tf.train.list_variables(
            str(exported / "variables" / "variables")
        )
    ]
    variables = [name for name in names if name.startswith("tracked/")]
    others = {name.split("/")[0] for name in names} - {"tracked"}
    assert others <= {"_CHECKPOINTABLE_OBJECT_GRAPH", "save_counter"}
    assert len(variables) == len(baking.bake(generator)[0].variables)
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((exported / "saved_model.pb").read_bytes())
    graph = saved.meta_graphs[0].graph_def
    ops = {node.op for node in graph.node}
    for function in graph.library.function:
        # Loading assigns the variables; nothing else does.
        if "restore" not in function.signature.name:
            found = {node.op for node in function.node_def}
            assert not [op for op in found if "Assign" in op or "Apply" in op]
            ops |= found
    ops -= {function.signature.name for function in graph.library.function}
    assert not [op for op in ops if not hasattr(tf.raw_ops, op)]
    assert json.loads((exported / "saved_model.json").read_text()) == {
        "step": 7
    }


def test_nothing_is_overwritten(generator, tmp_path):
    (tmp_path / "1").mkdir()
    with pytest.raises(ValueError, match="exists: take another"):
        export_generator(generator, str(tmp_path / "1"))
    assert not list((tmp_path / "1").iterdir())


def test_failure_leaves_nothing(generator, tmp_path, monkeypatch):
    def save(module, path, signatures):
        pathlib.Path(path).mkdir()
        (pathlib.Path(path) / "half").touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", save)
    with pytest.raises(OSError, match="No space"):
        export_generator(generator, tmp_path / "models" / "1")
    assert not list((tmp_path / "models").iterdir())
