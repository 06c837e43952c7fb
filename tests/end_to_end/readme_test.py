"""The examples and commands of README and of two pages run as they stand."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
# In the order in which a reader runs them: later pages use the run and the
# export that README's commands make.
PAGES = ("README.md", "docs/training.md", "docs/sampling.md")
BLOCKS = [
    block
    for page in PAGES
    for block in re.findall(
        r"^```(\w+)\n(.*?)^```",
        (ROOT / page).read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
]
# Folders of the run and the export. Code that names one needs the commands.
DEPENDENT = ("runs/", "models/")
# The first words of the blocks that no test runs: they install packages, or
# are the commands that run the tests.
NOT_RUN = ("make", "python3 -m venv")
# Makes the training take seconds.
SHORT = (
    "--config.base_channels=2",
    "--config.steps=2",
    "--config.log_every_steps=2",
    "--config.sample_every_steps=2",
    "--config.checkpoint_every_steps=2",
    "--config.eval_every_steps=0",
    "--config.eval_images=20",
)


def is_dependent(code):
    return any(folder in code for folder in DEPENDENT)


@pytest.mark.parametrize(
    "code",
    [
        code
        for language, code in BLOCKS
        if language == "python" and not is_dependent(code)
    ],
    ids=["layers", "gan"],
)
def test_example(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(code, {})


@pytest.mark.slow
def test_commands_and_the_examples_that_need_them(tmp_path, monkeypatch):
    for name in ("train.py", "eval.py", "configs"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    binaries = os.path.dirname(sys.executable)
    monkeypatch.setenv("PATH", f"{binaries}{os.pathsep}{os.environ['PATH']}")
    commands = examples = 0
    printed = ""
    for language, text in BLOCKS:
        if language == "sh" and not text.startswith(NOT_RUN):
            text = re.sub(
                r"^python train\.py .*",
                rf"\g<0> {' '.join(SHORT)}",
                text,
                flags=re.MULTILINE,
            )
            result = subprocess.run(
                ["bash", "-e", "-c", text], capture_output=True, text=True
            )
            assert result.returncode == 0, f"{text}\n{result.stderr}"
            printed += result.stdout + result.stderr
            commands += 1
        elif language == "python" and is_dependent(text):
            exec(text, {})
            examples += 1
    # README has two blocks of commands, training.md one and sampling.md three.
    assert (commands, examples) == (6, 2)
    assert "Data: digits, train split, 1437 images" in printed
    assert "generator_loss" in printed
    assert "frechet classifier distance" in printed
    assert (tmp_path / "runs" / "digits" / "config.json").exists()
    assert len(list((tmp_path / "images").rglob("*.png"))) > 16
    assert len(list((tmp_path / "images").rglob("*.gif"))) > 0


def test_ci_runs_the_test_command():
    assert re.search(r"^make test\b", BLOCKS[0][1], re.MULTILINE)
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert "make test" in lines
