"""A Keras model of two networks: compiling, metrics, saving."""

import keras
import tensorflow as tf


class PairedModel(keras.Model):
    """Base class of a model of two networks, each with its own optimizer.

    A subclass defines `train_step`, and sets `trackers` to one metric for
    each name in its logs.

    Args:
        generator: `keras.Model`.
        discriminator: `keras.Model`.
        **kwargs: Arguments of `keras.Model`.
    """

    def __init__(self, generator, discriminator, **kwargs):
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = discriminator

    def compile(self, generator_optimizer, discriminator_optimizer, **kwargs):
        """Sets the optimizers.

        Args:
            generator_optimizer: `keras.optimizers.Optimizer` or its name.
            discriminator_optimizer: `keras.optimizers.Optimizer` or its name;
                not the same object.
            **kwargs: `jit_compile`, `run_eagerly` and `steps_per_execution`
                of `keras.Model.compile`.

        Raises:
            ValueError: If both optimizers are the same object.
        """
        if generator_optimizer is discriminator_optimizer and not isinstance(
            generator_optimizer, str
        ):
            raise ValueError(
                "`generator_optimizer` and `discriminator_optimizer` must be "
                f"two objects. Received: {generator_optimizer} twice"
            )
        kwargs.setdefault("jit_compile", False)
        super().compile(optimizer=None, **kwargs)
        get = keras.optimizers.get
        self.generator_optimizer = get(generator_optimizer)
        self.discriminator_optimizer = get(discriminator_optimizer)
        # Built here, so that a checkpoint finds all their variables.
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(
            self.discriminator.trainable_variables
        )

    @property
    def metrics(self):
        return self.trackers

    def update_metrics(self, logs):
        """Records the mean of each log over all replicas.

        Args:
            logs: Dictionary of this replica's scalars, by name of the metric.

        Returns:
            Dictionary of the metrics' results.
        """
        names = sorted(logs)
        means = tf.distribute.get_replica_context().all_reduce(
            tf.distribute.ReduceOp.MEAN, tf.stack([logs[n] for n in names])
        )
        for tracker in self.trackers:
            tracker.update_state(means[names.index(tracker.name)])
        return self.get_metrics_result()

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        for name in ("generator", "discriminator"):
            config[name] = keras.saving.deserialize_keras_object(
                config[name], custom_objects=custom_objects
            )
        return cls(**config)

    def get_compile_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "generator_optimizer": serialize(self.generator_optimizer),
            "discriminator_optimizer": serialize(self.discriminator_optimizer),
        }

    def compile_from_config(self, config):
        deserialize = keras.saving.deserialize_keras_object
        self.compile(**{name: deserialize(config[name]) for name in config})
