"""Loading a file never runs code that is in it."""

import ast
import io
import json
import os
import pathlib
import pickle
import zipfile

import keras
import numpy as np
import pytest

from sagan_tf.evaluation import references

ROOT = pathlib.Path(__file__).parents[2]
_SOURCES = [*ROOT.glob("*.py"), *(ROOT / "sagan_tf").rglob("*.py")]


class _Command:
    """An object that runs a command when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


@pytest.fixture
def sentinel(tmp_path_factory):
    """A file that is there only if code was run."""
    path = tmp_path_factory.mktemp("sentinel") / "ran"
    yield path
    assert not path.exists()


def _lambda(sentinel):
    """A model whose Lambda layer has Python's byte code."""
    inputs = keras.Input((32, 32, 3))
    layer = keras.layers.Lambda(
        lambda x, path=str(sentinel): (
            __import__("pathlib").Path(path).touch() or x
        ),
        output_shape=(32, 32, 3),
        name="features",
    )
    return keras.Model(inputs, layer(inputs))


def _naming_a_function(sentinel):
    """A model whose activation is to be Python's `exec`."""
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    config = json.loads(model.to_json())
    dense = config["config"]["layers"][1]["config"]
    dense["activation"] = {
        "module": "builtins",
        "class_name": "function",
        "config": "exec",
        "registered_name": "function",
    }
    return config


def _naming_a_module(sentinel):
    """A model with a layer that is to be `os.system` of a command."""
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    config = json.loads(model.to_json())
    config["config"]["layers"][1].update(
        module="os",
        class_name="system",
        registered_name="system",
        config={"command": f"touch {sentinel}"},
    )
    return config


def _archive(config):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        metadata = {"keras_version": keras.__version__}
        archive.writestr("metadata.json", json.dumps(metadata))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", b"")
    return buffer.getvalue()


_KERAS_FILES = {
    # By Keras' `safe_mode`, and not by chance.
    "Lambda": (_lambda, "`Lambda` layer whose `function` is a Python lambda"),
    "function": (_naming_a_function, "could not"),
    "module": (_naming_a_module, "could not"),
}


@pytest.mark.parametrize("case", _KERAS_FILES)
def test_keras_files(refused, run, sentinel, tmp_path, case):
    make, message = _KERAS_FILES[case]
    model = make(sentinel)
    if isinstance(model, dict):
        (tmp_path / "x.keras").write_bytes(_archive(model))
    else:
        model.save(tmp_path / "x.keras")
        # Building the model may have run the layer.
        sentinel.unlink(missing_ok=True)
    arguments = ["--workdir={tmp}/run", "--extractor={tmp}/x.keras"]
    refused("eval.py", {}, arguments, message)


@pytest.mark.parametrize("name", ["x.keras", "x"])
def test_pickle_as_extractor(refused, run, sentinel, name):
    files = {name: pickle.dumps(_Command(sentinel))}
    arguments = ["--workdir={tmp}/run", f"--extractor={{tmp}}/{name}"]
    refused("eval.py", files, arguments, "`--extractor` must be a .keras file")


@pytest.mark.parametrize("zipped", [True, False, None])
def test_files_of_torch(refused, sentinel, tmp_path, zipped):
    torch = pytest.importorskip(
        "torch", reason="torch is an optional extra: pip install -e '.[import]'"
    )
    state = {"state_dict": {"a": torch.ones(1)}, "x": _Command(sentinel)}
    path = tmp_path / "a.pth"
    if zipped is None:
        path.write_bytes(pickle.dumps(state["x"]))
    else:
        torch.save(state, path, _use_new_zipfile_serialization=zipped)
    arguments = [
        "--source=mmgeneration", "--checkpoint={tmp}/a.pth",
        "--workdir={tmp}/new",
    ]  # fmt: skip
    command = "sagan_tf/commands/import_.py"
    message = "a.pth is refused: reading it would run"
    if zipped is None:
        message = "a.pth is"
    refused(command, {}, arguments, message)


def test_cached_activations(sentinel, tmp_path):
    path = tmp_path / "real_images.npz"
    key = np.array([_Command(sentinel)], object)
    np.savez(path, key=key, allow_pickle=True)
    assert references._read(path, {}) is None


def test_nothing_unpickles_or_evaluates():
    nodes = [
        node
        for path in _SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
    ]
    assert len(nodes) > 10_000
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = {alias.name.split(".")[0] for alias in node.names}
            names.add((getattr(node, "module", None) or "").split(".")[0])
            assert not names & {"dill", "joblib", "marshal", "pickle", "shelve"}
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        assert name not in {"compile", "eval", "exec", "os.system"}
        assert "unsafe_deserialization" not in name
        given = {k.arg: ast.unparse(k.value) for k in node.keywords}
        assert given.get("safe_mode", "True") == "True"
        assert given.get("allow_pickle", "False") == "False"
        if name == "torch.load":
            assert given["weights_only"] == "True"
