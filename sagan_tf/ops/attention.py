"""Attention that holds a block of its scores in memory, never all of them."""

import keras

# Blocks of scores smaller than this are slower, and save little.
_LEAST_SCORES = 2**20
# More blocks than that keep no more memory free.
_MOST_BLOCKS = 64


def attend(queries, keys, values):
    """Computes `softmax(queries keys^T) values`, block by block if large.

    A block is a few images, or some queries of one image. The gradient
    computes the scores again. Where there are few scores, or the sizes are
    not known, it is the plain computation; so it is in float16, whose range
    the gradient needs in float32, and on backends other than TensorFlow and
    JAX. JAX's forward mode (`jvp`) cannot go through blocks.

    Args:
        queries: (batch, positions, key channels), floating point.
        keys: (batch, keys, key channels).
        values: (batch, keys, value channels).

    Returns:
        (batch, positions, value channels).
    """
    batch, positions = queries.shape[:2]
    block = _block(batch, positions, keys.shape[1])
    if (
        block is None
        or keras.backend.standardize_dtype(queries.dtype) == "float16"
        or keras.config.backend() not in ("tensorflow", "jax")
    ):
        return attend_at_once(queries, keys, values)[0]
    return _in_blocks(*block)(queries, keys, values)


def attend_at_once(queries, keys, values):
    """Returns what `attend` returns, and the scores.

    The tensors may have more leading axes.
    """
    scores = _scores(queries, keys)
    return keras.ops.matmul(scores, values), scores


def _scores(queries, keys):
    # Softmax over thousands of positions needs float32's mantissa, and
    # casting queries and keys is cheaper than casting their products.
    logits = keras.ops.matmul(
        keras.ops.cast(queries, "float32"),
        _transposed(keras.ops.cast(keys, "float32")),
    )
    return keras.ops.cast(keras.ops.softmax(logits), queries.dtype)


def _transposed(matrices):
    return keras.ops.swapaxes(matrices, -1, -2)


def _block(batch, positions, keys):
    """Returns the images of a block, and in how many parts their queries are.

    None if there is to be one block of all.
    """
    if positions is None or keys is None:
        return None
    known = batch is not None
    # Of an unknown number of images each is a block at least.
    scores = positions * keys
    total = scores * (batch if known else 1)
    if total < (4 if known else 1) * _LEAST_SCORES:
        return None
    most = max(_LEAST_SCORES, total // _MOST_BLOCKS)
    parts = next(
        parts
        for parts in range(1, positions + 1)
        if positions % parts == 0 and scores // parts <= most
    )
    images = max(1, most // scores) if known else 1
    while known and batch % images:
        images -= 1
    return images, parts


def _in_blocks(images, parts):
    """Makes the function of (queries, keys, values), with its gradient."""

    def split(tensor, parts):
        batch, positions, channels = keras.ops.shape(tensor)
        return keras.ops.reshape(
            tensor,
            (
                batch // images * parts,
                images,
                positions // parts,
                channels,
            ),
        )

    def run(function, by_block, keys, values):
        """Maps (block of each, its keys, its values) over all blocks."""
        by_block = [split(tensor, parts) for tensor in by_block]
        keys, values = split(keys, 1), split(values, 1)
        blocks = keras.ops.shape(by_block[0])[0]

        def of_block(block):
            index, *tensors = block
            return function(
                *tensors,
                keras.ops.take(keys, index // parts, axis=0),
                keras.ops.take(values, index // parts, axis=0),
            )

        return keras.ops.map(of_block, (keras.ops.arange(blocks), *by_block))

    def merged(tensor, like):
        return keras.ops.reshape(tensor, keras.ops.shape(like))

    def added(tensor, like):
        """Adds the parts of the queries up."""
        _, _, keys, channels = keras.ops.shape(tensor)
        tensor = keras.ops.reshape(tensor, (-1, parts, images, keys, channels))
        return merged(keras.ops.sum(tensor, axis=1), like)

    @keras.ops.custom_gradient
    def attend_in_blocks(queries, keys, values):
        outputs = run(
            lambda *block: attend_at_once(*block)[0], [queries], keys, values
        )
        channels = values.shape[-1]
        batch, positions, _ = keras.ops.shape(queries)
        outputs = keras.ops.reshape(outputs, (batch, positions, channels))

        def gradient(*arguments, upstream=None):
            if upstream is None:
                (upstream,) = arguments
            gradients = run(
                _gradients, [queries, outputs, upstream], keys, values
            )
            return (
                merged(gradients[0], queries),
                added(gradients[1], keys),
                added(gradients[2], values),
            )

        return outputs, gradient

    return attend_in_blocks


def _gradients(queries, outputs, upstream, keys, values):
    """Returns the gradients of one block's queries, keys and values.

    With the scores P and d the gradient of what follows it::

        dV = P^T dO,    dS = P (dO V^T - sum(dO O)),    dQ = dS K,  dK = dS^T Q
    """
    scores = _scores(queries, keys)
    # Subtracted within the product, as two more of its channels: one pass
    # over the scores less. Two, so that nothing is lost in bfloat16.
    sums = keras.ops.sum(
        keras.ops.cast(upstream, "float32")
        * keras.ops.cast(outputs, "float32"),
        axis=-1,
        keepdims=True,
    )
    high = keras.ops.cast(sums, queries.dtype)
    low = keras.ops.cast(sums - keras.ops.cast(high, "float32"), queries.dtype)
    ones = keras.ops.ones_like(values[..., :1])
    differences = scores * keras.ops.matmul(
        keras.ops.concatenate([upstream, -high, -low], axis=-1),
        _transposed(keras.ops.concatenate([values, ones, ones], axis=-1)),
    )
    return (
        keras.ops.matmul(differences, keys),
        keras.ops.matmul(_transposed(differences), queries),
        keras.ops.matmul(_transposed(scores), upstream),
    )
