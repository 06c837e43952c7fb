"""Batch normalization with a scale and an offset for each class."""

import keras


@keras.saving.register_keras_serializable(package="sagan_tf")
class ConditionalBatchNormalization(keras.layers.Layer):
    """Normalizes over the batch, then scales and shifts by class.

    With mean and (biased) variance over all axes but the channels::

        y = gamma[label] (x - mean) / sqrt(variance + epsilon) + beta[label]

    In training the statistics are the batch's, and the moving ones become
    `moving * momentum + batch * (1 - momentum)`; at inference they are the
    moving ones.

    Args:
        num_classes: Integer, number of classes.
        momentum: Float in [0, 1], of the moving statistics. Authors' code:
            0.999.
        epsilon: Float, added to the variance. Authors' code: 1e-5; TF-GAN's
            example 1e-3; StudioGAN 1e-4.
        synchronized: Boolean, whether the batch statistics are those of all
            replicas of a `tf.distribute` strategy (TensorFlow backend only).

    Call arguments:
        inputs: A list of `features`, (batch, ..., channels), floating point,
            and `labels`, (batch,), integers in [0, num_classes).
        training: Boolean, whether to use and record the batch's statistics.

    Returns:
        A tensor of the shape of `features`, in the compute dtype.

    Raises:
        ValueError: If `num_classes` is below 1, if `momentum` is outside
            [0, 1], if `synchronized` is asked for on another backend than
            TensorFlow, or, on build, if `inputs` is not such a list.

    Example:

    >>> features = np.ones((2, 4, 4, 8), "float32")
    >>> ConditionalBatchNormalization(10)([features, np.array([3, 7])]).shape
    (2, 4, 4, 8)

    Reference:
        - Dumoulin et al., [A Learned Representation For Artistic Style](
          https://arxiv.org/abs/1610.07629), equation 5; used so by Zhang et
          al., https://arxiv.org/abs/1805.08318.
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
        table = (self.num_classes, channels)
        self.gamma = self.add_weight(
            name="gamma", shape=table, initializer="ones"
        )
        self.beta = self.add_weight(
            name="beta", shape=table, initializer="zeros"
        )
        self.moving_mean = self.add_weight(
            name="moving_mean",
            shape=(channels,),
            initializer="zeros",
            trainable=False,
            autocast=False,
        )
        self.moving_variance = self.add_weight(
            name="moving_variance",
            shape=(channels,),
            initializer="ones",
            trainable=False,
            autocast=False,
        )
        self.built = True

    def call(self, inputs, training=None):
        features, labels = inputs
        dtype = self.moving_mean.dtype
        statistics_of = keras.ops.cast(features, dtype)
        if training and self.trainable:
            mean, variance = self._batch_statistics(statistics_of)
            for moving, batch in (
                (self.moving_mean, mean),
                (self.moving_variance, variance),
            ):
                moving.assign(
                    moving * self.momentum + batch * (1 - self.momentum)
                )
        else:
            mean = keras.ops.convert_to_tensor(self.moving_mean)
            variance = keras.ops.convert_to_tensor(self.moving_variance)
        labels = keras.ops.cast(labels, "int32")
        gamma = keras.ops.cast(keras.ops.take(self.gamma, labels, 0), dtype)
        beta = keras.ops.cast(keras.ops.take(self.beta, labels, 0), dtype)
        scale = gamma * keras.ops.rsqrt(variance + self.epsilon)
        offset = beta - mean * scale
        for _ in features.shape[1:-1]:
            scale = keras.ops.expand_dims(scale, 1)
            offset = keras.ops.expand_dims(offset, 1)
        outputs = statistics_of * scale + offset
        return keras.ops.cast(outputs, self.compute_dtype)

    def _batch_statistics(self, features):
        axes = list(range(len(features.shape) - 1))
        if self.synchronized:
            return keras.ops.moments(features, axes, synchronized=True)
        return keras.ops.moments(features, axes)

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
