"""Tests of the SavedModel that `export_generator` writes."""

import json
import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from sagan_tf import models
from sagan_tf.export import baking, export_generator
from sagan_tf.images import to_uint8
from sagan_tf.latents import latents_of_seeds


def _read(path):
    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString((path / "saved_model.pb").read_bytes())
    return saved.meta_graphs[0]


def _shapes(path):
    """Returns the shapes of the variables in a SavedModel, in order."""
    variables = tf.train.list_variables(str(path / "variables" / "variables"))
    numbered = {
        int(name.split("/")[1]): shape
        for name, shape in variables
        if name.startswith("tracked/")
    }
    return [numbered[index] for index in sorted(numbered)]


@pytest.mark.parametrize("count", [1, 3, 64])
def test_signatures(
    generator, served, inputs, inputs_by_signature, assert_close, count
):
    assert set(served) == set(inputs_by_signature(1))
    given = inputs(count)
    expected = generator(list(given.values()))
    floats = served["images_float"](**given)["images"]
    np.testing.assert_allclose(floats, expected, atol=1e-5)
    images = served["serving_default"](**given)["images"]
    assert images.dtype == tf.uint8
    assert_close(images, to_uint8(expected))
    files = served["png"](**given)["image_bytes"]
    for file, image in zip(files, images, strict=True):
        np.testing.assert_array_equal(tf.io.decode_png(file), image)
    outputs = served["attention"](**given)
    assert_close(outputs["images"], images)
    assert outputs["attention16"].shape == (count, 256, 64)
    np.testing.assert_array_equal(
        outputs["attention16_query_grid"], [[16, 16]] * count
    )


def test_a_seed_gives_one_image(served, assert_close):
    from_seed = served["from_seed"]
    seeds = tf.constant([5, -2, 7, 5], tf.int64)
    labels = tf.constant([0, 1, 2, 0])
    images = from_seed(seeds=seeds, labels=labels)["images"]
    np.testing.assert_array_equal(images[0], images[3])
    assert np.any(images[0] != images[1])
    for index in range(3):
        part = slice(index, index + 1)
        alone = from_seed(seeds=seeds[part], labels=labels[part])["images"]
        assert_close(alone, images[part])
    latents = latents_of_seeds(seeds, 8, 0.5)
    assert np.abs(latents).max() <= 1
    default = served["serving_default"]
    # Each row has its own truncation, and 0 is none.
    truncated = served["from_seed_truncated"](
        seeds=seeds, labels=labels, truncation=tf.constant([0.5, 0.5, 0, 0.5])
    )["images"]
    expected = default(latents=latents, labels=labels)["images"].numpy()
    expected[2] = images[2]
    assert_close(truncated, expected)


@pytest.mark.parametrize("label", [-1, 3])
def test_labels_out_of_range_are_an_error(
    served, inputs_by_signature, signature, label
):
    given = inputs_by_signature(2)[signature]
    given = {**given, "labels": tf.constant([0, label])}
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"`labels` must be in \[0, 3\)"
    ):
        served[signature](**given)


def test_bad_requests_name_the_input(served, inputs_by_signature, signature):
    first = "seeds" if signature.startswith("from_seed") else "latents"
    empty = {k: v[:0] for k, v in inputs_by_signature(2)[signature].items()}
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=f"`{first}` must have at least"
    ):
        served[signature](**empty)
    given = inputs_by_signature(3)[signature]
    short = {**given, "labels": given["labels"][:2]}
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=f"as many rows as `{first}`"
    ):
        served[signature](**short)
    wrong = {**given, first: given[first][None]}
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"tensor {first}"):
        served[signature](**wrong)


def test_keras_layer(generator, exported, inputs):
    layer = keras.layers.TFSMLayer(exported)
    given = list(inputs(3).values())
    np.testing.assert_allclose(layer(given), generator(given), atol=1e-5)


