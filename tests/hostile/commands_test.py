"""Bad input to sagan-sample, sagan-export and sagan-import."""

import importlib.util

import pytest
from damage import checkpoints

_DEEP = "[" * 100_000
_OF_RUN = ("--workdir={tmp}/run", "--output={tmp}/new")
_BAD_SAMPLES = {
    "no source": (["--output={tmp}/new"], {}, "Give either `--workdir` or"),
    "both": ([*_OF_RUN, "--saved_model=x"], {}, "Give either `--workdir` or"),
    "no output": (["--workdir={tmp}/run"], {}, "Give `--output`"),
    "no run": (["--workdir={tmp}", "--output={tmp}/new"], {}, "has no run"),
    "seeds": ([*_OF_RUN, "--seeds=x"], {}, "`--seeds` must be numbers"),
    "no seeds": ([*_OF_RUN, "--seeds="], {}, "`--seeds` must be numbers"),
    "backwards": ([*_OF_RUN, "--seeds=5-1"], {}, "`--seeds` must be numbers"),
    "negative": ([*_OF_RUN, "--seeds=-3"], {}, "`--seeds` must be numbers"),
    "many": ([*_OF_RUN, "--seeds=0-99999999"], {}, "`--seeds` must be numbers"),
    "digits": ([*_OF_RUN, "--seeds=" + "9" * 99], {}, "`--seeds` must be"),
    "class": ([*_OF_RUN, "--classes=10"], {}, "`--classes` must be below 10"),
    "NaN": ([*_OF_RUN, "--truncation=nan"], {}, "`--truncation` must be pos"),
    "inf": ([*_OF_RUN, "--truncation=inf"], {}, "`--truncation` must be pos"),
    "frames": ([*_OF_RUN, "--frames=1"], {}, "frames=1"),
    "choice": ([*_OF_RUN, "--interpolate=x"], {}, "interpolate=x"),
    "one seed": (
        [*_OF_RUN, "--grid", "--interpolate=latents", "--seeds=1"],
        {},
        "`--seeds` must be at least two",
    ),
    "one class": (
        [*_OF_RUN, "--grid", "--interpolate=classes", "--classes=1"],
        {},
        "`--classes` must be at least two",
    ),
    "no attention": ([*_OF_RUN, "--attention"], {}, "has no self-attention"),
    "output that is a file": (_OF_RUN, {"new": b""}, "is not a directory"),
    "output below a file": (
        ["--workdir={tmp}/run", "--output={tmp}/file/new"],
        {"file": b""},
        "Not a directory",
    ),
    "output that is a loop": (_OF_RUN, {"new": ("link", "new")}, "new"),
    "long name": (
        ["--workdir={tmp}/run", "--output={tmp}/" + "x" * 300],
        {},
        "File name too long",
    ),
    "no SavedModel": (
        ["--saved_model={tmp}/none", "--output={tmp}/new"],
        {},
        "must be a directory that sagan-export wrote",
    ),
    "garbage": (
        ["--saved_model={tmp}/x", "--output={tmp}/new"],
        {"x/saved_model.pb": b"\xff" * 99},
        "must be a directory that sagan-export wrote",
    ),
    "zero bytes": (
        ["--saved_model={tmp}/x", "--output={tmp}/new"],
        {"x/saved_model.pb": b""},
        "must be a directory that sagan-export wrote",
    ),
    "report of garbage": (
        ["--workdir={tmp}/run", "--report={tmp}/new", "--seeds=1"],
        {"run/eval/x.json": "{}"},
        "x.json is not an evaluation",
    ),
    "report of nested JSON": (
        ["--workdir={tmp}/run", "--report={tmp}/new", "--seeds=1"],
        {"run/eval/x.json": _DEEP},
        "x.json is not JSON",
    ),
    "report of broken metrics": (
        ["--workdir={tmp}/run", "--report={tmp}/new", "--seeds=1"],
        {"run/metrics.jsonl": '{"step": 1}\n{"step": 2, "x'},
        "metrics.jsonl has a line that is not a record",
    ),
}


@pytest.mark.parametrize("case", _BAD_SAMPLES)
def test_sample(refused, run, case):
    arguments, files, message = _BAD_SAMPLES[case]
    refused("sagan_tf/commands/sample.py", files, arguments, message)


_BAD_EXPORTS = {
    "no run": (["--workdir={tmp}", "--output={tmp}/new"], {}, "has no run"),
    "no flags": ([], {}, "--workdir"),
    "version": ([*_OF_RUN, "--version=0"], {}, "version=0"),
    "huge version": ([*_OF_RUN, f"--version={2**70}"], {}, "version="),
    "no number": ([*_OF_RUN, "--version=one"], {}, "version=one"),
    "taken": ([*_OF_RUN, "--version=3"], {"new/3/x": b""}, "new/3 exists"),
    "step": ([*_OF_RUN, "--step=-1"], {}, "no checkpoint of step -1"),
    "file": (_OF_RUN, {"new": b""}, "new is not a directory"),
    "bucket": (
        ["--workdir={tmp}/run", "--output=gs://bucket/new"],
        {},
        "must be a path on this machine, not a gs:// address",
    ),
    "format": ([*_OF_RUN, "--format=torch"], {}, "--format=torch"),
    "suffix": ([*_OF_RUN, "--format=litert"], {}, "must end in .tflite"),
    "version of a file": (
        ["--workdir={tmp}/run", "--output={tmp}/new.tflite", "--format=litert"]
        + ["--version=3"],
        {},
        "`--version` must be None",
    ),
    "file that exists": (
        ["--workdir={tmp}/run", "--output={tmp}/x.tflite", "--format=litert"],
        {"x.tflite": b""},
        "x.tflite exists",
    ),
    "below a file": (
        ["--workdir={tmp}/run", "--output={tmp}/file/new"],
        {"file": b""},
        "Not a directory",
    ),
    "loop": (_OF_RUN, {"new": ("link", "new")}, "new"),
    "not to be written": (["--workdir={tmp}/run", "--output=/proc/x"], {}, "/"),
    "notice": (_OF_RUN, {"run/NOTICE": b"\xff\xfe"}, "NOTICE is not text"),
    "notice that is a folder": (_OF_RUN, {"run/NOTICE": None}, "NOTICE"),
    "checkpoint": (
        _OF_RUN,
        checkpoints("index", b"x"),
        "ckpt-1 is damaged",
    ),
}


