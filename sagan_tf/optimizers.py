"""Adam in one pass over memory."""

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
