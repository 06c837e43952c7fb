"""Tests of attention maps."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import data
from sagan_tf.images import to_float
from sagan_tf.sampling import attention_maps
from sagan_tf.workdir import load_discriminator


def test_attention_map_is_where_the_scores_are():
    scores = np.zeros((256, 64), "float32")
    # The query in row 3, column 5 attends to the pool in row 2, column 6.
    scores[3 * 16 + 5, 2 * 8 + 6] = 1
    found = attention_maps.attention_map(scores, (3, 5), (16, 16), (32, 32))
    assert found.max() == 1
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 8 <= row < 12 and 24 <= column < 28


def test_chosen_queries_are_on_edges_and_apart():
    image = np.zeros((32, 32, 3), "uint8")
    image[8:24, 8:24] = 255
    points = attention_maps.query_points(image, (16, 16))
    assert len(set(points)) == 4
    for row, column in points:
        assert min(abs(row - e) for e in (4, 11)) <= 1 or (
            min(abs(column - e) for e in (4, 11)) <= 1
        )


def test_queries_in_pixels():
    points = attention_maps.parse_queries(["0,0", "31,16"], (32, 32), (16, 16))
    assert points == [(0, 0), (8, 15)]
    assert attention_maps.parse_queries(None, (32, 32), (16, 16)) is None
    for query in ("32,0", "0,32", "x", "-1,0"):
        with pytest.raises(ValueError, match="`query` must be x,y"):
            attention_maps.parse_queries([query], (32, 32), (16, 16))


def test_attention_of_the_discriminator(sampler, workdir, monkeypatch):
    source = data.open_source("digits")
    few = dataclasses.replace(
        source, records=source.records.map(lambda i, n: (i, n % 3))
    )
    monkeypatch.setattr(data, "open_configured", lambda config: few)
    images, found = attention_maps.discriminator_attention(sampler.run, 8)
    scores, grid = found["attention16"]
    assert len(images) == 8 and scores.shape == (8, 256, 64)
    assert tuple(grid) == (16, 16)
    discriminator, _ = load_discriminator(workdir)
    layer = discriminator.get_layer("attention16")
    before = keras.Model(discriminator.inputs, layer.input)
    features = before([to_float(images), tf.zeros(8, "int32")])
    _, expected = layer(features, return_attention_scores=True)
    np.testing.assert_allclose(scores, expected, atol=1e-5)
