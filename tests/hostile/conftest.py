"""A run to spoil, and what each refusal has to look like."""

import dataclasses
import os
import re
import shutil

import pytest

from sagan_tf import training
from sagan_tf.config import Config

# Of absl, and what TensorFlow's C++ writes in tests and not in the scripts,
# which set another level.
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
    """A run of two steps."""
    workdir = tmp_path_factory.mktemp("finished") / "run"
    training.train(TINY, workdir)
    return workdir


@pytest.fixture
def run(finished, tmp_path):
    """A copy of it, at tmp_path/run."""
    # Times and all, since the snapshot has them.
    return shutil.copytree(finished, tmp_path / "run", symlinks=True)


@pytest.fixture(scope="session")
def config_file(tmp_path_factory):
    """A config file of that run, for train.py."""
    path = tmp_path_factory.mktemp("configs") / "tiny.py"
    fields = ", ".join(
        f"{k}={v!r}" for k, v in dataclasses.asdict(TINY).items()
    )
    path.write_text(
        "from sagan_tf.config import Config\n\n\n"
        f"def get_config():\n    return Config({fields})\n"
    )
    return path


@pytest.fixture
def refused(script, tmp_path):
    """Runs a command that has to refuse what it is given.

    The function takes the command, files to write first (path to bytes, text,
    None for a folder, or ("link", target)), arguments in which {tmp} stands
    for the folder of it all, and a part of the message.
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
    """Everything in a folder: names, kinds, bytes and times of files."""
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
