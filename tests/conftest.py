"""Devices, seeds and small networks that the tests share."""

import os
import pathlib
import runpy
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402
from absl import flags, logging  # noqa: E402

from sagan_tf import SAGAN, Config, models
from sagan_tf.commands import common

ROOT = pathlib.Path(__file__).parents[1]


def pytest_configure():
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        cpu, [tf.config.LogicalDeviceConfiguration()] * 2
    )


@pytest.fixture(autouse=True)
def _seed():
    keras.utils.set_random_seed(0)


@pytest.fixture(autouse=True)
def _verbosity():
    """That of the scripts is for them."""
    before = logging.get_verbosity()
    yield
    logging.set_verbosity(before)


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    """Keeps the digits classifier out of the user's cache."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def mirrored():
    """Two replicas. One strategy for all: TensorFlow numbers the collective
    operations of each strategy from the same start."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@pytest.fixture
def random():
    return np.random.default_rng(0)


def make_gan(num_classes=3, compiled=True, **kwargs):
    """A SAGAN small enough to train in a test."""
    common = {
        "image_size": 32,
        "base_channels": 2,
        "num_classes": num_classes,
        "attention_resolutions": (16,),
    }
    synchronized = kwargs.pop("synchronized", False)
    conditioning = kwargs.pop("conditioning", "projection")
    gan = SAGAN(
        models.build_generator(
            latent_dim=8, synchronized=synchronized, **common
        ),
        models.build_discriminator(conditioning=conditioning, **common),
        **kwargs,
    )
    if compiled:
        # A large epsilon, because with the usual one a gradient that is zero
        # but for rounding moves a weight by the learning rate.
        gan.compile(
            keras.optimizers.Adam(1e-3, 0.0, 0.9, epsilon=1e-3),
            keras.optimizers.Adam(4e-3, 0.0, 0.9, epsilon=1e-3),
        )
    return gan


@pytest.fixture(scope="session")
def gan_factory():
    return make_gan


@pytest.fixture(scope="session")
def small_run():
    """The configuration of a run of seconds."""
    return Config(
        dataset="digits",
        image_size=32,
        base_channels=2,
        latent_dim=8,
        attention_resolutions=(16,),
        batch_size=8,
        steps=4,
        ema_decay=0.9,
        horizontal_flip=True,
        log_every_steps=2,
        sample_every_steps=2,
        checkpoint_every_steps=2,
        eval_images=20,
        extractor="classifier",
    )


@pytest.fixture
def black_pictures():
    """Stands for what `sampler` returns."""
    return lambda latents, _: tf.zeros((len(latents), 8, 8, 3), tf.uint8)


@pytest.fixture
def batch(random):
    """Eight images and labels of three classes."""
    images = random.uniform(-1, 1, (8, 32, 32, 3)).astype("float32")
    return images, random.integers(0, 3, 8, dtype="int32")


@pytest.fixture
def disk(tmp_path):
    """Makes a file system of a size, such as "1m", at tmp_path/disk."""
    path = tmp_path / "disk"

    def mount(size):
        path.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", path]
        try:
            subprocess.run(command, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("a small file system can be mounted by root only")
        return path

    yield mount
    if path.is_mount():
        # TensorFlow's reader may hold a file still.
        subprocess.run(["umount", "--lazy", path], check=True)


def _variables(workdir, step):
    path = str(workdir / "checkpoints" / f"ckpt-{step}")
    return {
        name: tf.train.load_variable(path, name)
        for name, _ in tf.train.list_variables(path)
        if "OBJECT_GRAPH" not in name and "save_counter" not in name
    }


def _events(workdir):
    found = []
    for path in (workdir / "tensorboard").iterdir():
        for event in tf.compat.v1.train.summary_iterator(str(path)):
            found += [
                (value.tag, event.step, value.tensor.SerializeToString())
                for value in event.summary.value
                if value.tag != "images_per_second"
            ]
    return sorted(found)


@pytest.fixture(scope="session")
def checkpoint_variables():
    """What the checkpoint of a step in a workdir holds, by name."""
    return _variables


@pytest.fixture(scope="session")
def tensorboard_events():
    """What TensorBoard shows of a workdir, but for the speed."""
    return _events


@pytest.fixture
def script(monkeypatch, capfd):
    """Runs a script in this process; returns its exit code and stderr.

    A console command is the path of its module.
    """

    def forget_flags():
        # Flags are global, and other scripts have some of the same names.
        for name in set(flags.FLAGS):
            module = flags.FLAGS.find_module_defining_flag(name)
            if name.startswith("config.") or not module.startswith("absl."):
                delattr(flags.FLAGS, name)
        flags.FLAGS.unparse_flags()
        # A config file is loaded into the module of the last one.
        sys.modules.pop("config_config", None)

    def run(name, *arguments):
        argv = [name, *arguments]
        monkeypatch.setattr(sys, "argv", argv)
        forget_flags()
        try:
            script = runpy.run_path(str(ROOT / name))
            parse = script.get("parse_flags", common.parse_flags)
            script["main"](parse(argv))
            code = 0
        except SystemExit as error:
            code = error.code
            if isinstance(code, str):
                print(code, file=sys.stderr)
                code = 1
        finally:
            forget_flags()
        return code, capfd.readouterr().err

    monkeypatch.chdir(ROOT)
    return run
