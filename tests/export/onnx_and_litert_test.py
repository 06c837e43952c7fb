"""Tests of exports as ONNX and LiteRT files, run by their own runtimes."""

import sys

import keras
import numpy as np
import pytest

from sagan_tf import models
from sagan_tf.export import export_file
from sagan_tf.export.onnx_and_litert import has_litert

onnxruntime = pytest.importorskip(
    "onnxruntime", reason="the extra `onnx` has it"
)
interpreter = pytest.importorskip(
    "ai_edge_litert.interpreter", reason="LiteRT's runtime"
)
pytest.importorskip("tf2onnx", reason="the extra `onnx` has it")


def _run(path, inputs):
    """Returns the images that a file makes."""
    inputs = {name: np.array(value) for name, value in inputs.items()}
    if path.suffix == ".onnx":
        session = onnxruntime.InferenceSession(path)
        names = [each.name for each in session.get_inputs()]
        assert names == list(inputs)
        assert [each.name for each in session.get_outputs()] == ["images"]
        return session.run(None, inputs)[0]
    runner = interpreter.Interpreter(str(path)).get_signature_runner()
    return runner(**inputs)["images"]


FORMATS = [
    ("onnx", ".onnx"),
    pytest.param(
        "litert",
        ".tflite",
        marks=pytest.mark.skipif(
            not has_litert(), reason="LiteRT files need Keras 3.13"
        ),
    ),
]


@pytest.mark.parametrize(("format", "suffix"), FORMATS)
def test_images_are_those_of_the_model(
    generator, inputs, tmp_path, format, suffix
):
    path = tmp_path / f"model{suffix}"
    export_file(generator, path, format, card={"step": 7})
    for count in (1, 3):
        given = inputs(count)
        found = _run(path, given)
        expected = generator(list(given.values()))
        np.testing.assert_allclose(found, expected, atol=1e-4)
    given["labels"] = np.array([0, 3, 1], "int32")
    found = _run(path, given)
    assert np.isnan(found[1]).all() and np.isfinite(found[[0, 2]]).all()
    assert (tmp_path / f"model{suffix}.json").read_text() == '{\n  "step": 7\n}'
    with pytest.raises(ValueError, match="`output` .* exists"):
        export_file(generator, path, format)


@pytest.mark.slow
@pytest.mark.parametrize(("format", "suffix"), FORMATS)
@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_large_attention(tmp_path, inputs, format, suffix, device):
    generator = models.build_generator(
        128, 2, None, 8, attention_resolutions=(64,)
    )
    path = tmp_path / f"model{suffix}"
    export_file(generator, path, format, device=device)
    latents = inputs(2)["latents"]
    np.testing.assert_allclose(
        _run(path, {"latents": latents}), generator(latents), atol=1e-4
    )


@pytest.mark.parametrize(
    ("name", "format", "reason"),
    [
        ("model.onnx", "torch", "`format` must be one of"),
        ("model.onnx", "litert", "`output` must end in .tflite"),
        ("model", "onnx", "`output` must end in .onnx"),
    ],
)
def test_refused(generator, tmp_path, name, format, reason):
    with pytest.raises(ValueError, match=reason):
        export_file(generator, tmp_path / name, format)
    assert not list(tmp_path.iterdir())


def test_old_keras(generator, tmp_path, monkeypatch):
    monkeypatch.setattr(keras, "__version__", "3.12.4")
    with pytest.raises(ImportError, match=r"needs Keras 3.13.*Keras 3\.12\.4"):
        export_file(generator, tmp_path / "model.tflite", "litert")
    assert not list(tmp_path.iterdir())


def test_missing_packages(generator, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ImportError, match=r"needs tf2onnx: pip install"):
        export_file(generator, tmp_path / "model.onnx", "onnx")
    assert not list(tmp_path.iterdir())
