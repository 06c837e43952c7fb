"""A generator, an extractor and a protocol that are fast, for the digits."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from sagan_tf import Config, models
from sagan_tf.evaluation import Evaluator, Protocol
from sagan_tf.evaluation.extractors import Extractor

CONFIG = Config(
    dataset="digits",
    image_size=32,
    num_classes=10,
    latent_dim=8,
    attention_resolutions=(16,),
)
PROTOCOL = Protocol(generated_images=60, real_images=300)


@tf.function(reduce_retracing=True)
def rows_and_columns(images):
    """Returns 32 features, the mean rows, and 12 logits, from mean columns."""
    # The digits have 10 classes, so these logits do not predict them.
    means = tf.reduce_mean(images[..., 0], axis=1)
    return means, tf.reduce_mean(images[..., 0], axis=2)[:, :12]


@pytest.fixture(scope="session")
def config():
    return CONFIG


@pytest.fixture(scope="session")
def protocol():
    return PROTOCOL


@pytest.fixture(scope="session")
def make_extractor():
    def make(run=rows_and_columns, sha256="1"):
        return Extractor("means", "custom", run, sha256, ("a", "b"))

    return make


@pytest.fixture(scope="session")
def make_generator():
    """Builds a generator whose statistics and `u` have moved."""

    def make():
        keras.utils.set_random_seed(0)
        generator = models.build_generator(
            32, 2, 10, 8, attention_resolutions=(16,)
        )
        for _ in range(3):
            latents = tf.random.normal((20, 8))
            generator([latents, tf.range(20) % 10], training=True)
        return generator

    return make


@pytest.fixture(scope="module")
def generator(make_generator):
    return make_generator()


@pytest.fixture(scope="session")
def make_evaluator(make_extractor):
    """Makes an `Evaluator`, by default of the constants above."""

    def make(config=CONFIG, protocol=PROTOCOL, **options):
        options.setdefault("extractor", make_extractor())
        options.setdefault("batch_size", 25)
        return Evaluator(config, protocol, **options)

    return make


@pytest.fixture(scope="module")
def evaluator(make_evaluator):
    return make_evaluator()


@pytest.fixture(scope="module")
def result(evaluator, generator):
    """The evaluation of the generator by the protocol above."""
    return evaluator(generator)


@pytest.fixture
def pictures(random):
    """Five images of random pixels."""
    return random.integers(0, 256, (5, 8, 8, 3), np.uint8)


@pytest.fixture(scope="session")
def save_pictures():
    """Writes images as files, in a folder for each label if there are any."""

    def save(folder, pictures, labels=None):
        for index, picture in enumerate(pictures):
            name = "" if labels is None else str(labels[index])
            path = folder / name / f"{index:04}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture).save(path)

    return save


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """An empty cache directory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "sagan_tf"
