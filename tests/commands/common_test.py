"""Tests of train.py and eval.py as a user meets them."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
import tensorflow as tf

from sagan_tf.commands import common
from sagan_tf.data import open_source
from sagan_tf.images import save_png
from sagan_tf.workdir import load_generator

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("configs/missing.py", "there is no file configs/missing.py"),
        ("configs/cifar10.py:x", "variant must be one of best_published, st"),
        ("{tmp}/dictionary.py", "must return a sagan_tf.Config"),
        ("{tmp}/broken.py", "name 'undefined' is not defined"),
    ],
)
def test_bad_config_file_is_one_line(script, tmp_path, config, message):
    (tmp_path / "dictionary.py").write_text("def get_config(): return {}\n")
    (tmp_path / "broken.py").write_text("undefined\n")
    code, error = script(
        "train.py",
        f"--config={config.format(tmp=tmp_path)}",
        f"--workdir={tmp_path}/run",
    )
    assert code == 1 and message in error and "Traceback" not in error


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "--workdir must be given"),
        (["--compare=a.json"], "--compare needs two or more"),
        (["--compare", "a.json", "b.json"], "a.json is not an evaluation"),
        (["--workdir=x", "--extractor_outputs=a"], "needs two names"),
        (["--workdir=x", "--preset=mine"], "--preset"),
        (["--workdir=x", "--quantize", "false"], "false is not a flag"),
        (
            ["--workdir=x", "--inception=a", "--extractor=b"],
            "must not be given",
        ),
    ],
)
def test_wrong_evaluation_is_one_line(script, arguments, message):
    code, error = script("eval.py", *arguments)
    assert code == 1 and message in error and "Traceback" not in error


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "has no run"),
        (["config.json"], "has no checkpoint"),
    ],
)
def test_nothing_to_evaluate_is_one_line(script, tmp_path, files, message):
    from sagan_tf import Config

    for name in files:
        Config(dataset="digits", image_size=32, num_classes=10).save(
            tmp_path / name
        )
    code, error = script("eval.py", f"--workdir={tmp_path}")
    assert code == 1
    assert len([line for line in error.splitlines() if message in line]) == 1
    assert "Traceback" not in error
    assert sorted(path.name for path in tmp_path.iterdir()) == files


# As if TensorFlow were not there: its import alone would take seconds.
_HELP = """
import runpy, sys
sys.modules["tensorflow"] = None
sys.argv = [sys.argv[1], "--help"]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("name", ["train.py", "eval.py"])
def test_help_needs_no_tensorflow(name):
    result = subprocess.run(
        [sys.executable, "-c", _HELP, name],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "--workdir" in result.stdout, result.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["train.py"],
        ["eval.py"],
        # Imports TensorFlow.
        pytest.param(
            ["-m", "sagan_tf.commands.sample"], marks=pytest.mark.slow
        ),
    ],
    ids=" ".join,
)
def test_help_into_a_closed_pipe(command):
    """As by `train.py --help | head`: that is no error."""
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(
        [sys.executable, *command, "--help"],
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert result.returncode == 0
    for word in ("error:", "Errno", "Traceback"):
        assert word not in result.stderr


@pytest.mark.parametrize("compiled", [False, True])
def test_reason_that_tensorflow_gives_is_shown(capfd, compiled):
    """And not where its graph was defined, nor by which function."""
    decode = tf.io.decode_image
    if compiled:
        decode = tf.function(decode)
    with pytest.raises(SystemExit), common.one_line_errors():
        decode(tf.constant(b"x"))
    lines = capfd.readouterr().err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    assert len(errors) == 1
    assert errors[0].startswith("error: Unknown image file format")
    assert errors[0].endswith("required.")


@pytest.mark.parametrize(
    "roots", ["", "2 root error(s) found.\n  (0) RESOURCE_EXHAUSTED:  "]
)
def test_out_of_memory_is_named(capfd, roots):
    message = (
        "Graph execution error:\n\n"
        "Detected at node dense_1/MatMul defined at (most recent call last):\n"
        f"<stack traces unavailable>\n{roots}"
        "OOM when allocating tensor with shape[1000000,1024]\n"
        "\t [[{{node dense_1/MatMul}}]]\n"
        "Hint: If you want to see a list of allocated tensors\n"
    )
    with pytest.raises(SystemExit), common.one_line_errors():
        raise tf.errors.ResourceExhaustedError(None, None, message)
    assert "error: OOM when allocating tensor with" in capfd.readouterr().err


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home directory that is empty."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def test_home_directory_in_paths(script, home, run_copy):
    """`~` is left to the program by a shell in `--flag=~/path`."""
    _, workdir = run_copy
    shutil.copytree(workdir, home / "run")
    code, error = script(
        "sagan_tf/commands/sample.py",
        "--workdir=~/run",
        "--output=~/images",
        "--seeds=0",
        "--classes=3",
    )
    assert code == 0, error
    assert len(list((home / "images").glob("*.png"))) == 1
    evaluation = next((home / "run" / "eval").glob("*.json")).name
    path = f"~/run/eval/{evaluation}"
    code, error = script("eval.py", f"--compare={path}", path)
    assert code == 0, error
    assert load_generator("~/run")[2] == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workdir=~/run"], "~/run has no run"),
        (["--workdir=~/run", "--extractor=~/no.keras"], "run has no run"),
    ],
)
def test_home_directory_in_errors(script, home, arguments, message):
    code, error = script("eval.py", *arguments)
    assert code == 1
    assert message.replace("~", str(home)) in error


def test_home_directory_in_a_configuration(home, random):
    for name in "ab":
        (home / "images").mkdir(exist_ok=True)
        save_png(
            random.integers(0, 256, (40, 40, 3), "uint8"),
            home / "images" / f"{name}.png",
        )
    assert open_source("image_folder", "~/images").size == 2


@pytest.mark.parametrize(
    ("program", "arguments", "flag"),
    [
        ("eval.py", ["--workdir=a", "--workdir=b"], "--workdir"),
        ("eval.py", ["--workdir=a", "--seed=1", "--seed=1"], "--seed"),
        (
            "train.py",
            [
                "--config=digits",
                "--workdir=a",
                "--config.steps=1",
                "--config.steps=2",
            ],
            "--config.steps",
        ),
    ],
)
def test_flag_given_twice(script, program, arguments, flag):
    code, error = script(program, *arguments)
    assert code == 1 and f"flag {flag} is given 2 times" in error
    assert len(error.strip().splitlines()) == 1