@pytest.mark.parametrize("case", _BAD_EXPORTS)
def test_export(refused, run, case):
    arguments, files, message = _BAD_EXPORTS[case]
    refused("sagan_tf/commands/export.py", files, arguments, message)


_NEEDS_TORCH = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason="torch is an optional extra: pip install -e '.[import]'",
)


def _import(source, checkpoint, *others):
    return [
        f"--source={source}",
        f"--checkpoint={checkpoint}",
        "--workdir={tmp}/new",
        *others,
    ]


_MMGENERATION = _import("mmgeneration", "{tmp}/a.pth")
_AUTHORS = _import("authors", "{tmp}/model.ckpt-1")
_BAD_IMPORTS = {
    "no flags": ([], {}, "--source"),
    "source": (_import("biggan", "x"), {}, "source=biggan"),
    "no checkpoint": (_import("mmgeneration", ""), {}, "`--checkpoint`"),
    "two for one": (_import("authors", "a,b"), {}, "must be 1 path(s)"),
    "one for two": (_import("studiogan", "a"), {}, "must be 2 path(s)"),
    "missing": (_MMGENERATION, {}, "a.pth: there is no such file"),
    "folder": (_MMGENERATION, {"a.pth": None}, "there is no such file"),
    "loop": (_MMGENERATION, {"a.pth": ("link", "a.pth")}, "no such file"),
    "workdir": (_MMGENERATION, {"new/x": b""}, "must be a new or empty"),
    "workdir that is a file": (_MMGENERATION, {"new": b""}, "must be a new or"),
    "another's flag": (
        _import("authors", "a", "--gain_offset=1"),
        {},
        "`--gain_offset` is for mmgeneration only",
    ),
    "no variable": (_AUTHORS, {}, "cannot be read as a TensorFlow 1"),
    "index of zero bytes": (
        _AUTHORS,
        {"model.ckpt-1.index": b"", "model.ckpt-1.data-00000-of-00001": b""},
        "cannot be read as a TensorFlow 1",
    ),
    "garbage": (
        _AUTHORS,
        {"model.ckpt-1.index": b"\xff" * 999},
        "cannot be read as a TensorFlow 1",
    ),
    "empty folder": (_import("authors", "{tmp}"), {}, "cannot be read as a"),
    "folder of garbage": (
        _import("authors", "{tmp}/x"),
        {"x/checkpoint": b"\xff\x00model_checkpoint_path"},
        "cannot be read as a",
    ),
}


@pytest.mark.parametrize("case", _BAD_IMPORTS)
def test_import(refused, case):
    arguments, files, message = _BAD_IMPORTS[case]
    refused("sagan_tf/commands/import_.py", files, arguments, message)


_BAD_FILES_OF_TORCH = {
    "zero bytes": (b"", "is truncated, or not a file that PyTorch wrote"),
    "text": ("hello", "is truncated, or not a file that PyTorch wrote"),
    "pickle": (b"\x80\x04K\x01.", "is truncated, or not a file that"),
    "zip": (b"PK\x03\x04" + b"\0" * 99, "is truncated, or not a file"),
}


@_NEEDS_TORCH
@pytest.mark.parametrize("case", _BAD_FILES_OF_TORCH)
def test_import_of_broken_files(refused, case):
    content, message = _BAD_FILES_OF_TORCH[case]
    command = "sagan_tf/commands/import_.py"
    refused(command, {"a.pth": content}, _MMGENERATION, message)


_BAD_STATES = {
    "no tensors": ({"a": 1}, "holds no state dictionary"),
    "list": ([1, 2], "holds no state dictionary"),
    "other networks": (
        {"state_dict": {"generator.x": [1.0], "discriminator.x": [1.0]}},
        "has another architecture: variable",
    ),
    "scalars": (
        {
            "state_dict": {
                "generator.noise2feat.weight": 1.0,
                "generator.noise2feat.bias": 1.0,
            }
        },
        "has another",
    ),
    "keys that are no names": ({1: [1.0], (2, 3): [1.0]}, "has another"),
}


@_NEEDS_TORCH
@pytest.mark.parametrize("case", _BAD_STATES)
def test_import_of_other_states(refused, tmp_path, case):
    import torch

    def tensors(value):
        if isinstance(value, dict):
            return {name: tensors(part) for name, part in value.items()}
        if isinstance(value, float) or value == [1.0]:
            return torch.tensor(value)
        return value

    content, message = _BAD_STATES[case]
    torch.save(tensors(content), tmp_path / "a.pth")
    refused("sagan_tf/commands/import_.py", {}, _MMGENERATION, message)
