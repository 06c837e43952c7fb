"""A Keras model of two networks: compiling, metrics, saving."""

import copy
import inspect

import keras

_NO_VALIDATION = (
    "a loss says little about a GAN; `sagan_tf.evaluation` has measures"
)
_NO_WEIGHTS = "every image counts the same; repeat those that shall count more"
_REFUSED = {
    "sample_weight": _NO_WEIGHTS,
    "class_weight": _NO_WEIGHTS,
    "validation_data": _NO_VALIDATION,
    "validation_split": _NO_VALIDATION,
}
_OF_ONE_OPTIMIZER = (
    keras.callbacks.LearningRateScheduler,
    keras.callbacks.ReduceLROnPlateau,
    keras.callbacks.SwapEMAWeights,
    keras.callbacks.TerminateOnNaN,
)


class PairedModel(keras.Model):
    """Base class of a model of two networks, each with its own optimizer.

    A subclass defines `train_step` and `inference_generator`, and sets
    `trackers` to one metric for each name in its logs.

    Args:
        generator: `keras.Model`.
        discriminator: `keras.Model`.
        **kwargs: Arguments of `keras.Model`.
    """

    def __init__(self, generator, discriminator, **kwargs):
        super().__init__(**kwargs)
        self.generator = generator
        self.discriminator = discriminator

    def compile(
        self,
        generator_optimizer,
        discriminator_optimizer,
        jit_compile=False,
        run_eagerly=False,
        steps_per_execution=1,
        **refused,
    ):
        """Sets the optimizers.

        As Keras does, it wraps the optimizer of a network of the policy
        "mixed_float16" in a `keras.optimizers.LossScaleOptimizer`.

        Args:
            generator_optimizer: `keras.optimizers.Optimizer` or its name.
            discriminator_optimizer: `keras.optimizers.Optimizer` or its name;
                not the same object.
            jit_compile, run_eagerly, steps_per_execution: As in
                `keras.Model.compile`.
            **refused: Other arguments of `keras.Model.compile`.

        Raises:
            ValueError: If both optimizers are the same object, if an optimizer
                clips gradients and there are several replicas, or for another
                argument.
        """
        if refused:
            raise ValueError(
                f"`{next(iter(refused))}` is not an argument of this "
                "`compile`: the losses and the metrics are those of the "
                f"training step. Received: {refused}"
            )
        if generator_optimizer is discriminator_optimizer and not isinstance(
            generator_optimizer, str
        ):
            raise ValueError(
                "`generator_optimizer` and `discriminator_optimizer` must be "
                f"two objects. Received: {generator_optimizer} twice"
            )
        super().compile(
            optimizer=None,
            jit_compile=jit_compile,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
        )
        self.generator_optimizer = self._optimizer(
            "generator", generator_optimizer
        )
        self.discriminator_optimizer = self._optimizer(
            "discriminator", discriminator_optimizer
        )

    def _optimizer(self, name, identifier):
        """Returns the built optimizer of a network."""
        network = getattr(self, name)
        optimizer = keras.optimizers.get(identifier)
        scaling = keras.optimizers.LossScaleOptimizer
        if network.dtype_policy.name == "mixed_float16" and not isinstance(
            optimizer, scaling
        ):
            optimizer = scaling(optimizer)
        inner = getattr(optimizer, "inner_optimizer", optimizer)
        clipping = {
            clip: getattr(inner, clip)
            for clip in ("clipnorm", "global_clipnorm", "clipvalue")
            if getattr(inner, clip) is not None
        }
        replicas = self.distribute_strategy.num_replicas_in_sync
        if clipping and replicas > 1:
            raise ValueError(
                f"`{name}_optimizer` must not clip gradients on several "
                "replicas: Keras would clip those of each replica before it "
                f"adds them. Received: {clipping} on {replicas} replicas"
            )
        # Built here, so that a checkpoint finds all its variables.
        optimizer.build(network.trainable_variables)
        return optimizer

    def fit(self, *args, **kwargs):
        """Trains the networks, as `keras.Model.fit`.

        Raises:
            ValueError: For what does not fit two networks: weights of samples
                or classes, validation, and callbacks that change or watch one
                optimizer or one loss.
        """
        given = inspect.signature(super().fit).bind(*args, **kwargs).arguments
        for name, advice in _REFUSED.items():
            value = given.get(name)
            if value is not None and not (
                isinstance(value, float) and value == 0
            ):
                raise ValueError(
                    f"`{name}` must be left out: {advice}. "
                    f"Received: {name} of type {type(value).__name__}"
                )
        # One callback, a list, or a `CallbackList`, as Keras takes them.
        callbacks = given.get("callbacks")
        callbacks = getattr(callbacks, "callbacks", callbacks)
        for callback in keras.tree.flatten(callbacks):
            if isinstance(callback, _OF_ONE_OPTIMIZER):
                raise ValueError(
                    "`callbacks` must not have a callback of one optimizer or "
                    "one loss: pass a schedule to the optimizers, and use "
                    "`sagan_tf.training.callbacks.DivergenceGuard` to stop at "
                    f"a loss that is not finite. Received: {callback}"
                )
        history = super().fit(*args, **kwargs)
        # The moving averages of optimizers with `use_ema`.
        for name in ("generator", "discriminator"):
            getattr(self, f"{name}_optimizer").finalize_variable_values(
                getattr(self, name).trainable_variables
            )
        return history

    def export(self, filepath, **kwargs):
        """Exports the generator to sample from, as `keras.Model.export`."""
        self.inference_generator.export(filepath, **kwargs)

    def test_step(self, data):
        raise ValueError(f"`evaluate` is not defined: {_NO_VALIDATION}")

    @property
    def metrics(self):
        return self.trackers

    def update_metrics(self, logs, weight=None):
        """Records the metrics of a step.

        Args:
            logs: Dictionary of scalars, the same on all replicas, by name of
                the metric.
            weight: Scalar, the weight of this step in the means of an epoch.

        Returns:
            Dictionary of the metrics' results.
        """
        for tracker in self.trackers:
            tracker.update_state(logs[tracker.name], weight)
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
        # Keras changes what it deserializes.
        config = copy.deepcopy(config)
        for name in ("generator", "discriminator"):
            config[name] = keras.saving.deserialize_keras_object(
                config[name], custom_objects=custom_objects
            )
        return cls(**config)

    def get_compile_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            "jit_compile": self.jit_compile,
            "run_eagerly": self.run_eagerly,
            "steps_per_execution": self.steps_per_execution,
            "generator_optimizer": serialize(self.generator_optimizer),
            "discriminator_optimizer": serialize(self.discriminator_optimizer),
        }

    def compile_from_config(self, config):
        deserialize = keras.saving.deserialize_keras_object
        self.compile(**{name: deserialize(config[name]) for name in config})


def run_network(network, inputs, labels, training):
    """Calls a network on its inputs, and on labels unless they are None."""
    if labels is not None:
        inputs = [inputs, labels]
    return network(inputs, training=training)


def penalty_of(network):
    """Returns what regularizers and `add_loss` add to a network's loss."""
    return sum(keras.ops.cast(loss, "float32") for loss in network.losses)
