"""Learning rates that change over a run."""

import keras


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
