"""A small trained-looking generator, as a run and as a SavedModel."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from sagan_tf import Config, models
from sagan_tf.export import export_generator
from sagan_tf.images import to_uint8
from sagan_tf.latents import latents_of_seeds
from sagan_tf.sampling import Sampler
from sagan_tf.workdir import Workdir

CONFIG = Config(
    dataset="digits", image_size=32, base_channels=2, num_classes=3,
    latent_dim=8, attention_resolutions=(16,),
)  # fmt: skip


def _generator(num_classes):
    keras.utils.set_random_seed(1)
    generator = models.build_generator(
        32, 2, num_classes, 8, attention_resolutions=(16,)
    )
    random = np.random.default_rng(0)
    for variable in generator.trainable_variables:
        variable.assign(variable + random.normal(0, 0.3, variable.shape))
    return generator


@pytest.fixture(scope="session")
def generator():
    return _generator(3)


@pytest.fixture(scope="session")
def workdir(generator, tmp_path_factory):
    """A run at step 5, with a generator and a discriminator."""
    workdir = Workdir(tmp_path_factory.mktemp("sampling") / "run")
    workdir.claim(CONFIG, ("cat", "dog", "owl"))
    discriminator = models.build_discriminator(
        32, 2, 3, attention_resolutions=(16,)
    )
    checkpoint = tf.train.Checkpoint(
        generator=generator, discriminator=discriminator
    )
    tf.train.CheckpointManager(checkpoint, str(workdir.checkpoints), 1).save(
        checkpoint_number=5
    )
    return workdir.path


@pytest.fixture(scope="session")
def sampler(workdir):
    return Sampler.of_workdir(workdir)


@pytest.fixture(scope="session")
def saved_sampler(generator, tmp_path_factory):
    """Draws from a SavedModel of the same generator."""
    path = tmp_path_factory.mktemp("sampling") / "1"
    export_generator(
        generator,
        path,
        {
            "number_of_classes": 3,
            "step": 5,
            "class_names": ["cat", "dog", "owl"],
        },
    )
    return Sampler.of_saved_model(path)


@pytest.fixture(scope="session")
def unconditional_sampler():
    return Sampler.of_generator(_generator(None))


@pytest.fixture(scope="session")
def expected(generator):
    """Draws one image by the generator itself."""

    def draw(seed, label, truncation=0.0):
        latents = latents_of_seeds(tf.constant([seed], tf.int64), 8, truncation)
        return to_uint8(generator([latents, tf.constant([label])]))[0]

    return draw


@pytest.fixture(scope="session")
def pixels():
    """Reads an image file as an array."""

    def read(path):
        with Image.open(path) as image:
            return np.array(image)

    return read
