"""Tests of what is added to SAGAN's step for few images."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import augmentation, diversity, losses
from sagan_tf.batches import Sizes


def test_discriminator_sees_augmented_images(gan_factory, batch):
    """Real and generated ones, each with its own change."""
    images, labels = map(tf.constant, batch)
    policies = ("color", "translation", "cutout")
    gan, twin = (gan_factory(seed=5, augmentations=policies) for _ in "ab")
    twin.set_weights(gan.get_weights())
    # The optimizers stand still, so that both updates see the same weights.
    gan.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    logs = gan.train_step((images, labels))
    latents, fake_labels, numbers = twin.draw(Sizes(8, [8]), 0)
    assert numbers.shape == (8, 14)
    fakes = twin.generator([latents, fake_labels], training=True)
    # Real images first, fake ones with the same `u` after.
    real, fake = (
        twin.discriminator(
            [augmentation.augment_with(seen, policies, drawn), classes],
            training=training,
        )
        for seen, drawn, classes, training in (
            (images, numbers[:, :7], labels, False),
            (fakes, numbers[:, 7:], fake_labels, True),
        )
    )
    np.testing.assert_allclose(
        logs["discriminator_loss"],
        losses.discriminator_hinge(real, fake),
        rtol=1e-5,
    )
    latents, fake_labels, numbers = twin.draw(Sizes(8, [8]), 1)
    assert numbers.shape == (8, 7)
    fakes = twin.generator([latents, fake_labels], training=True)
    fakes = augmentation.augment_with(fakes, policies, numbers)
    logits = twin.discriminator([fakes, fake_labels], training=False)
    np.testing.assert_allclose(
        logs["generator_loss"], losses.generator_hinge(logits), rtol=1e-4
    )


def test_augmentation_leaves_other_draws_alone(gan_factory):
    plain = gan_factory(compiled=False, seed=3)
    augmented = gan_factory(compiled=False, seed=3, augmentations=("cutout",))
    for update in range(2):
        expected = plain.draw(Sizes(8, [8]), update)
        *found, numbers = augmented.draw(Sizes(8, [8]), update)
        for one, other in zip(expected, found, strict=True):
            np.testing.assert_array_equal(one, other)
        assert len(np.unique(numbers)) == np.size(numbers)


def test_lecam_joins_the_discriminators_loss(gan_factory, batch):
    images, labels = map(tf.constant, batch)
    gan, twin = (gan_factory(seed=5, lecam_weight=w) for w in (0.3, 0.0))
    for name in ("generator", "discriminator"):
        weights = getattr(gan, name).get_weights()
        getattr(twin, name).set_weights(weights)
    assert list(gan.averages) == ["real_logits", "fake_logits"]
    for average, value in zip(gan.averages.values(), (0.2, -0.1), strict=True):
        average.assign(value)
    assert not twin.averages
    latents, fake_labels = twin.draw(Sizes(8, [8]), 0)
    fakes = twin.generator([latents, fake_labels], training=True)
    real = twin.discriminator([images, labels], training=False)
    fake = twin.discriminator([fakes, fake_labels], training=True)
    logs = gan.train_step((images, labels))
    np.testing.assert_allclose(
        logs["discriminator_loss"],
        losses.discriminator_hinge(real, fake)
        + 0.3 * losses.lecam(real, fake, 0.2, -0.1),
        rtol=1e-5,
    )
    # The first decay is 1 / 10, the second 2 / 11.
    averages = [0.02 + 0.9 * np.mean(real), -0.01 + 0.9 * np.mean(fake)]
    np.testing.assert_allclose(list(gan.averages.values()), averages, rtol=1e-4)
    gan.reset_metrics()
    logs = gan.train_step((images, labels))
    averages = [
        2 / 11 * average + 9 / 11 * float(logs[name])
        for average, name in zip(
            averages, ("real_logits", "fake_logits"), strict=True
        )
    ]
    np.testing.assert_allclose(list(gan.averages.values()), averages, rtol=1e-4)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("lecam_weight", -0.1),
        ("lecam_weight", float("inf")),
        ("lecam_weight", float("nan")),
        ("mode_seeking_weight", -0.1),
        ("augmentations", ("blur",)),
        ("augmentations", "cutout"),
    ],
)
def test_additions_out_of_range(gan_factory, argument, value):
    with pytest.raises(ValueError, match=f"`{argument}` must be"):
        gan_factory(compiled=False, **{argument: value})


def test_mode_seeking_joins_the_generators_loss(gan_factory, batch):
    images, labels = map(tf.constant, batch)
    gan, twin = (gan_factory(seed=5, mode_seeking_weight=w) for w in (0.3, 0.0))
    assert list(gan.averages) == ["real_distances", "real_pairs"]
    for each in (gan, twin):
        # The optimizers stand still, so that both updates see equal weights.
        each.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.0))
    for name in ("generator", "discriminator"):
        weights = getattr(gan, name).get_weights()
        getattr(twin, name).set_weights(weights)
    plain = twin.train_step((images, labels))
    logs = gan.train_step((images, labels))
    total, pairs = diversity.distances_within_classes(images, labels)
    # The first decay is 1 / 10.
    found = [float(average) for average in gan.averages.values()]
    np.testing.assert_allclose(found, [0.9 * total, 0.9 * pairs], rtol=1e-5)
    latents, fake_labels = twin.draw(Sizes(8, [8]), 1)
    fakes = twin.generator([latents, fake_labels], training=True)
    # The average was 0 when the generator was updated.
    assert float(logs["generator_loss"]) == float(plain["generator_loss"])
    found = []
    for each in (gan, twin):
        each.reset_metrics()
        each.step.assign(0)
        found.append(each.train_step((images, labels))["generator_loss"])
    expected = diversity.mode_seeking(fakes, fake_labels, total / pairs)
    assert expected > 0.1
    # Meanwhile the vectors `u` of the generator have moved a little.
    np.testing.assert_allclose(found[0] - found[1], 0.3 * expected, rtol=0.15)
