"""Batches of training: what is in one, and its place among the replicas."""

import dataclasses

import keras
import tensorflow as tf

from sagan_tf.ops.labels import class_indices


def unpack(data, image_shape, num_classes=None):
    """Returns the images and labels of a training batch, and checks them.

    Args:
        data: Images (batch, ...) in [-1, 1], or images and labels, (batch,) or
            (batch, 1), whole numbers in [0, num_classes).
        image_shape: Tuple, the shape of a generated image.
        num_classes: Integer, or None if labels are not used.

    Returns:
        Float32 images, and int32 labels (batch,) or None.

    Raises:
        ValueError: If shapes or types are others, if labels are missing, or if
            there are weights of samples.
        tf.errors.InvalidArgumentError: In a compiled function, when it runs,
            if a label is no class.
    """
    images, labels, weights = keras.utils.unpack_x_y_sample_weight(data)
    if weights is not None:
        raise ValueError(
            "A batch must be images, or images and labels: weights of samples "
            f"are not used. Received: weights of shape {weights.shape}"
        )
    if images.dtype.is_integer or not images.shape[1:].is_compatible_with(
        image_shape
    ):
        raise ValueError(
            "Images must be floats in [-1, 1], of the shape of generated "
            f"images, {tuple(image_shape)}. "
            f"Received: {images.dtype.name} of shape {tuple(images.shape[1:])}"
        )
    images = tf.cast(images, tf.float32)
    if num_classes is None:
        return images, None
    if labels is None:
        raise ValueError(
            "A batch of a conditional SAGAN must be a pair of images and "
            f"labels. Received: images of shape {images.shape} alone"
        )
    indices, valid = class_indices(labels, num_classes)
    check = tf.debugging.Assert(
        tf.reduce_all(valid),
        [f"`labels` must be whole numbers in [0, {num_classes})", labels],
    )
    with tf.control_dependencies([check]):
        return images, tf.identity(indices)


def rows(tensor):
    """Returns the first dimension: an integer if it is known, else a tensor."""
    if tensor.shape[0] is not None:
        return tensor.shape[0]
    return tf.shape(tensor)[0]


def not_empty(tensor):
    """Returns a batch, or one example of zeros in the place of no example.

    The mean over no example would not be a number, even with a weight of 0.
    """
    if tensor is None or isinstance(rows(tensor), int) and rows(tensor):
        return tensor
    missing = tf.maximum(1 - rows(tensor), 0)
    return tf.pad(tensor, [[0, missing], *[[0, 0]] * (tensor.shape.rank - 1)])


def sum_over_replicas(logs):
    """Returns a dictionary of the sums of each replica's scalars."""
    context = tf.distribute.get_replica_context()
    sums = context.all_reduce(
        tf.distribute.ReduceOp.SUM, tf.stack(list(logs.values()))
    )
    return dict(zip(logs, tf.unstack(sums), strict=True))


@dataclasses.dataclass(frozen=True)
class Sizes:
    """How many examples of a global batch each replica has.

    Attributes:
        own: Integer or scalar tensor, the number on this replica.
        all: List of integers or scalar tensors, the number on each replica.
    """

    own: object
    all: list

    @classmethod
    def of(cls, own):
        """Asks all replicas. To be called in a replica context."""
        context = tf.distribute.get_replica_context()
        replicas = context.num_replicas_in_sync
        if replicas == 1:
            return cls(own, [own])
        this = tf.equal(tf.range(replicas), context.replica_id_in_sync_group)
        # int64, because NCCL cannot sum int32.
        sizes = context.all_reduce(
            tf.distribute.ReduceOp.SUM,
            tf.where(this, tf.cast(own, tf.int64), 0),
        )
        return cls(own, tf.unstack(tf.cast(sizes, tf.int32)))

    def of_part(self, index, parts):
        """Returns the sizes of what the slice `index::parts` takes of each."""

        def count(size):
            return (size - index + parts - 1) // parts

        return Sizes(count(self.own), list(map(count, self.all)))

    def slice_own(self, tensor):
        """Returns this replica's examples of a tensor of the global batch."""
        if tensor is None:
            return None
        # A slice of known size, if it is known.
        rest = tensor.shape[1:]
        return tf.slice(
            tensor, [self.before, *[0] * len(rest)], [self.own, *rest]
        )

    @property
    def total(self):
        """The number of examples on all replicas."""
        return sum(self.all)

    @property
    def before(self):
        """The number of examples on the replicas before this one."""
        if len(self.all) == 1:
            return 0
        context = tf.distribute.get_replica_context()
        before = tf.range(len(self.all)) < context.replica_id_in_sync_group
        return tf.reduce_sum(tf.where(before, tf.stack(self.all), 0))
