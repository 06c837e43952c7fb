"""Adam in one pass over memory, and learning rates that change."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="sagan_tf")
class FusedAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam`, each variable updated by one operation.

    The arithmetic, arguments and variables are those of Keras' own, whose
    update reads and writes each of them several times. `amsgrad` is not
    fused. For the TensorFlow backend.

    Example:

    >>> gan.compile(FusedAdam(1e-4, 0.0, 0.9), FusedAdam(4e-4, 0.0, 0.9))

    Reference:
        - Kingma and Ba, [Adam](https://arxiv.org/abs/1412.6980), the
          rewriting before section 2.1.
    """

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        dtype = variable.dtype
        step = tf.cast(self.iterations + 1, dtype)
        index = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, dtype), step),
            lr=tf.cast(learning_rate, dtype),
            beta1=tf.cast(self.beta_1, dtype),
            beta2=tf.cast(self.beta_2, dtype),
            epsilon=tf.cast(self.epsilon, dtype),
            # Dense, so that momentums decay where there is no gradient.
            grad=tf.cast(tf.convert_to_tensor(gradient), dtype),
        )


@keras.saving.register_keras_serializable(package="sagan_tf")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that falls linearly to 0 at the end.

    Args:
        learning_rate: Float, the rate until then.
        updates: Integer, updates in all.
        decay_updates: Integer, the last so many, in which it falls.

    Raises:
        ValueError: If `decay_updates` is below 1 or above `updates`.

    Reference:
        - Miyato and Koyama, https://arxiv.org/abs/1802.05637, appendix.
    """

    def __init__(self, learning_rate, updates, decay_updates):
        super().__init__()
        if not 1 <= decay_updates <= updates:
            raise ValueError(
                "`decay_updates` must be in [1, updates]. "
                f"Received: decay_updates={decay_updates}, updates={updates}"
            )
        self.learning_rate = learning_rate
        self.updates = updates
        self.decay_updates = decay_updates

    def __call__(self, step):
        left = keras.ops.cast(self.updates - step, "float32")
        share = keras.ops.clip(left / self.decay_updates, 0.0, 1.0)
        return self.learning_rate * share

    def get_config(self):
        return {
            "learning_rate": self.learning_rate,
            "updates": self.updates,
            "decay_updates": self.decay_updates,
        }
