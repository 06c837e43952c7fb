"""Bad input to eval.py: flags, configurations, checkpoints, extractors."""

import dataclasses
import io
import json
import zipfile

import pytest
from damage import checkpoints
from pictures import huge, picture

from sagan_tf.config import Config

_DEEP = "[" * 100_000
_BAD_FLAGS = {
    "nothing": ([], "--workdir must be given"),
    "unknown flag": (["--wrokdir=x"], "wrokdir"),
    "no run": (["--workdir={tmp}"], "has no run"),
    "empty": (["--workdir="], "--workdir must be given"),
    "long name": (["--workdir=" + "x" * 300], "File name too long"),
    "few images": (["--workdir={tmp}/run", "--num_images=5"], "num_images=5"),
    "a float": (["--workdir={tmp}/run", "--num_images=1e3"], "1e3"),
    "nan": (["--workdir={tmp}/run", "--truncation=nan"], "`--truncation` must"),
    "inf": (["--workdir={tmp}/run", "--truncation=inf"], "`--truncation` must"),
    "seed": (["--workdir={tmp}/run", "--seed=-1"], "seed"),
    "huge seed": (["--workdir={tmp}/run", f"--seed={2**70}"], "seed"),
    "step": (["--workdir={tmp}/run", "--step=7"], "no checkpoint of step 7"),
    "huge step": (["--workdir={tmp}/run", f"--step={10**40}"], "of step 1000"),
    "best": (["--workdir={tmp}/run", "--best"], "no checkpoint in"),
    "average": (["--workdir={tmp}/run", "--averaged"], "`--averaged` must be"),
    "splits": (
        ["--workdir={tmp}/run", f"--score_splits={2**62}"],
        "`--score_splits` must be at most",
    ),
    "preset": (["--workdir={tmp}/run", "--preset="], "preset"),
    "outputs": (
        ["--workdir={tmp}/run", "--extractor_outputs=,,,"],
        "needs two names",
    ),
    "inception": (
        ["--workdir={tmp}/run", "--inception={tmp}/none"],
        "`--inception` must be a SavedModel",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", _BAD_FLAGS)
def test_flags(refused, run, case):
    arguments, message = _BAD_FLAGS[case]
    refused("eval.py", {}, arguments, message)


def _with(**fields):
    return json.dumps(fields)


_BAD_CONFIGS = {
    "zero bytes": (b"", "Expecting value"),
    "truncated": ('{"batch_size": 8, "st', "Unterminated string"),
    "binary": (b"\x80\x00\xff" * 9, "codec can't decode"),
    "BOM": (b"\xef\xbb\xbf{}", "BOM"),
    "UTF-16": ("{}".encode("utf-16"), "codec can't decode"),
    "list": ("[1]", "must be a JSON object"),
    "null": ("null", "must be a JSON object"),
    "huge text": ('"' + "x" * 10**7 + '"', "must be a JSON object"),
    "nested": (_DEEP, "maximum recursion depth"),
    "nested value": (f'{{"steps": {_DEEP}}}', "maximum recursion depth"),
    "unknown field": (_with(batchsize=3), '"batchsize" is not a field'),
    "text": (_with(image_size="32"), '"image_size" must be'),
    "bool": (_with(latent_dim=True), '"latent_dim" must be'),
    "null field": (_with(steps=None), '"steps" must be'),
    "floats": (_with(attention_resolutions=[16.0]), '"attention_resolutions"'),
    "negative": (_with(base_channels=-1), '"base_channels" must be at least'),
    "5000 digits": ('{"steps": 1%s}' % ("0" * 5000), "Exceeds the limit"),
    "400 digits": ('{"ema_decay": 1%s}' % ("0" * 400), '"ema_decay" must be'),
    "100 digits": ('{"steps": 1%s}' % ("0" * 100), '"steps" must be at most'),
    "NaN": ('{"adam_epsilon": NaN}', '"adam_epsilon" must be finite'),
    "Infinity": ('{"adam_epsilon": Infinity}', '"adam_epsilon" must be finite'),
    "choice": (_with(conditioning="x"), '"conditioning" must be one of'),
    "folder": (None, "has no run"),
    "loop": (("link", "config.json"), "has no run"),
    "device": (("link", "/dev/zero"), "has no run"),
}  # fmt: skip


@pytest.mark.parametrize("case", _BAD_CONFIGS)
def test_configs(refused, case):
    content, message = _BAD_CONFIGS[case]
    files = {"run/config.json": content}
    refused("eval.py", files, ["--workdir={tmp}/run"], message)


_OTHER_RUN = _with(dataset="digits", num_classes=10)
_DAMAGED_RUNS = {
    "config of another run": (
        {"run/config.json": _OTHER_RUN},
        "ckpt-2 cannot be read, or does not fit the",
    ),
    "no index": (checkpoints("index", b""), "ckpt-1 is damaged"),
    "garbage": (checkpoints("index", b"x" * 999), "ckpt-1 is damaged"),
    "no data": (checkpoints("data-00000-of-00001", b""), "ckpt-1 is damaged"),
    "index that is a folder": (
        checkpoints("index", None),
        "ckpt-1 is damaged",
    ),
}


@pytest.mark.parametrize("case", _DAMAGED_RUNS)
def test_damaged_runs(refused, run, case):
    files, message = _DAMAGED_RUNS[case]
    refused("eval.py", files, ["--workdir={tmp}/run"], message)


# Input of a run on an image folder, evaluated with a custom extractor.
_BAD_DATA = {
    "NUL in the path": ("a\0b", {}, "which is no folder"),
    "missing": ("{tmp}/none", {}, "which is no folder"),
    "empty": ("{tmp}/images", {"images": None}, "has no images"),
    "corrupt": (
        "{tmp}/images",
        {"images/1.png": picture(), "images/2.png": picture()[:-40]},
        "2.png cannot be read as an image: repair or remove such",
    ),
    "huge": (
        "{tmp}/images",
        {"images/1.png": picture(), "images/2.png": huge("png")},
        "decompression bomb",
    ),
}


@pytest.mark.parametrize("case", _BAD_DATA)
def test_data(refused, run, extractor, case):
    folder, files, message = _BAD_DATA[case]
    config = dataclasses.replace(
        Config.load(run / "config.json"),
        dataset="image_folder",
        data_dir=folder.replace("{tmp}", str(run.parent)),
    )
    files = {"run/config.json": config.to_json(), **files}
    arguments = ["--workdir={tmp}/run", f"--extractor={extractor}"]
    refused("eval.py", files, arguments, message)


def _zip(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_json", ".json"), content)
    return buffer.getvalue()


_BAD_EXTRACTORS = {
    "missing": ("none.keras", {}, "none.keras"),
    "zero bytes": ("x.keras", {"x.keras": b""}, "x.keras"),
    "text": ("x.keras", {"x.keras": "hello"}, "x.keras"),
    "folder": ("x.keras", {"x.keras": None}, "x.keras"),
    "empty zip": ("x.keras", {"x.keras": _zip()}, "x.keras"),
    "zip of others": ("x.keras", {"x.keras": _zip(a="b")}, "x.keras"),
    "no JSON": (
        "x.keras",
        {"x.keras": _zip(config_json="{", metadata_json="{}")},
        "x.keras",
    ),
    "nested JSON": (
        "x.keras",
        {"x.keras": _zip(config_json=_DEEP, metadata_json="{}")},
        "x.keras",
    ),
    "missing SavedModel": ("none", {}, "none"),
    "empty folder": ("x", {"x": None}, "x"),
    "file": ("x", {"x": "hello"}, "x"),
    "garbage": ("x", {"x/saved_model.pb": b"\xff" * 99}, "x"),
    "zero-byte SavedModel": ("x", {"x/saved_model.pb": b""}, "x"),
    "loop": ("x", {"x": ("link", "x")}, "x"),
}


@pytest.mark.parametrize("case", _BAD_EXTRACTORS)
def test_extractors(refused, run, case):
    name, files, named = _BAD_EXTRACTORS[case]
    arguments = ["--workdir={tmp}/run", f"--extractor={{tmp}}/{name}"]
    refused("eval.py", files, arguments, "`--extractor` must be a .keras file")


_GOOD = {"metrics": {"x": 1.0}, "protocol": {"step": 0}}
_BAD_EVALUATIONS = {
    "missing": ({}, "there is no such file"),
    "zero bytes": ({"b.json": b""}, "is not JSON"),
    "truncated": ({"b.json": json.dumps(_GOOD)[:-9]}, "is not JSON"),
    "binary": ({"b.json": b"\xff\x00"}, "is not JSON"),
    "nested": ({"b.json": _DEEP}, "maximum recursion depth"),
    "list": ({"b.json": "[]"}, "it lacks metrics or protocol"),
    "number": ({"b.json": "1"}, "it lacks metrics or protocol"),
    "no protocol": ({"b.json": '{"metrics": {}}'}, "it lacks metrics"),
    "metrics of texts": (
        {"b.json": json.dumps({**_GOOD, "metrics": {"x": "one"}})},
        "could not convert string to float",
    ),
    "metrics of lists": (
        {"b.json": json.dumps({**_GOOD, "metrics": {"x": [1]}})},
        "is not an evaluation",
    ),
    "huge metric": (
        {"b.json": json.dumps({**_GOOD, "metrics": {"x": 10**400}})},
        "int too large",
    ),
    "list for protocol": (
        {"b.json": json.dumps({**_GOOD, "protocol": [1]})},
        "it lacks metrics or protocol",
    ),
    "other protocol": (
        {"b.json": json.dumps({**_GOOD, "protocol": {"step": 1, "split": 2}})},
        "have different protocols",
    ),
    "folder": ({"b.json": None}, "there is no such file"),
    "loop": ({"b.json": ("link", "b.json")}, "there is no such file"),
    "device": ({"b.json": ("link", "/dev/zero")}, "there is no such file"),
}


@pytest.mark.parametrize("case", _BAD_EVALUATIONS)
def test_compared(refused, case):
    files, message = _BAD_EVALUATIONS[case]
    files = {"a.json": json.dumps(_GOOD), **files}
    arguments = ["--compare", "{tmp}/a.json", "{tmp}/b.json"]
    refused("eval.py", files, arguments, message)
