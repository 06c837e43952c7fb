"""Tests of the import of tensorflow-gan's metrics."""

import importlib
import sys

import numpy as np

from sagan_tf import evaluation


def test_no_module_of_tensorflow_gan_is_left():
    evaluation.frechet_distance(np.eye(4), np.eye(4))
    assert not [name for name in sys.modules if "tensorflow_gan" in name[:14]]
    assert importlib.util.find_spec("tensorflow_gan").origin.endswith(
        "__init__.py"
    )
