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


def draw_update(latent_dim, num_classes, numbers, sizes, seed):
    """Draws what one replica needs for one update of training.

    All replicas draw those of the global batch, so they do not depend on the
    number of replicas.

    Args:
        latent_dim, num_classes, seed: See `draw_inputs`.
        numbers: Integer, how many uniform numbers an example needs.
        sizes: `batches.Sizes`, how many examples each replica has.

    Returns:
        List of this replica's latents and labels, as `draw_inputs` draws them,
        and unless `numbers` is 0 float32 (size, numbers) in [0, 1).
    """
    drawn = [*draw_inputs(latent_dim, num_classes, sizes.total, seed)]
    if numbers:
        shape = [sizes.total, numbers]
        seed = tf.random.fold_in(seed, 1)
        drawn.append(tf.random.stateless_uniform(shape, seed))
    return [sizes.slice_own(each) for each in drawn]


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
