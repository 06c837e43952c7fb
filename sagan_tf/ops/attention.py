"""Attention over the positions of feature maps, in blocks if they are large.

    scores = softmax(queries keys^T),    outputs = scores values

The scores of a 64x64 feature map with 2x2 pooled keys are 4,096 x 1,024
numbers for each image. Computed in blocks they are never all in memory; the
gradient computes them again.
"""

import keras

# Blocks with fewer scores than this are slower, and save little memory.
_MIN_SCORES = 2**20
# More blocks than this save no more memory.
_MAX_BLOCKS = 64


def attend(queries, keys, values, min_scores=_MIN_SCORES):
    """Computes `softmax(queries keys^T) values`, in blocks if it is large.

    Four cases are computed without blocks: few scores, unknown sizes, float16
    (the gradient of blocks needs the range of float32), and backends other
    than TensorFlow and JAX. JAX's forward mode (`jvp`) cannot differentiate
    blocks.

    Args:
        queries: (batch, positions, key channels), floating point.
        keys: (batch, keys, key channels).
        values: (batch, keys, value channels).
        min_scores: Integer, the smallest number of scores worth a block.

    Returns:
        (batch, positions, value channels).
    """
    # An export from JAX has symbols for the sizes that it does not know.
    batch, positions = (
        size if isinstance(size, int) else None for size in queries.shape[:2]
    )
    block = block_size(batch, positions, keys.shape[1], min_scores)
    if (
        block is None
        or keras.backend.standardize_dtype(queries.dtype) == "float16"
        or keras.config.backend() not in ("tensorflow", "jax")
    ):
        return attend_at_once(queries, keys, values)[0]
    return _in_blocks(*block)(queries, keys, values)


def attend_at_once(queries, keys, values):
    """Computes what `attend` computes, not in blocks, and the scores.

    Args:
        queries, keys, values: As in `attend`.

    Returns:
        (batch, positions, value channels), and the scores (batch, positions,
        keys), each row of which sums to 1.
    """
    scores = _scores(queries, keys)
    return keras.ops.matmul(scores, values), scores


def _scores(queries, keys):
    """Returns `softmax(queries keys^T)` in the dtype of the queries."""
    # A softmax over thousands of positions needs float32's mantissa, and
    # casting queries and keys is cheaper than casting their matmul.
    logits = keras.ops.matmul(
        keras.ops.cast(queries, "float32"),
        _transposed(keras.ops.cast(keys, "float32")),
    )
    return keras.ops.cast(keras.ops.softmax(logits), queries.dtype)


def _transposed(matrices):
    return keras.ops.swapaxes(matrices, -1, -2)


def block_size(batch, positions, keys, min_scores=_MIN_SCORES):
    """Chooses how large a block of `attend` is.

    Args:
        batch, positions, keys: Integers, or None if unknown.
        min_scores: Integer, the smallest number of scores worth a block.

    Returns:
        The number of images in a block, and the number of parts that their
        queries are split into. None if one block is to hold everything.
    """
    if positions is None or keys is None:
        return None
    known = batch is not None
    # If the batch size is unknown, each image is at least one block.
    scores = positions * keys
    total = scores * (batch if known else 1)
    if total < (4 if known else 1) * min_scores:
        return None
    max_scores = max(min_scores, total // _MAX_BLOCKS)
    parts = next(
        parts
        for parts in range(1, positions + 1)
        if positions % parts == 0 and scores // parts <= max_scores
    )
    images = max(1, max_scores // scores) if known else 1
    while known and batch % images:
        images -= 1
    return images, parts


def _in_blocks(images, parts):
    """Returns a function of (queries, keys, values), with its gradient.

    The function is two loops: over groups of `images` images, and for each
    group over `parts` parts of the queries.
    """

    def groups(tensor):
        """Reshapes (batch, ...) to (groups, images, ...)."""
        return keras.ops.reshape(tensor, (-1, images, *tensor.shape[1:]))

    @keras.ops.custom_gradient
    def attend_in_blocks(queries, keys, values):
        def outputs_of_group(group):
            queries, keys, values = group
            return _join(
                keras.ops.map(
                    lambda rows: attend_at_once(rows, keys, values)[0],
                    _split(queries, parts),
                )
            )

        inputs = (queries, keys, values)
        outputs = keras.ops.reshape(
            keras.ops.map(outputs_of_group, tuple(map(groups, inputs))),
            (-1, queries.shape[1], values.shape[-1]),
        )

        def gradient(*arguments, upstream=None):
            if upstream is None:
                (upstream,) = arguments

            def gradients_of_group(group):
                *by_query, keys, values = group
                d_queries, d_keys, d_values = keras.ops.map(
                    lambda rows: _gradients(*rows, keys, values),
                    tuple(_split(each, parts) for each in by_query),
                )
                # Every part of the queries attends to all keys and values.
                return (
                    _join(d_queries),
                    keras.ops.sum(d_keys, axis=0),
                    keras.ops.sum(d_values, axis=0),
                )

            given = (queries, outputs, upstream, keys, values)
            found = keras.ops.map(gradients_of_group, tuple(map(groups, given)))
            return tuple(
                keras.ops.reshape(each, keras.ops.shape(original))
                for each, original in zip(found, inputs, strict=True)
            )

        return outputs, gradient

    return attend_in_blocks


def _split(queries, parts):
    """Splits (images, positions, ...) to (parts, images, rows, ...)."""
    images, positions, channels = queries.shape
    rows = keras.ops.reshape(
        queries, (images, parts, positions // parts, channels)
    )
    return keras.ops.swapaxes(rows, 0, 1)


def _join(rows):
    """Undoes `_split`."""
    rows = keras.ops.swapaxes(rows, 0, 1)
    return keras.ops.reshape(rows, (rows.shape[0], -1, rows.shape[-1]))


def _gradients(queries, outputs, upstream, keys, values):
    """Returns the gradients of one block's queries, keys and values.

    With the scores P, the outputs O and the upstream gradient dO::

        dV = P^T dO,    dS = P (dO V^T - sum(dO O)),    dQ = dS K,  dK = dS^T Q
    """
    scores = _scores(queries, keys)
    # The row sums are subtracted inside the matmul, as additional channels,
    # which saves one pass over the scores. There are two such channels, so
    # that bfloat16 loses no digits of the sums.
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
