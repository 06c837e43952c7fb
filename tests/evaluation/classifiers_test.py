"""Tests of the classifier of digits."""

import zipfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf.evaluation import classifiers


@pytest.mark.slow
def test_digits_classifier_is_good_and_cached(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = classifiers.digits_classifier()
    assert first.accuracy >= 0.97 and first.predicts_labels

    def train(*args, **kwargs):
        raise AssertionError("trained twice")

    monkeypatch.setattr(keras.Sequential, "fit", train)
    second = classifiers.digits_classifier()
    assert second.accuracy == first.accuracy
    assert second.sha256 == first.sha256
    images = tf.random.uniform((2, 32, 32, 3), -1, 1)
    features, logits = second.run(images)
    assert features.shape == (2, 64) and logits.shape == (2, 10)
    np.testing.assert_array_equal(features, first.run(images)[0])


def _corrupt(path):
    path.write_bytes(b"no model")


def _from_a_newer_keras(path):
    """Gives the layers an argument that this Keras does not know."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = parts["config.json"].decode()
    config = config.replace('"filters"', '"of_a_newer_keras": 1, "filters"')
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**parts, "config.json": config}.items():
            archive.writestr(name, content)


@pytest.mark.parametrize("spoil", [_corrupt, _from_a_newer_keras])
def test_unreadable_file_is_replaced(monkeypatch, tmp_path, caplog, spoil):
    fits = []

    def fit(model, *args, **kwargs):
        fits.append(model)
        # Keras warns if it loads an optimizer that was never built.
        model.optimizer.build(model.trainable_variables)

    monkeypatch.setattr(keras.Sequential, "fit", fit)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    first = classifiers.digits_classifier()
    path = tmp_path / "sagan_tf" / "digits_classifier_v1.keras"
    spoil(path)
    second = classifiers.digits_classifier()
    assert len(fits) == 2 and f"{path} cannot be read" in caplog.text
    # The third time, the file is loaded.
    assert classifiers.digits_classifier().sha256 == second.sha256
    assert second.sha256 == first.sha256 and len(fits) == 2
    assert [file.name for file in path.parent.iterdir()] == [path.name]
