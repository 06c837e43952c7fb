"""Tests of compiling, fitting and saving a model of two networks."""

import keras
import numpy as np
import pytest
import tensorflow as tf


def _values(weights):
    return [np.array(weight) for weight in weights]


def _distance(first, second):
    return max(np.abs(a - b).max() for a, b in zip(first, second, strict=True))


def test_fit_gives_means_over_the_epoch(gan_factory, batch):
    images, labels = (np.concatenate([array] * 2) for array in batch)
    gan = gan_factory()
    seen = []

    class Recorder(keras.callbacks.Callback):
        def on_train_batch_end(self, index, logs=None):
            seen.append(logs["discriminator_loss"])

    history = gan.fit(
        images, labels, batch_size=8, verbose=0, callbacks=[Recorder()]
    )
    assert len(seen) == 2 and seen[0] != seen[1]
    assert history.history["discriminator_loss"] == [seen[1]]


@pytest.mark.slow
def test_saved_whole(gan_factory, batch, tmp_path):
    gan = gan_factory(ema_decay=0.9, loss="non_saturating")
    gan.fit(*batch, batch_size=8, verbose=0)
    gan.save(tmp_path / "gan.keras")
    loaded = keras.models.load_model(tmp_path / "gan.keras")
    for model in (gan, loaded):
        model.fit(*batch, batch_size=8, verbose=0)
    assert int(loaded.step.numpy()) == 2
    assert _distance(gan.get_weights(), loaded.get_weights()) == 0


@pytest.mark.slow
def test_jit_compile(gan_factory, batch):
    gan = gan_factory(compiled=False)
    gan.compile(
        keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3),
        jit_compile=True,
    )  # fmt: skip
    history = gan.fit(*batch, batch_size=8, verbose=0)
    assert np.isfinite(history.history["generator_loss"]).all()


def test_one_optimizer_for_both(gan_factory):
    optimizer = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="must be two objects"):
        gan_factory(compiled=False).compile(optimizer, optimizer)


def test_each_optimizer_has_its_own_rate(gan_factory, batch):
    gan = gan_factory(compiled=False)
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.1))
    generator = _values(gan.generator.trainable_weights)
    discriminator = _values(gan.discriminator.trainable_weights)
    gan.train_step(tuple(map(tf.constant, batch)))
    assert _distance(generator, gan.generator.trainable_weights) == 0
    assert _distance(discriminator, gan.discriminator.trainable_weights) > 0
