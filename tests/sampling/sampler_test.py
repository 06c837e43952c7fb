"""Tests of `Sampler`."""

import numpy as np
import pytest

from sagan_tf import models
from sagan_tf.sampling import Sampler
from sagan_tf.sampling.networks import BakedGenerator


def test_grid_without_classes(unconditional_sampler):
    grid, images = unconditional_sampler.grid(list(range(12)))
    assert len(images) == 12 and grid.shape == (64, 320, 3)
    assert (grid[32:, 64:] == 255).all()


def test_progress_counts_images(sampler):
    counts = []
    latents = sampler.latents(range(20))
    sampler.images(latents, np.zeros(20), counts.append)
    assert counts == [16, 20]


def test_update_takes_over_the_weights(generator):
    sampler = Sampler.of_generator(generator)
    latents = sampler.latents([1])
    before = sampler.images(latents, [0])
    bias = generator.get_layer("convolution").layer.bias
    old = bias.numpy()
    bias.assign(old + 3)
    try:
        np.testing.assert_array_equal(sampler.images(latents, [0]), before)
        sampler.update()
        assert np.any(sampler.images(latents, [0]) != before)
    finally:
        bias.assign(old)


def test_no_attention_to_show():
    generator = models.build_generator(32, 2, 3, 8, attention_resolutions=())
    sampler = Sampler.of_generator(generator)
    assert not sampler.has_attention
    with pytest.raises(ValueError, match="has no self-attention"):
        sampler.attention(sampler.latents([0]), [0])


def test_a_saved_model_draws_the_same(sampler, saved_sampler, assert_close):
    latents, labels = sampler.latents([3, 4]), [1, 2]
    assert_close(
        saved_sampler.images(latents, labels), sampler.images(latents, labels)
    )
    (scores, grid), (saved_scores, saved_grid) = (
        source.attention(latents, labels)["attention16"]
        for source in (sampler, saved_sampler)
    )
    np.testing.assert_allclose(saved_scores, scores, atol=1e-5)
    assert tuple(saved_grid) == tuple(grid) == (16, 16)
    assert saved_sampler.num_classes == sampler.num_classes == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either `workdir` or `saved_model`"),
        ({"workdir": "x", "saved_model": "x"}, "either `workdir` or"),
        ({"workdir": "x"}, "`workdir` x has no run"),
        ({"saved_model": "x"}, "`saved_model` must be .* saved_model=x"),
    ],
)
def test_nothing_to_load(arguments, message):
    with pytest.raises(ValueError, match=message):
        Sampler.load(**arguments)


def test_steps(workdir):
    sampler = Sampler.load(workdir, step=5)
    assert sampler.origin == {"workdir": str(workdir), "step": "5"}
    with pytest.raises(ValueError, match="has no checkpoint of step 7"):
        Sampler.load(workdir, step=7)


def test_names_of_other_classes_are_not_used(generator):
    sampler = Sampler(BakedGenerator(generator), class_names=("cat", "dog"))
    assert sampler.class_names == []


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "float32"])
def test_labels_of_any_type_and_of_a_column(sampler, dtype):
    latents = sampler.latents([3, 4])
    expected = sampler.images(latents, [1, 2])
    for labels in (np.array([1, 2], dtype), np.array([[1], [2]], dtype)):
        np.testing.assert_array_equal(sampler.images(latents, labels), expected)


@pytest.mark.parametrize("source", ["sampler", "saved_sampler"])
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 2.5], "whole numbers in"),
        ([0, 3], r"whole numbers in \[0, 3\)"),
        ([-1, 0], "whole numbers in"),
        ([[1, 0, 0], [0, 1, 0]], "one-hot"),
        ([0], " 2 classes, one for each"),
        (None, " 2 classes, one for each"),
    ],
)
def test_labels_that_are_no_classes(request, source, labels, message):
    sampler = request.getfixturevalue(source)
    with pytest.raises(ValueError, match=f"`labels` must be.*{message}"):
        sampler.images(sampler.latents([3, 4]), labels)
