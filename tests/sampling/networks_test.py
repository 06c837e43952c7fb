"""Tests of reading SavedModels."""

import json
import shutil

import pytest
import tensorflow as tf

from sagan_tf.sampling import Sampler


@pytest.fixture
def path(saved_sampler, tmp_path):
    return shutil.copytree(saved_sampler.origin["saved_model"], tmp_path / "1")


def test_the_card_says_classes_and_step(path):
    (path / "saved_model.json").write_text(
        json.dumps({"number_of_classes": 2, "step": 7})
    )
    sampler = Sampler.of_saved_model(path)
    assert sampler.num_classes == 2
    assert sampler.origin == {"saved_model": str(path), "step": "7"}


def test_without_a_card(path):
    """The SavedModel itself refuses labels that are out of range."""
    (path / "saved_model.json").unlink()
    sampler = Sampler.of_saved_model(path)
    assert sampler.images(sampler.latents([1]), [2]).shape == (1, 32, 32, 3)
    with pytest.raises(
        tf.errors.InvalidArgumentError, match="must be in .0, 3"
    ):
        sampler.images(sampler.latents([1]), [3])


@pytest.mark.parametrize("count", [None, 0])
def test_no_classes(path, count):
    """0 is what earlier versions wrote."""
    (path / "saved_model.json").write_text(
        json.dumps({"number_of_classes": count, "step": 7})
    )
    assert Sampler.of_saved_model(path).num_classes is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"number_of_classes": "x"}'])
def test_card_of_something_else(path, text):
    (path / "saved_model.json").write_text(text)
    with pytest.raises(ValueError, match="saved_model.json"):
        Sampler.of_saved_model(path)