@pytest.mark.parametrize("name", ["serving_default", "images_float"])
def test_litert(exported, generator, inputs, assert_close, name):
    """TensorFlow's own converter takes the signatures that make images."""
    litert = pytest.importorskip(
        "ai_edge_litert.interpreter", reason="LiteRT's runtime"
    )
    converter = tf.lite.TFLiteConverter.from_saved_model(
        str(exported), signature_keys=[name]
    )
    interpreter = litert.Interpreter(model_content=converter.convert())
    images = interpreter.get_signature_runner(name)(
        **{key: value.numpy() for key, value in inputs(3).items()}
    )["images"]
    expected = generator(list(inputs(3).values()))
    if name == "serving_default":
        assert_close(images, to_uint8(expected))
    else:
        np.testing.assert_allclose(images, expected, atol=1e-4)


def test_unconditional(gan_factory, inputs, assert_close, tmp_path):
    generator = gan_factory(None, compiled=False).generator
    export_generator(generator, tmp_path / "1")
    served = tf.saved_model.load(tmp_path / "1").signatures
    latents = inputs(2)["latents"]
    images = served["serving_default"](latents=latents)["images"]
    assert_close(images, to_uint8(generator(latents)))
    images = served["from_seed"](seeds=tf.constant([1], tf.int64))["images"]
    assert images.shape == (1, 32, 32, 3)
    layer = keras.layers.TFSMLayer(tmp_path / "1")
    np.testing.assert_allclose(layer(latents), generator(latents), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["winograd", "strided", "direct"])
def test_export_draws_what_the_model_draws(tmp_path, inputs, method):
    """With each method of the convolutions; spectral norms are baked in."""
    generator = models.build_generator(
        32, 2, 3, 8, attention_resolutions=(16,), method=method
    )
    for weight in generator.weights:
        if weight.path.endswith(("gamma", "bias")):
            weight.assign(
                np.random.default_rng(2).uniform(0.5, 1, weight.shape)
            )
    export_generator(generator, tmp_path / "1")
    served = tf.saved_model.load(tmp_path / "1")
    np.testing.assert_allclose(
        served.signatures["images_float"](**inputs())["images"],
        generator(list(inputs().values())),
        atol=1e-5,
    )
    vectors = len([w for w in generator.weights if w.name == "u"])
    assert len(served.tracked) == len(generator.weights) - vectors


@pytest.mark.slow
def test_export_does_not_depend_on_the_machine(tmp_path, monkeypatch):
    """A machine whose default device is a GPU writes the same SavedModel."""
    generator = models.build_generator(
        32, 32, None, 8, attention_resolutions=()
    )
    shapes = {}
    for device in ("cpu", "gpu"):
        baked, _ = baking.bake(generator, device)
        shapes[device] = [list(v.shape) for v in baked.variables]
    # The two forms differ, so the comparison below means something.
    assert shapes["cpu"] != shapes["gpu"]
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0"])
    export_generator(generator, tmp_path / "1")
    assert _shapes(tmp_path / "1") == shapes["cpu"]
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["cpu:0"])
    export_generator(generator, tmp_path / "2")
    assert _shapes(tmp_path / "2") == shapes["cpu"]
    operations = [
        sorted(
            node.op
            for function in _read(tmp_path / name).graph_def.library.function
            for node in function.node_def
        )
        for name in ("1", "2")
    ]
    assert operations[0] == operations[1]
    export_generator(generator, tmp_path / "3", device="gpu")
    assert _shapes(tmp_path / "3") == shapes["gpu"]


@pytest.mark.slow
def test_large_attention_is_in_blocks(tmp_path):
    """At 64x64; only the signature `attention` computes all scores at once."""
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


def test_only_the_generator_is_in_it(generator, exported):
    names = [
        name
        for name, _ in tf.train.list_variables(
            str(exported / "variables" / "variables")
        )
    ]
    others = {name.split("/")[0] for name in names} - {"tracked"}
    assert others <= {"_CHECKPOINTABLE_OBJECT_GRAPH", "save_counter"}
    baked, _ = baking.bake(generator)
    assert len(_shapes(exported)) == len(baked.variables)
    graph = _read(exported).graph_def
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
