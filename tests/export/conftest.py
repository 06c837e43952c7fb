"""A generator, its export, and inputs, which the tests share."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf.export import export_generator
from sagan_tf.latents import draw_inputs

SIGNATURES = (
    "serving_default",
    "images_float",
    "png",
    "from_seed",
    "from_seed_truncated",
    "attention",
)


@pytest.fixture(params=SIGNATURES)
def signature(request):
    """The name of each signature."""
    return request.param


@pytest.fixture
def assert_equal_outputs(assert_close):
    """Compares the outputs of a signature with tensors, each by its kind."""

    def check(found, expected, atol=1e-4):
        assert found.keys() == expected.keys()
        for name, value in expected.items():
            value = value.numpy()
            if value.dtype == np.uint8:
                assert_close(found[name], value)
            elif value.dtype.kind == "f":
                np.testing.assert_allclose(found[name], value, atol=atol)
            elif name == "image_bytes":
                for ours, theirs in zip(found[name], value, strict=True):
                    assert_close(
                        tf.io.decode_png(ours), tf.io.decode_png(theirs)
                    )
            else:
                np.testing.assert_array_equal(found[name], value)

    return check


@pytest.fixture(scope="session")
def generator(gan_factory):
    """A generator whose gates, statistics, gains and biases are not initial."""
    keras.utils.set_random_seed(0)
    generator = gan_factory(3, compiled=False).generator
    random = np.random.default_rng(0)
    for variable in generator.variables:
        if variable.path.endswith("/u"):
            continue
        noise = random.normal(0, 0.2, variable.shape)
        positive = "variance" in variable.path
        variable.assign(
            np.abs(variable + noise) if positive else variable + noise
        )
    return generator


@pytest.fixture(scope="session")
def exported(generator, tmp_path_factory):
    """The directory of its SavedModel."""
    path = tmp_path_factory.mktemp("model") / "1"
    export_generator(generator, path, card={"step": 7})
    return path


@pytest.fixture(scope="session")
def served(exported):
    """The signatures of the SavedModel."""
    return tf.saved_model.load(exported).signatures


@pytest.fixture(scope="session")
def inputs():
    """Makes `count` latents and labels, by name."""

    def make(count=5):
        latents, labels = draw_inputs(8, 3, count, (0, 0))
        return {"latents": latents, "labels": labels}

    return make


@pytest.fixture(scope="session")
def inputs_by_signature(inputs):
    """Makes the inputs of each signature."""

    def make(count):
        seeded = {
            "seeds": tf.range(count, dtype=tf.int64),
            "labels": inputs(count)["labels"],
        }
        truncation = {"truncation": tf.linspace(0.0, 0.9, count)}
        special = {
            "from_seed": seeded,
            "from_seed_truncated": {**seeded, **truncation},
        }
        return {name: special.get(name, inputs(count)) for name in SIGNATURES}

    return make
