"""The commands take any path that the system has."""

import pathlib
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).parents[2]
CONFIG = """
from sagan_tf import Config


def get_config():
    return Config(
        dataset="image_folder", image_size=32, base_channels=2, latent_dim=8,
        attention_resolutions=(), batch_size=2, steps=2, log_every_steps=1,
        sample_every_steps=1, checkpoint_every_steps=1,
    )
"""


@pytest.mark.slow
def test_paths(tmp_path, monkeypatch):
    """Relative, with spaces, with `~`, and inside the folder of the data."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "c.py").write_text(CONFIG)
    random = np.random.default_rng(0)
    for name in ("cat", "dog"):
        folder = tmp_path / "pictures of \u00e9" / name
        folder.mkdir(parents=True)
        for index in range(2):
            image = random.integers(0, 256, (32, 32, 3), np.uint8)
            Image.fromarray(image).save(folder / f"{index}.png")

    def run(program, *arguments):
        return subprocess.run(
            [sys.executable, str(ROOT / program), *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    train = (
        "train.py",
        "--config=./c.py",
        "--workdir=pictures of \u00e9/a run/",
        "--config.data_dir=~/pictures of \u00e9/",
    )
    result = run(*train)
    assert result.returncode == 0, result.stderr
    # The second time its own images are there.
    result = run(*train, "--config.steps=3")
    assert result.returncode == 0, result.stderr
    assert "4 images" in result.stderr
    result = run(
        "sagan_tf/commands/sample.py", "--workdir=~/pictures of \u00e9/a run",
        "--seeds=0-1", "--classes=dog", "--output=out put/",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    found = tmp_path / "pictures of \u00e9" / "a run"
    assert (found / "checkpoints").is_dir()
    assert not (tmp_path / "~").exists()
    assert list((tmp_path / "out put").glob("**/*.png"))
