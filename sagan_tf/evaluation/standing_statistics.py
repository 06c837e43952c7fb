"""Statistics of batch normalization from generated images."""

import keras

from sagan_tf.latents import draw_inputs
from sagan_tf.layers import ConditionalBatchNormalization

_NORMALIZATIONS = (
    keras.layers.BatchNormalization,
    ConditionalBatchNormalization,
)
BATCH_SIZE = 64


def with_standing_statistics(
    generator, num_classes, batches, seed, truncation=0.0
):
    """Copies a generator, with "standing" statistics of batch normalization.

    The mean and variance of each batch normalization become the averages,
    over `batches` batches of 64 generated images, of the batch's mean and
    variance. Moving averages belong to the weights of the last thousands of
    steps; standing statistics belong to the present weights.

    Args:
        generator: `keras.Model`, as `build_generator` makes. It is not
            changed.
        num_classes: Integer, or None for no labels.
        batches: Integer, number of batches.
        seed: Integer, seed of latents and labels.
        truncation: As in `draw_inputs`.

    Returns:
        A `keras.Model`.

    Reference:
        - Brock et al., https://arxiv.org/abs/1809.11096, section 4; StudioGAN
          calls it `standing_statistics`.
    """
    copy = keras.models.clone_model(generator)
    weights = generator.get_weights()
    copy.set_weights(weights)
    normalizations = [
        layer for layer in copy.layers if isinstance(layer, _NORMALIZATIONS)
    ]
    for layer in normalizations:
        # Layers of an averaged generator are frozen: they would not update
        # their statistics.
        layer.trainable = True
    for index in range(batches):
        for layer in normalizations:
            # The mean of all batches so far.
            layer.momentum = index / (index + 1)
        latents, labels = draw_inputs(
            generator.inputs[0].shape[-1],
            num_classes,
            BATCH_SIZE,
            (seed, index + 1),
            truncation,
        )
        copy(latents if labels is None else [latents, labels], training=True)
    # The calls moved the `u` of spectral normalization too.
    standing = {
        id(variable)
        for layer in normalizations
        for variable in layer.non_trainable_variables
    }
    for variable, weight in zip(copy.weights, weights, strict=True):
        if id(variable) not in standing:
            variable.assign(weight)
    return copy
