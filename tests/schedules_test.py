"""Tests of learning rates that change."""

import keras
import numpy as np
import pytest

from sagan_tf import Config, schedules, training


def test_linear_decay():
    rate = schedules.LinearDecay(0.5, updates=100, decay_updates=20)
    steps = [0, 79, 80, 85, 99, 100, 120]
    expected = [0.5, 0.5, 0.5, 0.375, 0.025, 0, 0]
    np.testing.assert_allclose([rate(step) for step in steps], expected)
    again = keras.saving.deserialize_keras_object(
        keras.saving.serialize_keras_object(rate)
    )
    np.testing.assert_allclose([again(step) for step in steps], expected)


@pytest.mark.parametrize("decay_updates", [0, 11])
def test_out_of_range(decay_updates):
    with pytest.raises(ValueError, match="`decay_updates` must be in"):
        schedules.LinearDecay(0.5, 10, decay_updates)


def test_both_rates_end_at_zero():
    """The discriminator has several updates a step."""
    config = Config(
        image_size=32, base_channels=2, num_classes=2, latent_dim=4,
        attention_resolutions=(), steps=10, linear_decay_steps=4,
        discriminator_steps=3, generator_learning_rate=1.0,
        discriminator_learning_rate=2.0,
    )  # fmt: skip
    strategy = training.make_strategy(config)
    gan = training.build_gan(config, strategy)
    for step, share in ((6, 1), (8, 0.5), (10, 0)):
        gan.generator_optimizer.iterations.assign(step)
        gan.discriminator_optimizer.iterations.assign(3 * step)
        rates = [
            float(optimizer.learning_rate)
            for optimizer in (
                gan.generator_optimizer, gan.discriminator_optimizer,
            )
        ]  # fmt: skip
        np.testing.assert_allclose(rates, [share, 2 * share])
