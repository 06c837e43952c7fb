"""Adam, learning rate decay, gradient accumulation, moving averages."""

import keras
import tensorflow as tf

from sagan_tf import batches


@keras.saving.register_keras_serializable(package="sagan_tf")
class FusedAdam(keras.optimizers.Adam):
    """`keras.optimizers.Adam` with one operation for each weight's update.

    Keras' update reads and writes each variable several times; this one reads
    and writes it once. Arguments, variables and checkpoints are those of
    Keras' Adam, and so is the arithmetic up to rounding. With `amsgrad` the
    update is Keras' own. Needs the TensorFlow backend.

    Example:

    >>> gan.compile(FusedAdam(1e-4, 0.0, 0.9), FusedAdam(4e-4, 0.0, 0.9))

    Reference:
        - Kingma and Ba, [Adam](https://arxiv.org/abs/1412.6980), the order
          of computation at the end of section 2.
    """

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad:
            super().update_step(gradient, variable, learning_rate)
            return
        dtype = variable.dtype
        step = tf.cast(self.iterations + 1, dtype)
        # `_momentums` and `_velocities` are private, but Keras offers no
        # public way from a weight to its moments.
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
            # Dense, so that moments decay even in rows without a gradient.
            grad=tf.cast(tf.convert_to_tensor(gradient), dtype),
        )


@keras.saving.register_keras_serializable(package="sagan_tf")
class LinearDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A constant learning rate that decays linearly to 0 at the end.

    `learning_rate * min(1, (updates - step) / decay_updates)`, at least 0

    Args:
        learning_rate: Float, the rate before the decay.
        updates: Integer, number of updates in all.
        decay_updates: Integer in [1, updates], over how many of the last
            updates the rate decays.

    Raises:
        ValueError: If `decay_updates` is out of range.

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
        remaining = keras.ops.cast(self.updates - step, "float32")
        factor = keras.ops.clip(remaining / self.decay_updates, 0.0, 1.0)
        return self.learning_rate * factor

    def get_config(self):
        return {
            "learning_rate": self.learning_rate,
            "updates": self.updates,
            "decay_updates": self.decay_updates,
        }


def minimize(loss_of, variables, optimizer, total, batch, steps, restored=()):
    """Makes one optimizer step, by gradient accumulation.

    Args:
        loss_of: Function from the tensors of a batch to a scalar loss, which
            is a mean over the batch, and a dictionary of such logs.
        variables: List of Keras variables to update.
        optimizer: Their `keras.optimizers.Optimizer`.
        total: Integer or scalar tensor, size of the global batch.
        batch: Tensors of this replica's batch, or None.
        steps, restored: See `accumulated`.

    Returns:
        The dictionary of logs: this replica's shares of the means over the
        global batch.
    """
    weights = [variable.value for variable in variables]

    def gradients_of(*micro_batch):
        # Gradients and logs are summed over micro-batches and replicas.
        # Divided by this, they are means over the global batch.
        parts = tf.maximum(total, 1) / batches.rows(micro_batch[0])
        parts = tf.cast(parts, tf.float32)
        # Watching these weights only keeps the other network's forward pass
        # off the tape.
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            loss, logs = loss_of(*map(batches.not_empty, micro_batch))
            part = optimizer.scale_loss(loss / parts)
        logs = {name: value / parts for name, value in logs.items()}
        return tape.gradient(part, weights), logs

    gradients, logs = accumulated(gradients_of, batch, steps, restored)
    optimizer.apply(applicable(gradients, optimizer), variables)
    return logs


def accumulated(gradients_of, batch, steps, restored=()):
    """Sums gradients and scalars over micro-batches: gradient accumulation.

    Micro-batch i holds the examples i, i + steps, i + 2 steps, ...

    Args:
        gradients_of: Function from the tensors of a micro-batch to a list of
            gradients, or None, and a dictionary of scalars.
        batch: Tensors of the whole batch, or None.
        steps: Integer, number of micro-batches.
        restored: Keras variables that every micro-batch finds as the first one
            did, so that they change as they would without accumulation.

    Returns:
        The sums of the gradients, and the sums of the scalars.
    """
    if steps == 1:
        return gradients_of(*batch)
    initial_values = [tf.convert_to_tensor(each.value) for each in restored]
    totals, all_logs = [], []
    # Unrolled, since replicas cannot exchange batch statistics inside a
    # `tf.while_loop`.
    for index in range(steps):
        done = tf.group(*(total for total in totals if total is not None))
        # Make every op of this micro-batch wait for the previous one, even
        # ops that depend only on weights. Otherwise TensorFlow may run them
        # in parallel and hold all their activations at once.
        with tf.control_dependencies([done]):
            if index > 0:
                for variable, value in zip(
                    restored, initial_values, strict=True
                ):
                    variable.assign(value)
            part = slice(index, None, steps)
            gradients, logs = gradients_of(
                *(None if each is None else each[part] for each in batch)
            )
            if index > 0:
                gradients = map(_sum, totals, gradients)
            totals = list(gradients)
        all_logs.append(logs)
    return totals, {
        name: tf.add_n([logs[name] for logs in all_logs])
        for name in all_logs[0]
    }


def applicable(gradients, optimizer):
    """Returns gradients as a Keras optimizer needs them, on each replica.

    Args:
        gradients: List of tensors, `tf.IndexedSlices` or None.
        optimizer: `keras.optimizers.Optimizer` that will apply them.
    """
    # Given `IndexedSlices` with a repeated row, Keras' Adam accumulates the
    # sum of the squares instead of the square of the sum.
    dense = [
        None if gradient is None else tf.convert_to_tensor(gradient)
        for gradient in gradients
    ]
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1 or not isinstance(
        optimizer, keras.optimizers.LossScaleOptimizer
    ):
        return dense
    # Keras asks the first replica alone whether its gradients are finite, and
    # adds those of the others. So one that is not finite must be so on all.
    found = [gradient for gradient in dense if gradient is not None]
    not_a_number = context.all_reduce(
        tf.distribute.ReduceOp.SUM,
        tf.add_n([tf.reduce_sum(gradient * 0) for gradient in found]),
    )
    return [
        None if gradient is None else gradient + not_a_number
        for gradient in dense
    ]


def _sum(total, gradient):
    """Returns the dense sum of two gradients, or None if there is none."""
    if gradient is None:
        return None
    return tf.convert_to_tensor(total) + tf.convert_to_tensor(gradient)


def update_average(average, network, decay):
    """Updates the exponential moving average (EMA) of a network's weights.

    Trainable weights become `decay * average + (1 - decay) * weight`; other
    weights are copied.

    Args:
        average: `keras.Model` of the same layers as `network`.
        network: `keras.Model`.
        decay: Float or scalar tensor in [0, 1].
    """
    for mean, variable in zip(
        average.variables, network.variables, strict=True
    ):
        if variable.trainable:
            mean.assign(mean * decay + variable * (1 - decay))
        else:
            mean.assign(variable)


def update_averages(averages, values, step):
    """Updates moving averages of scalars.

    The decay is 0.999, and less in the first steps, so that the first values
    do not weigh too much: `min(0.999, (1 + step) / (10 + step))`, as in
    `tf.train.ExponentialMovingAverage`.

    Args:
        averages: Dictionary of Keras variables of shape ().
        values: Dictionary of scalars, the same on all replicas, with at least
            the same names.
        step: Integer scalar, number of updates before this one.
    """
    step = tf.cast(step, tf.float32)
    decay = tf.minimum(0.999, (1 + step) / (10 + step))
    for name, average in averages.items():
        average.assign(decay * average + (1 - decay) * values[name])
