"""Tests of the classifier of digits."""

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


def test_corrupt_file_is_trained_again(monkeypatch, tmp_path):
    fits = []

    def fit(model, *args, **kwargs):
        fits.append(model)
        # Keras warns if it loads an optimizer that was never built.
        model.optimizer.build(model.trainable_variables)

    monkeypatch.setattr(keras.Sequential, "fit", fit)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    path = tmp_path / "sagan_tf" / "digits_classifier_v1.keras"
    path.parent.mkdir()
    path.write_bytes(b"no model")
    first = classifiers.digits_classifier()
    assert len(fits) == 1
    # The second time, the file is loaded.
    assert classifiers.digits_classifier().sha256 == first.sha256
    assert len(fits) == 1
    assert [file.name for file in path.parent.iterdir()] == [path.name]
