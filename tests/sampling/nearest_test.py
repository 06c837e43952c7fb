"""Tests of finding the nearest real images."""

import dataclasses

import numpy as np
import tensorflow as tf

from sagan_tf import data
from sagan_tf.evaluation.extractors import Extractor
from sagan_tf.sampling.nearest import nearest_images


def test_nearest_of_real_images_are_themselves(monkeypatch, tmp_path, sampler):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    @tf.function
    def run(images):
        return tf.reshape(images[..., 0], (tf.shape(images)[0], -1)), images[
            :, 0, :, 0
        ]

    monkeypatch.setattr(
        "sagan_tf.evaluation.inception_network.inception",
        lambda path: Extractor("pixels", "inception", run, "1", ("a", "b")),
    )
    config = dataclasses.replace(sampler.run.config, num_classes=10)
    dataset = data.ordered_dataset(data.open_source("digits"), 32, 4)
    images, _, _ = next(iter(dataset.skip(50)))
    found, distances = nearest_images(images.numpy(), config, count=3)
    assert found.shape == (4, 3, 32, 32, 3)
    np.testing.assert_array_equal(found[:, 0], images)
    np.testing.assert_allclose(distances[:, 0], 0, atol=1e-4)
    assert (np.diff(distances, axis=1) > 0).all()
