"""Tests of the last command of the demo."""

import json

import numpy as np
from PIL import Image

from sagan_tf.sampling import beside_real


def test_demo_shows_the_run(finished_run, script, tmp_path):
    _, workdir, _ = finished_run
    code, _ = script(
        "sagan_tf/commands/demo.py",
        f"--workdir={workdir}",
        f"--output={tmp_path / 'demo'}",
    )
    assert code == 0
    output = tmp_path / "demo"
    assert (output / "model" / "4" / "saved_model.pb").is_file()
    assert (output / "training_curves.png").is_file()
    metrics = json.loads((output / "metrics.json").read_text())["metrics"]
    assert metrics["recall"] >= 0
    picture = Image.open(output / "samples.png")
    assert picture.width > 2 * beside_real.COLUMNS * 32


def test_picture_has_the_runs_images(
    finished_run, script, tmp_path, monkeypatch
):
    drawn = {}
    monkeypatch.setattr(
        beside_real,
        "figure_beside_real",
        lambda generated, real, names, path: drawn.update(
            generated=generated, real=real, names=names
        ),
    )
    _, workdir, _ = finished_run
    code, _ = script(
        "sagan_tf/commands/demo.py",
        f"--workdir={workdir}",
        f"--output={tmp_path / 'demo'}",
    )
    assert code == 0
    assert drawn["names"] == [str(digit) for digit in range(10)]
    assert (
        drawn["generated"].shape == drawn["real"].shape == (10, 12, 32, 32, 3)
    )
    flat = drawn["generated"].reshape(120, -1)
    assert len(np.unique(flat, axis=0)) == 120


def test_demo_of_a_folder_without_a_run(script, tmp_path):
    (tmp_path / "run").mkdir()
    code, errors = script(
        "sagan_tf/commands/demo.py",
        f"--workdir={tmp_path / 'run'}",
        f"--output={tmp_path / 'demo'}",
    )
    assert code == 1
    assert "has no evaluation" in errors
    assert not (tmp_path / "demo").exists()
