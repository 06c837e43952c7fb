"""Batch statistics of generated images, in place of the moving ones."""

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

    They are the means, over `batches` batches of 64 generated images, of the
    batch's mean and variance. Moving ones are of the weights of the last
    thousands of steps; these are of the weights as they are.

    Args:
        generator: `keras.Model`, as `build_generator` makes; it is not
            changed.
        num_classes: Integer; 0 for no labels.
        batches: Integer.
        seed: Integer.
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
        # Those of an averaged generator are not, and would take no statistics.
        layer.trainable = True
    for index in range(batches):
        for layer in normalizations:
            # A mean so far, not a moving one.
            layer.momentum = index / (index + 1)
        latents, labels = draw_inputs(
            generator.inputs[0].shape[-1],
            num_classes,
            BATCH_SIZE,
            (seed, index + 1),
            truncation,
        )
        copy(latents if labels is None else [latents, labels], training=True)
    # Training also moves the vectors of spectral normalization.
    standing = {
        id(variable)
        for layer in normalizations
        for variable in layer.non_trainable_variables
    }
    for variable, weight in zip(copy.weights, weights, strict=True):
        if id(variable) not in standing:
            variable.assign(weight)
    return copy
