"""Devices, seeds and small networks that the tests share."""

import dataclasses
import fcntl
import os
import pathlib
import runpy
import shutil
import subprocess
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
import tensorflow as tf  # noqa: E402
from absl import flags, logging  # noqa: E402

from sagan_tf import SAGAN, Config, models, training

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
    """Restores the verbosity that a script may have set."""
    before = logging.get_verbosity()
    yield
    logging.set_verbosity(before)


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory):
    """Replaces the user's cache by one with an untrained digits classifier."""
    cache = tmp_path_factory.mktemp("cache")
    keras.utils.set_random_seed(0)
    classifier = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.AveragePooling2D(4),
            keras.layers.Flatten(),
            keras.layers.Dense(64, activation="relu", name="features"),
            keras.layers.Dense(10, name="logits"),
        ]
    )
    path = cache / "sagan_tf" / "digits_classifier_v1.keras"
    path.parent.mkdir()
    classifier.save(path)
    os.environ["XDG_CACHE_HOME"] = str(cache)


@pytest.fixture(scope="session")
def mirrored():
    """Two replicas.

    All tests share the strategy, because TensorFlow numbers the collective
    operations of every strategy from the same start.
    """
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
        # up to rounding moves a weight by the learning rate.
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
    """The configuration of a run that takes seconds.

    It has what is added to SAGAN, so that resuming has more to keep.
    """
    return Config(
        dataset="digits",
        image_size=32,
        base_channels=2,
        latent_dim=8,
        attention_resolutions=(16,),
        batch_size=8,
        steps=4,
        ema_decay=0.9,
        augmentations=("color", "translation", "cutout"),
        lecam_weight=0.1,
        mode_seeking_weight=0.1,
        horizontal_flip=True,
        log_every_steps=2,
        sample_every_steps=2,
        checkpoint_every_steps=2,
        eval_images=20,
        extractor="classifier",
    )


def _weights(gan):
    optimizers = (gan.generator_optimizer, gan.discriminator_optimizer)
    variables = [*gan.variables, *(v for o in optimizers for v in o.variables)]
    return {
        f"{index} {variable.path}": variable.value.numpy()
        for index, variable in enumerate(variables)
    }


@pytest.fixture(scope="session")
def weights_of():
    """Reads all variables of a SAGAN and its optimizers, by name."""
    return _weights


@pytest.fixture(scope="session")
def finished_run(small_run, tmp_path_factory):
    """A finished run with evaluations: config, workdir, weights.

    Tests must not change it; `run_copy` is a copy. The processes of
    pytest-xdist share it: the first one trains.
    """
    config = dataclasses.replace(small_run, eval_every_steps=2)
    directory = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        directory = directory.parent
    workdir, weights = directory / "run", directory / "weights.npz"
    with open(directory / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not weights.exists():
            gan = training.train(config, workdir)
            np.savez(weights, **_weights(gan))
    return config, workdir, dict(np.load(weights))


@pytest.fixture
def run_copy(finished_run, tmp_path):
    """A copy of the finished run: config, workdir."""
    config, workdir, _ = finished_run
    shutil.copytree(workdir, tmp_path / "copy")
    return dataclasses.replace(config), tmp_path / "copy"


@pytest.fixture
def black_images():
    """Stands for the function that `image_function` returns."""
    return lambda latents, _: tf.zeros((len(latents), 8, 8, 3), tf.uint8)


@pytest.fixture(scope="session")
def assert_close():
    """Compares uint8 images, which may differ by rounding."""

    def check(images, expected):
        difference = np.abs(np.array(images, int) - np.array(expected, int))
        assert difference.max() <= 1

    return check


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
        # TensorFlow's reader may still hold a file.
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
    """Reads the variables in the checkpoint of a step, by name."""
    return _variables


@pytest.fixture(scope="session")
def tensorboard_events():
    """Reads TensorBoard's values of a run, except the speed."""
    return _events


@pytest.fixture
def script(monkeypatch, capfd):
    """Runs a script in this process; returns its exit code and stderr.

    The script of a console command is its module's path.
    """

    def forget_flags():
        # Flags are global, and other scripts have some of the same names.
        for name in set(flags.FLAGS):
            module = flags.FLAGS.find_module_defining_flag(name)
            if name.startswith("config.") or not module.startswith("absl."):
                delattr(flags.FLAGS, name)
        flags.FLAGS.unparse_flags()

    def run(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        forget_flags()
        try:
            runpy.run_path(str(ROOT / name), run_name="__main__")
            code = 0
        except SystemExit as error:
            code = error.code or 0
            if isinstance(code, str):
                print(code, file=sys.stderr)
                code = 1
        finally:
            forget_flags()
        return code, capfd.readouterr().err

    monkeypatch.chdir(ROOT)
    return run
