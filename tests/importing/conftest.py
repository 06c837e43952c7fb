"""The golden tensors of the three programs; tests/golden says what they are."""

import pathlib

import numpy as np
import pytest
from authors_variables import save_checkpoint

from sagan_tf.importing import import_mmgeneration, import_studiogan

GOLDEN = pathlib.Path(__file__).parents[1] / "golden"


def _parts(name):
    """Returns the arrays of a file as a dictionary for each prefix."""
    parts = {}
    for key, array in np.load(GOLDEN / name).items():
        part, key = key.split("/", 1)
        parts.setdefault(part, {})[key] = array
    return parts


@pytest.fixture(scope="session")
def authors():
    """A dictionary: variables, inputs, outputs, gradients, later state."""
    return dict(np.load(GOLDEN / "authors_feat32.npz"))


@pytest.fixture(scope="session")
def authors_variables(authors):
    return {
        name.removeprefix("var/"): array
        for name, array in authors.items()
        if name.startswith("var/")
    }


@pytest.fixture(scope="session")
def authors_checkpoint(authors_variables, tmp_path_factory):
    """The prefix of a checkpoint of TensorFlow 1 at step 1000."""
    folder = tmp_path_factory.mktemp("authors")
    return save_checkpoint(authors_variables, folder, 1000)


@pytest.fixture(scope="session")
def studiogan():
    """State of the generator, state of the discriminator, inputs, outputs."""
    parts = _parts("studiogan_cifar10.npz")
    names = ("studiogan_sagan_cifar10_G", "studiogan_sagan_cifar10_D", "io")
    return [parts[name] for name in names]


@pytest.fixture(scope="session")
def studiogan_networks(studiogan):
    return import_studiogan(*studiogan[:2])


@pytest.fixture(scope="session")
def mmgeneration_golden():
    """State of both networks, and inputs with outputs."""
    parts = _parts("mmgeneration_imagenet128.npz")
    return [parts[name] for name in ("mmgen_sagan_imagenet128", "io")]


@pytest.fixture(scope="session")
def mmgeneration_networks(mmgeneration_golden):
    return import_mmgeneration(mmgeneration_golden[0])


@pytest.fixture(scope="session")
def assert_golden():
    """Compares images and logits with a program's.

    `bgr` says that the program's images have blue first.
    """

    def check(networks, io, bgr=False):
        generator, discriminator = networks
        order = slice(None, None, -1) if bgr else slice(None)
        labels = io["labels"].astype("int32")
        images = generator([io["z"], labels])
        np.testing.assert_allclose(
            np.array(images)[..., order], io["generated_nhwc"], atol=1e-4
        )
        for inputs, logits in (
            ("images_nhwc", "real_logits"),
            ("generated_nhwc", "fake_logits"),
        ):
            images = np.ascontiguousarray(io[inputs][..., order])
            found = discriminator([images, labels])
            np.testing.assert_allclose(
                np.ravel(found), np.ravel(io[logits]), atol=1e-3, err_msg=logits
            )

    return check
