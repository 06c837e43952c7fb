"""Class labels: their shape, their type and their range."""

import keras


def class_indices(labels, num_classes):
    """Returns labels as int32 (batch,), and which of them are classes.

    Args:
        labels: (batch,) or (batch, 1), integers in [0, num_classes). Floats
            are accepted if they are whole.
        num_classes: Integer.

    Returns:
        int32 (batch,), in which 0 stands for what is no class; and booleans
        (batch,), whether a label is a class. Outside a compiled function, all
        are.

    Raises:
        ValueError: If the shape is another one, or, outside a compiled
            function, if a label is not a class.
    """
    if len(labels.shape) == 2 and labels.shape[1] == 1:
        labels = keras.ops.reshape(labels, (-1,))
    if len(labels.shape) != 1:
        raise ValueError(
            "`labels` must be numbers of classes, of shape (batch,) or "
            "(batch, 1); of one-hot labels, pass the `argmax`. "
            f"Received: labels of shape {tuple(labels.shape)}"
        )
    indices = keras.ops.cast(labels, "int32")
    valid = keras.ops.logical_and(
        keras.ops.equal(keras.ops.cast(indices, labels.dtype), labels),
        keras.ops.logical_and(indices >= 0, indices < num_classes),
    )
    if _is_false(keras.ops.all(valid)):
        raise ValueError(
            f"`labels` must be whole numbers in [0, {num_classes}). "
            f"Received: labels={keras.ops.convert_to_numpy(labels)}"
        )
    return keras.ops.where(valid, indices, 0), valid


def _is_false(tensor):
    """Returns whether a boolean is known to be false."""
    try:
        return not bool(tensor)
    except TypeError:
        # Every backend raises this for a tensor of a graph.
        return False
