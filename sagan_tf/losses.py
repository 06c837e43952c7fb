"""Adversarial losses on logits: scalars, means over a batch.

D(x) are the logits of real images, D(G(z)) those of generated images, of any
range and any shape (batch, ...).
"""

import keras


def discriminator_hinge(real_logits, fake_logits):
    """Hinge loss of the discriminator, at least 0.

    `mean(max(0, 1 - D(x))) + mean(max(0, 1 + D(G(z))))`

    Reference:
        - Zhang et al., https://arxiv.org/abs/1805.08318, equation 4.
    """
    return keras.ops.mean(keras.ops.relu(1 - real_logits)) + keras.ops.mean(
        keras.ops.relu(1 + fake_logits)
    )


def generator_hinge(fake_logits):
    """Hinge loss of the generator, of any sign: `-mean(D(G(z)))`.

    Reference:
        - Zhang et al., https://arxiv.org/abs/1805.08318, equation 4.
    """
    return -keras.ops.mean(fake_logits)


def discriminator_non_saturating(real_logits, fake_logits):
    """Logistic loss of the discriminator, at least 0.

    `-mean(log sigmoid(D(x))) - mean(log(1 - sigmoid(D(G(z)))))`

    Reference:
        - Goodfellow et al., https://arxiv.org/abs/1406.2661, section 3.
    """
    return keras.ops.mean(keras.ops.softplus(-real_logits)) + keras.ops.mean(
        keras.ops.softplus(fake_logits)
    )


def generator_non_saturating(fake_logits):
    """Non-saturating loss of the generator, at least 0.

    `-mean(log sigmoid(D(G(z))))`

    Reference:
        - Goodfellow et al., https://arxiv.org/abs/1406.2661, section 3.
    """
    return keras.ops.mean(keras.ops.softplus(-fake_logits))


def auxiliary_classifier(class_logits, labels):
    """Cross-entropy of an auxiliary classifier, at least 0.

    `-mean(log P(C = c | x))`

    Args:
        class_logits: (batch, num_classes) logits, any range.
        labels: (batch,) integers in [0, num_classes).

    Reference:
        - Odena et al., https://arxiv.org/abs/1610.09585, equation 3, which
          adds this term for real images and for generated images.
    """
    return keras.ops.mean(
        keras.losses.sparse_categorical_crossentropy(
            labels, class_logits, from_logits=True
        )
    )


def lecam(real_logits, fake_logits, real_average, fake_average):
    """LeCam regularization of the discriminator, at least 0.

    `mean(max(0, D(x) - a_F)^2) + mean(max(0, a_R - D(G(z)))^2)`

    It keeps the logits of real and of generated images from moving apart.

    Args:
        real_logits, fake_logits: The logits of a batch.
        real_average, fake_average: Scalars a_R and a_F, moving averages of the
            mean logits of real and of generated images.

    Reference:
        - Tseng et al., https://arxiv.org/abs/2104.03310. Their code has the
          maxima, their equation 4 has not.
    """
    real = keras.ops.relu(real_logits - fake_average)
    fake = keras.ops.relu(real_average - fake_logits)
    return keras.ops.mean(keras.ops.square(real)) + keras.ops.mean(
        keras.ops.square(fake)
    )


def check_weight(name, weight):
    """Raises a `ValueError` unless the weight of a loss is at least 0."""
    if not 0 <= weight < float("inf"):
        raise ValueError(
            f"`{name}` must be at least 0, and finite. "
            f"Received: {name}={weight}"
        )


_LOSSES = {
    "hinge": (discriminator_hinge, generator_hinge),
    "non_saturating": (
        discriminator_non_saturating,
        generator_non_saturating,
    ),
}


def get(name):
    """Returns the discriminator's and the generator's loss of a name.

    Args:
        name: "hinge" or "non_saturating".

    Raises:
        ValueError: If `name` is not one of these.
    """
    if name not in _LOSSES:
        raise ValueError(
            f"`loss` must be one of {tuple(_LOSSES)}. Received: loss={name!r}"
        )
    return _LOSSES[name]
