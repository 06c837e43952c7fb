"""Tests of the last command of the demo."""

import json

import numpy as np
from PIL import Image

from sagan_tf.images import class_images, image_function
from sagan_tf.sampling import beside_real
from sagan_tf.workdir import load_generator


def test_demo_shows_the_run(finished_run, script, tmp_path, monkeypatch):
    drawn = []
    draw = beside_real.figure_beside_real

    def record(*arguments):
        drawn.extend(arguments)
        draw(*arguments)

    monkeypatch.setattr(beside_real, "figure_beside_real", record)
    _, workdir, _ = finished_run
    output = tmp_path / "demo"
    code, _ = script(
        "sagan_tf/commands/demo.py",
        f"--workdir={workdir}",
        f"--output={output}",
    )
    assert code == 0
    assert (output / "model" / "4" / "saved_model.pb").is_file()
    assert (output / "training_curves.png").is_file()
    metrics = json.loads((output / "metrics.json").read_text())["metrics"]
    assert metrics["recall"] >= 0
    generated, real, names, path = drawn
    assert names == [str(digit) for digit in range(10)]
    generator, config, _ = load_generator(workdir)
    expected = class_images(image_function(generator), 8, 10, columns=12)
    np.testing.assert_array_equal(generated, expected)
    np.testing.assert_array_equal(real, beside_real.real_images(config))
    with Image.open(path) as picture:
        assert picture.width > 2 * 12 * 32


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
