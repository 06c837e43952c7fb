"""Tests of exporting a run."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import Config, models
from sagan_tf.export import export_run, from_run
from sagan_tf.export.onnx_and_litert import has_litert
from sagan_tf.utils import files
from sagan_tf.workdir import Workdir

CONFIG = Config(
    dataset="digits", image_size=32, base_channels=2, num_classes=10,
    latent_dim=8, attention_resolutions=(16,), ema_decay=0.5,
)  # fmt: skip


@pytest.fixture(scope="module")
def workdir(tmp_path_factory):
    """A run at step 5 with two evaluations, and files that are none."""
    workdir = Workdir(tmp_path_factory.mktemp("export") / "run")
    workdir.claim(CONFIG)
    networks = {}
    for seed, name in enumerate(("generator", "ema_generator")):
        keras.utils.set_random_seed(seed)
        networks[name] = models.build_generator(
            32, 2, 10, 8, attention_resolutions=(16,)
        )
    tf.train.CheckpointManager(
        tf.train.Checkpoint(**networks), str(workdir.checkpoints), 1
    ).save(checkpoint_number=5)
    workdir.evaluations.mkdir()
    for step in (5, 4):
        evaluation = {
            "metrics": {"frechet_x_distance": step},
            "protocol": {"step": step, "weights": "averaged"},
            "provenance": {"as_in_training": True},
        }
        files.write_text(
            workdir.evaluations / f"{step}.json", json.dumps(evaluation)
        )
    files.write_text(workdir.evaluations / "broken.json", "{")
    files.write_text(workdir.evaluations / "nested.json", "[" * 100_000)
    files.write_text(workdir.path / "NOTICE", "From elsewhere.")
    return workdir.path


@pytest.mark.slow
def test_versions(workdir, tmp_path):
    output = tmp_path / "models"
    # `str.isdigit` is true for this name, but it is not a number.
    (output / "\u00b2").mkdir(parents=True)
    assert export_run(workdir, output) == str(output / "1")
    assert export_run(workdir, output, version=7) == str(output / "7")
    assert export_run(workdir, output) == str(output / "8")
    with pytest.raises(ValueError, match="7 exists"):
        export_run(workdir, output, version=7)
    versions = ["1", "7", "8", "\u00b2"]
    assert sorted(p.name for p in output.iterdir()) == versions


def test_card(workdir, tmp_path):
    path = export_run(workdir, tmp_path / "models")
    with open(f"{path}/saved_model.json") as file:
        card = json.load(file)
    assert card["class_names"] == [str(n) for n in range(10)]
    assert card["number_of_classes"] == 10
    assert card["step"] == 5 and card["weights"] == "averaged"
    assert card["notice"] == "From elsewhere."
    assert [e["metrics"] for e in card["evaluations"]] == [
        {"frechet_x_distance": 5}
    ]


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_device(workdir, tmp_path, monkeypatch, device):
    devices = []
    monkeypatch.setattr(
        from_run,
        "export_generator",
        lambda generator, path, card, device: devices.append(device),
    )
    export_run(workdir, tmp_path, device=device)
    assert devices == [device]


@pytest.mark.skipif(not has_litert(), reason="LiteRT files need Keras 3.13")
def test_a_file_and_its_card(workdir, tmp_path):
    pytest.importorskip("tensorflow.lite")
    path = tmp_path / "models" / "digits.tflite"
    assert export_run(workdir, path, format="litert") == str(path)
    card = json.loads((path.parent / "digits.tflite.json").read_text())
    assert card["step"] == 5 and path.stat().st_size > 1000


@pytest.mark.slow
def test_raw_weights(workdir, tmp_path):
    inputs = {"latents": tf.ones((1, 8)), "labels": tf.constant([1])}
    images = [
        tf.saved_model.load(
            export_run(workdir, tmp_path / "models", averaged=averaged)
        ).signatures["images_float"](**inputs)["images"]
        for averaged in (None, True, False)
    ]
    np.testing.assert_array_equal(images[0], images[1])
    assert np.abs(images[0] - images[2]).max() > 1e-3


def test_what_cannot_be_exported(workdir, tmp_path):
    with pytest.raises(ValueError, match="has no run"):
        export_run(tmp_path / "nothing", tmp_path / "models")
    with pytest.raises(ValueError, match="has no checkpoint of step 3"):
        export_run(workdir, tmp_path / "models", step=3)
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match="`output` .* is not a directory"):
        export_run(workdir, tmp_path / "file")
    assert not (tmp_path / "models").exists()
