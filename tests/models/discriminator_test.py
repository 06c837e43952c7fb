"""Tests of build_discriminator."""

import keras
import numpy as np
import pytest

from sagan_tf import models


def test_auxiliary_classifier(random):
    arguments = {
        "image_size": 32,
        "base_channels": 2,
        "attention_resolutions": (),
        "conditioning": "auxiliary_classifier",
    }
    network = models.build_discriminator(num_classes=3, **arguments)
    logits, class_logits = network(np.zeros((2, 32, 32, 3), "float32"))
    assert logits.shape == (2, 1) and class_logits.shape == (2, 3)
    names = [layer.name for layer in network.layers]
    assert "embedding" not in names
    unconditional = models.build_discriminator(num_classes=None, **arguments)
    assert len(unconditional.outputs) == len(unconditional.inputs) == 1


def test_discriminator_has_no_batch_statistics(random):
    """Each image's logit in training is the same alone and in a batch."""
    model = models.build_discriminator(32, 4, 3, attention_resolutions=(16,))
    weights = model.get_weights()
    images = random.uniform(-1, 1, (3, 32, 32, 3)).astype("float32")
    labels = np.array([0, 1, 2])
    together = model([images, labels], training=True)
    for index in range(3):
        alone = slice(index, index + 1)
        model.set_weights(weights)
        logit = model([images[alone], labels[alone]], training=True)
        np.testing.assert_allclose(logit, together[alone], atol=1e-5)


def test_projection_and_sum_pooling(random):
    """The logit from the features before the head, by the definition."""
    model = models.build_discriminator(
        32, 4, 3, attention_resolutions=(16,), spectral_normalization=False
    )
    images = random.uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    labels = np.array([2, 0])
    last = [
        layer for layer in model.layers if isinstance(layer, keras.layers.ReLU)
    ][-1]
    features = np.array(
        keras.Model(model.inputs, last.output)([images, labels])
    ).sum((1, 2))
    weight, bias = model.get_layer("linear").get_weights()
    (table,) = model.get_layer("embedding").get_weights()
    expected = features @ weight + bias
    expected += (features * table[labels]).sum(-1, keepdims=True)
    np.testing.assert_allclose(
        model([images, labels]), expected, rtol=1e-4, atol=1e-5
    )


def test_bad_conditioning():
    with pytest.raises(ValueError, match="`conditioning` must be one of"):
        models.build_discriminator(conditioning="concatenation")
