"""A run to damage, and what each refusal has to look like."""

import dataclasses
import json
import os
import re
import shutil

import keras
import pytest
import tensorflow as tf

from sagan_tf import training
from sagan_tf.config import Config
from sagan_tf.workdir import Workdir, checkpoints

# Lines of information, and the warnings of TensorFlow's C++ code, which the
# scripts turn off and the tests do not.
_INFORMATION = re.compile(r"I\d{4} |[WE]0000 ")
TINY = Config(
    dataset="digits",
    image_size=32,
    base_channels=2,
    latent_dim=8,
    attention_resolutions=(),
    batch_size=8,
    steps=2,
    log_every_steps=1,
    sample_every_steps=2,
    checkpoint_every_steps=1,
    eval_images=20,
    extractor="classifier",
)


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The workdir of a finished run of two steps.

    No step is made, because compiling it would take most of the time. The
    files are those that training leaves, with untrained weights.
    """
    workdir = Workdir(tmp_path_factory.mktemp("finished") / "run")
    config = TINY.resolved(10)
    workdir.claim(config)
    gan = training.build_gan(config, tf.distribute.get_strategy())
    manager, _ = training.checkpoint_managers(gan, workdir)
    metrics = [metric.name for metric in gan.metrics]
    for step in (1, 2):
        gan.step.assign(step)
        checkpoints.save(manager, step)
        record = {"step": step, **dict.fromkeys(metrics, 1.0)}
        with open(workdir.metrics, "a") as file:
            file.write(json.dumps(record) + "\n")
    return workdir.path


@pytest.fixture
def run(finished, tmp_path):
    """A copy of the finished run, at tmp_path/run."""
    return shutil.copytree(finished, tmp_path / "run", symlinks=True)


@pytest.fixture(scope="session")
def config_file(tmp_path_factory):
    """The config file of the finished run, for train.py."""
    path = tmp_path_factory.mktemp("configs") / "tiny.py"
    fields = ", ".join(
        f"{k}={v!r}" for k, v in dataclasses.asdict(TINY).items()
    )
    path.write_text(
        "from sagan_tf.config import Config\n\n\n"
        f"def get_config():\n    return Config({fields})\n"
    )
    return path


@pytest.fixture(scope="session")
def extractor(tmp_path_factory):
    """The path of an extractor of 32x32 images, a Keras file."""
    path = tmp_path_factory.mktemp("extractor") / "x.keras"
    inputs = keras.Input((32, 32, 3))
    features = keras.layers.GlobalAveragePooling2D(name="features")(inputs)
    logits = keras.layers.Dense(2, name="logits")(features)
    keras.Model(inputs, [features, logits]).save(path)
    return path


@pytest.fixture
def refused(script, tmp_path):
    """Returns a function that checks that a command refuses its input.

    A refusal is one line on stderr, an exit code other than 0, and no change
    to any file. The function's arguments are the command; a dictionary from
    paths to the files to write first (bytes, text, None for a folder, or
    ("link", target)); the command's arguments, in which {tmp} stands for
    `tmp_path`; and a part of the message.
    """

    def check(command, files, arguments, message):
        write(tmp_path, files)
        before = _snapshot(tmp_path)
        arguments = [text.replace("{tmp}", str(tmp_path)) for text in arguments]
        code, error = script(command, *arguments)
        lines = [
            line
            for line in error.splitlines()
            if line.strip() and not _INFORMATION.match(line)
        ]
        assert code not in (0, None), error
        assert len(lines) == 1, error
        assert lines[0].startswith("error: ") and message in lines[0], error
        assert "Traceback" not in error
        assert _snapshot(tmp_path) == before

    return check


def write(folder, files):
    """Writes files; see `refused`."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            if path.is_file():
                path.unlink()
            path.mkdir(parents=True, exist_ok=True)
        elif isinstance(content, tuple):
            path.unlink(missing_ok=True)
            path.symlink_to(content[1])
        else:
            if path.is_dir():
                shutil.rmtree(path)
            content = content.encode() if isinstance(content, str) else content
            path.write_bytes(content)


def _snapshot(folder):
    """Returns names, kinds, bytes and times of all files in a folder."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = os.path.join(root, name)
            if os.path.islink(path):
                found[path] = os.readlink(path)
            elif os.path.isdir(path):
                found[path] = "folder"
            else:
                with open(path, "rb") as file:
                    found[path] = file.read(), os.stat(path).st_mtime_ns
    return found
