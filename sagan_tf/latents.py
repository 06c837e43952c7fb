"""Draws of latents and labels: the one place that makes them."""

import tensorflow as tf


def draw_inputs(latent_dim, num_classes, count, seed, truncation=0.0):
    """Draws latents and uniform labels from `seed` alone.

    Args:
        latent_dim: Integer, length of a latent vector.
        num_classes: Integer; 0 for no labels.
        count: Integer, how many.
        seed: Pair of integers.
        truncation: Float; latents are normal within 2 standard deviations,
            times this. 0: the whole normal distribution.

    Returns:
        Float32 latents (count, latent_dim), and int32 labels (count,) in
        [0, num_classes) or None.

    Reference:
        - Brock et al., https://arxiv.org/abs/1809.11096, section 3.1, for the
          truncation; their code truncates at 2.
    """
    if truncation:
        latents = truncation * tf.random.stateless_truncated_normal(
            [count, latent_dim], seed
        )
    else:
        latents = tf.random.stateless_normal([count, latent_dim], seed)
    if not num_classes:
        return latents, None
    labels = tf.random.stateless_uniform(
        [count], tf.random.fold_in(seed, 0), maxval=num_classes, dtype=tf.int32
    )
    return latents, labels


def latents_of_seeds(seeds, latent_dim, truncation=0.0):
    """Draws a latent vector for each seed, the same in any batch.

    Args:
        seeds: int64 (count,).
        latent_dim: Integer, length of a latent vector.
        truncation: Float or scalar tensor, as in `draw_inputs`.

    Returns:
        Float32 (count, latent_dim).
    """
    truncation = tf.convert_to_tensor(truncation, tf.float32)

    def latent(seed):
        seed = tf.stack([seed, tf.zeros_like(seed)])
        return tf.where(
            truncation > 0,
            truncation
            * tf.random.stateless_truncated_normal([latent_dim], seed),
            tf.random.stateless_normal([latent_dim], seed),
        )

    return tf.map_fn(latent, seeds, fn_output_signature=tf.float32)


def number_of_classes(generator, num_classes=None):
    """Finds how many classes `generator` has; None if unconditional."""
    if len(generator.inputs) == 1:
        return None
    if num_classes is not None:
        return num_classes
    for layer in generator.layers:
        if getattr(layer, "num_classes", None):
            return layer.num_classes
    raise ValueError(
        "`num_classes` must be given for a conditional generator without a "
        f"layer that has it. Received: num_classes=None, {generator.name}"
    )
