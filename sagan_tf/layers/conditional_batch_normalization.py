"""Batch normalization with a scale and an offset for each class."""

import math

import keras

from sagan_tf.ops.labels import class_indices


@keras.saving.register_keras_serializable(package="sagan_tf")
class ConditionalBatchNormalization(keras.layers.Layer):
    """Normalizes over the batch, then scales and shifts by class.

    With mean and (biased) variance over all axes except the channels::

        y = gamma[label] (x - mean) / sqrt(variance + epsilon) + beta[label]

    In training they are those of the batch, and each moving average becomes
    `moving * momentum + batch * (1 - momentum)`. At inference they are the
    moving averages.

    Args:
        num_classes: Integer, number of classes.
        momentum: Float in [0, 1], momentum of the moving averages. Authors'
            code: 0.999.
        epsilon: Float, added to the variance. Authors' code: 1e-5; TF-GAN's
            example 1e-3; StudioGAN 1e-4.
        synchronized: Boolean. True takes the mean and variance over the
            batches of all replicas of a `tf.distribute` strategy (TensorFlow
            backend only).

    Call arguments:
        inputs: A list of `features`, (batch, ..., channels), floating point,
            and `labels`, (batch,) or (batch, 1), whole numbers in
            [0, num_classes). In a compiled function, the outputs for another
            label are NaN.
        training: Boolean, whether to normalize by the batch's statistics.

    Returns:
        A tensor of the shape of `features`, in the compute dtype.

    Raises:
        ValueError: If an argument is not as above, or, on build, if `inputs`
            is not such a list, or, outside a compiled function, if a label
            is no class.

    Example:

    >>> features = np.ones((2, 4, 4, 8), "float32")
    >>> ConditionalBatchNormalization(10)([features, np.array([3, 7])]).shape
    (2, 4, 4, 8)

    Reference:
        - Dumoulin et al., https://arxiv.org/abs/1610.07629, equation 5; in
          SAGAN's generator, https://arxiv.org/abs/1805.08318.
    """

    def __init__(
        self,
        num_classes,
        momentum=0.999,
        epsilon=1e-5,
        synchronized=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if num_classes < 1:
            raise ValueError(
                "`num_classes` must be at least 1. "
                f"Received: num_classes={num_classes}"
            )
        if not 0 <= momentum <= 1:
            raise ValueError(
                f"`momentum` must be in [0, 1]. Received: momentum={momentum}"
            )
        if synchronized and keras.config.backend() != "tensorflow":
            raise ValueError(
                "`synchronized` needs the TensorFlow backend. "
                f"Received: synchronized={synchronized} on the "
                f"{keras.config.backend()} backend"
            )
        self.num_classes = num_classes
        self.momentum = momentum
        self.epsilon = epsilon
        self.synchronized = synchronized

    def build(self, input_shape):
        if len(input_shape) != 2 or not isinstance(
            input_shape[0], (tuple, list)
        ):
            raise ValueError(
                "`inputs` must be a list of features and labels. "
                f"Received: inputs of shape {input_shape}"
            )
        channels = input_shape[0][-1]
        of_class = {"shape": (self.num_classes, channels)}
        self.gamma = self.add_weight(
            name="gamma", initializer="ones", **of_class
        )
        self.beta = self.add_weight(
            name="beta", initializer="zeros", **of_class
        )
        moving = {"shape": (channels,), "trainable": False, "autocast": False}
        self.moving_mean = self.add_weight(
            name="moving_mean", initializer="zeros", **moving
        )
        self.moving_variance = self.add_weight(
            name="moving_variance", initializer="ones", **moving
        )
        self.built = True

    def call(self, inputs, training=None):
        features, labels = inputs
        dtype = self.moving_mean.dtype
        features = keras.ops.cast(features, dtype)
        if training and self.trainable:
            axes = list(range(len(features.shape) - 1))
            # Other backends than TensorFlow lack `synchronized`.
            options = {"synchronized": True} if self.synchronized else {}
            mean, variance = keras.ops.moments(features, axes, **options)
            _update(self.moving_mean, mean, self.momentum)
            _update(self.moving_variance, variance, self.momentum)
        else:
            mean = keras.ops.convert_to_tensor(self.moving_mean)
            variance = keras.ops.convert_to_tensor(self.moving_variance)
        labels, valid = self._indices(labels, features)
        gamma = keras.ops.cast(keras.ops.take(self.gamma, labels, 0), dtype)
        beta = keras.ops.cast(keras.ops.take(self.beta, labels, 0), dtype)
        scale = gamma * keras.ops.rsqrt(variance + self.epsilon)
        # NaN where a label is no class: the first class would go unnoticed.
        offset = keras.ops.where(valid[:, None], beta - mean * scale, math.nan)
        for _ in features.shape[1:-1]:
            scale = keras.ops.expand_dims(scale, 1)
            offset = keras.ops.expand_dims(offset, 1)
        outputs = features * scale + offset
        return keras.ops.cast(outputs, self.compute_dtype)

    def _indices(self, labels, features):
        labels, valid = class_indices(labels, self.num_classes)
        if None not in (labels.shape[0], features.shape[0]) and (
            labels.shape[0] != features.shape[0]
        ):
            raise ValueError(
                "`labels` must be as many as `features`. Received: "
                f"{labels.shape[0]} labels, {features.shape[0]} features"
            )
        return labels, valid

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])

    def get_config(self):
        config = super().get_config()
        config.update(
            num_classes=self.num_classes,
            momentum=self.momentum,
            epsilon=self.epsilon,
            synchronized=self.synchronized,
        )
        return config


def _update(moving, batch, momentum):
    moving.assign(moving * momentum + batch * (1 - momentum))
