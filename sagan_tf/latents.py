"""Draws of latents and labels: the one place that makes them."""

import tensorflow as tf


def draw_inputs(latent_dim, num_classes, count, seed, truncation=0.0):
    """Draws a generator's inputs: latents and uniform labels.

    The draw depends on the arguments alone, not on any global random state.

    Args:
        latent_dim: Integer, length of a latent vector.
        num_classes: Integer, or None for no labels.
        count: Integer or scalar tensor, how many to draw.
        seed: Pair of integers, or an int64 tensor (2,).
        truncation: Float of at least 0. 0 draws from the whole normal
            distribution; any other value draws from a normal distribution
            truncated at 2 standard deviations, multiplied by this value.

    Returns:
        Float32 latents (count, latent_dim), and int32 labels (count,) in
        [0, num_classes), or None without classes.

    Reference:
        - Brock et al., https://arxiv.org/abs/1809.11096, section 3.1, for
          truncation; the authors' code truncates at 2.
    """
    if truncation:
        latents = truncation * tf.random.stateless_truncated_normal(
            [count, latent_dim], seed
        )
    else:
        latents = tf.random.stateless_normal([count, latent_dim], seed)
    if num_classes is None:
        return latents, None
    labels = tf.random.stateless_uniform(
        [count], tf.random.fold_in(seed, 0), maxval=num_classes, dtype=tf.int32
    )
    return latents, labels


def latents_of_seeds(seeds, latent_dim, truncation=0.0):
    """Draws one latent vector for each seed.

    A seed gives the same vector alone and in any batch.

    Args:
        seeds: int64 (count,).
        latent_dim: Integer, length of a latent vector.
        truncation: Float or tensor, () or (count,), as in `draw_inputs`.

    Returns:
        Float32 (count, latent_dim).
    """
    truncation = tf.broadcast_to(
        tf.convert_to_tensor(truncation, tf.float32), tf.shape(seeds)
    )

    def latent(inputs):
        seed, truncation = inputs
        seed = tf.stack([seed, tf.zeros_like(seed)])
        return tf.where(
            truncation > 0,
            truncation
            * tf.random.stateless_truncated_normal([latent_dim], seed),
            tf.random.stateless_normal([latent_dim], seed),
        )

    return tf.map_fn(
        latent, (seeds, truncation), fn_output_signature=tf.float32
    )


def number_of_classes(generator, num_classes=None):
    """Returns how many classes a generator has; None if it has none.

    Args:
        generator: `keras.Model`, as `build_generator` makes, or your own.
        num_classes: Integer, the answer for a conditional generator none of
            whose layers has an attribute `num_classes`.

    Raises:
        ValueError: If the generator is conditional, no layer has the number
            and `num_classes` is None.
    """
    if len(generator.inputs) == 1:
        return None
    if num_classes is not None:
        return num_classes
    for layer in generator.layers:
        if getattr(layer, "num_classes", None):
            return layer.num_classes
    raise ValueError(
        "`num_classes` must be given for a conditional generator if none of "
        "its layers has an attribute of that name. "
        f"Received: num_classes=None, generator={generator.name}"
    )
