"""The training step: two networks, two optimizers, one average."""

import keras
import tensorflow as tf

from sagan_tf import losses
from sagan_tf.latents import number_of_classes


@keras.saving.register_keras_serializable(package="sagan_tf")
class SAGAN(keras.Model):
    """A generator and a discriminator, trained against each other.

    One `train_step` makes `discriminator_steps` discriminator updates, each
    on fresh real images, latents and labels, then one generator update, then
    averages the generator's weights. Latents are standard normal, labels of
    generated images uniform over the classes. Both are drawn for the global
    batch from (`seed`, step) alone and sliced by replica, so that neither an
    interruption nor the number of replicas changes them.

    The discriminator runs once per update, on real and generated images
    together, and with `training=False` in the generator's update: as in the
    authors' code its `u` vectors move once per discriminator update.

    Calling the model generates images, `model([latents, labels])`, with the
    averaged generator if there is one.

    Args:
        generator: `keras.Model` from `latents`, or [`latents`, `labels`], to
            images, as `build_generator` makes.
        discriminator: `keras.Model` from `images`, or [`images`, `labels`],
            to logits (batch, 1), as `build_discriminator` makes. One from
            `images` to logits and class logits is an auxiliary classifier
            (Odena et al.): its cross-entropy is added to both losses.
        num_classes: Integer, needed only where a conditional generator of
            your own has no layer with a `num_classes` attribute.
        discriminator_steps: Integer, discriminator updates per generator
            update. A training batch is dealt out among them, so its size
            must be a multiple.
        accumulation_steps: Integer, into how many micro-batches each replica
            deals out its share of an update. They run one after the other,
            their gradients add up, and one optimizer step follows, so that
            activations are those of one (under XLA its scheduler decides).
            Each is a part of the graph: building it takes that much longer,
            and more of the host's memory.
            Latents, labels and every move of `u` are those of the whole
            batch: without batch normalization the update is the same but
            for rounding. With it each micro-batch is normalized by its own
            statistics, as a smaller batch would be, and the moving ones move
            at each, `accumulation_steps` times as often.
        loss: "hinge" (paper) or "non_saturating".
        ema_decay: Float in [0, 1), or None for no average. Trainable weights
            become `ema_decay * average + (1 - ema_decay) * weight` after
            each step; statistics and `u` are copied. Paper and authors'
            code: None; MMGeneration: 0.999.
        ema_start_step: Integer, number of steps for which the average is a
            plain copy. MMGeneration: 2000.
        seed: Integer, from which latents and labels are drawn.

    Raises:
        ValueError: If an argument is not as above.

    Example:

    >>> gan = SAGAN(build_generator(32, 16, 10, attention_resolutions=(16,)),
    ...     build_discriminator(32, 16, 10, attention_resolutions=(16,)))
    >>> gan.compile(keras.optimizers.Adam(1e-4, 0.0, 0.9),
    ...             keras.optimizers.Adam(4e-4, 0.0, 0.9))
    >>> gan.fit(images, labels, batch_size=64)  # images in [-1, 1]

    Reference:
        - Zhang et al., [Self-Attention Generative Adversarial Networks](
          https://arxiv.org/abs/1805.08318), sections 3 and 4; for the
          auxiliary classifier Odena et al., [Conditional Image Synthesis With
          Auxiliary Classifier GANs](https://arxiv.org/abs/1610.09585).
    """

    def __init__(
        self,
        generator,
        discriminator,
        num_classes=None,
        discriminator_steps=1,
        accumulation_steps=1,
        loss="hinge",
        ema_decay=None,
        ema_start_step=0,
        seed=0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        for name, steps in (
            ("discriminator_steps", discriminator_steps),
            ("accumulation_steps", accumulation_steps),
        ):
            if steps < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={steps}"
                )
        if ema_decay is not None and not 0 <= ema_decay < 1:
            raise ValueError(
                "`ema_decay` must be in [0, 1), or None. "
                f"Received: ema_decay={ema_decay}"
            )
        self.generator = generator
        self.discriminator = discriminator
        self.num_classes = number_of_classes(generator, num_classes)
        self.latent_dim = generator.inputs[0].shape[-1]
        self.discriminator_steps = discriminator_steps
        self.accumulation_steps = accumulation_steps
        self.loss_name = loss
        self.discriminator_loss, self.generator_loss = losses.get(loss)
        self.has_auxiliary_classifier = len(discriminator.outputs) == 2
        self.ema_decay = ema_decay
        self.ema_start_step = ema_start_step
        self.seed = seed
        self.ema_generator = None
        if ema_decay is not None:
            self.ema_generator = keras.models.clone_model(generator)
            self.ema_generator.set_weights(generator.get_weights())
            self.ema_generator.trainable = False
        self.step = self.add_weight(
            name="step",
            shape=(),
            initializer="zeros",
            dtype="int64",
            trainable=False,
        )
        names = [
            "discriminator_loss",
            "generator_loss",
            "real_logits",
            "fake_logits",
        ]
        if self.has_auxiliary_classifier:
            names.append("class_loss")
        self.trackers = [_Mean(name=name) for name in names]
        self.built = True

    def compile(self, generator_optimizer, discriminator_optimizer, **kwargs):
        """Sets the optimizers.

        Args:
            generator_optimizer: `keras.optimizers.Optimizer` or its name.
            discriminator_optimizer: Another one.
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

    @property
    def inference_generator(self):
        """The generator to sample from: the averaged one if there is one."""
        return self.ema_generator or self.generator

    def call(self, inputs, training=None):
        return self.inference_generator(inputs, training=False)

    def train_step(self, data):
        images, labels = self._unpack(data)
        for index in range(self.discriminator_steps):
            # Every n-th example, not the n-th part: so each update sees the
            # same examples for any number of replicas.
            share = slice(index, None, self.discriminator_steps)
            logs = self._update_discriminator(
                images[share],
                None if labels is None else labels[share],
                index,
            )
        batch_size = tf.shape(images)[0] // self.discriminator_steps
        logs.update(self._update_generator(batch_size))
        self._update_average()
        self.step.assign_add(1)
        return self._update_metrics(logs)

    def _update_discriminator(self, images, labels, index):
        latents, fake_labels = self._sample(tf.shape(images)[0], index)
        gradients, logs = self._accumulate(
            self._discriminator_gradients, images, labels, latents, fake_labels
        )
        self._apply(self.discriminator_optimizer, gradients, self.discriminator)
        return logs

    def _discriminator_gradients(self, images, labels, latents, fake_labels):
        fake_images = self._run(
            self.generator, latents, fake_labels, training=True
        )
        all_images = tf.concat([images, fake_images], axis=0)
        all_labels = None
        if labels is not None:
            all_labels = tf.concat([labels, fake_labels], axis=0)
        with tf.GradientTape() as tape:
            logits, class_loss = self._discriminate(
                all_images, all_labels, training=True
            )
            real_logits, fake_logits = tf.split(logits, 2)
            # The mean over the real plus the mean over the generated images.
            loss = 2 * class_loss + self.discriminator_loss(
                real_logits, fake_logits
            )
            share = self._share(loss)
        logs = {
            "discriminator_loss": loss,
            "real_logits": tf.reduce_mean(real_logits),
            "fake_logits": tf.reduce_mean(fake_logits),
        }
        if self.has_auxiliary_classifier:
            logs["class_loss"] = class_loss
        variables = self.discriminator.trainable_variables
        return tape.gradient(share, variables), logs

    def _update_generator(self, batch_size):
        latents, labels = self._sample(batch_size, self.discriminator_steps)
        gradients, logs = self._accumulate(
            self._generator_gradients, latents, labels
        )
        self._apply(self.generator_optimizer, gradients, self.generator)
        return logs

    def _generator_gradients(self, latents, labels):
        with tf.GradientTape() as tape:
            images = self._run(self.generator, latents, labels, training=True)
            logits, class_loss = self._discriminate(
                images, labels, training=False
            )
            loss = class_loss + self.generator_loss(logits)
            share = self._share(loss)
        variables = self.generator.trainable_variables
        return tape.gradient(share, variables), {"generator_loss": loss}

    def _accumulate(self, gradients_of, *batch):
        """Adds up the gradients of micro-batches, and averages their logs.

        Args:
            gradients_of: Function from the tensors of a micro-batch to its
                gradients and a dictionary of logs.
            *batch: Tensors of the whole update, or None.
        """
        if self.accumulation_steps == 1:
            return gradients_of(*batch)
        vectors = [
            variable
            for network in (self.generator, self.discriminator)
            for variable in network.non_trainable_variables
            if variable.name == "u"
        ]
        before = [tf.convert_to_tensor(vector.value) for vector in vectors]
        totals, all_logs = [], []
        # Not `tf.while_loop`, in which replicas cannot exchange statistics.
        for index in range(self.accumulation_steps):
            done = tf.group(*(part for part in totals if part is not None))
            # All of a micro-batch waits for the one before, also what
            # depends on the weights alone: else memory is that of them all.
            with tf.control_dependencies([done]):
                if index > 0:
                    # Spectral norms are the same, and move on but once.
                    for vector, value in zip(vectors, before, strict=True):
                        vector.assign(value)
                share = slice(index, None, self.accumulation_steps)
                gradients, logs = gradients_of(
                    *(part if part is None else part[share] for part in batch)
                )
                if index > 0:
                    gradients = map(_sum, totals, gradients)
                totals = list(gradients)
            all_logs.append(logs)
        return totals, {
            name: tf.reduce_mean([logs[name] for logs in all_logs])
            for name in logs
        }

    def _apply(self, optimizer, gradients, network):
        # Dense, also those of the tables by class: of a row that is there
        # twice Keras' Adam takes the sum of squares for the square of the sum.
        gradients = [
            None if gradient is None else tf.convert_to_tensor(gradient)
            for gradient in gradients
        ]
        optimizer.apply(gradients, network.trainable_variables)

    def _update_average(self):
        if self.ema_generator is None:
            return
        decay = tf.where(self.step < self.ema_start_step, 0.0, self.ema_decay)
        for average, variable in zip(
            self.ema_generator.variables, self.generator.variables, strict=True
        ):
            if variable.trainable:
                average.assign(average * decay + variable * (1 - decay))
            else:
                average.assign(variable)

    def _update_metrics(self, logs):
        """Records the means over all replicas, and returns the results."""
        names = sorted(logs)
        means = tf.distribute.get_replica_context().all_reduce(
            tf.distribute.ReduceOp.MEAN, tf.stack([logs[n] for n in names])
        )
        for tracker in self.trackers:
            tracker.update_state(means[names.index(tracker.name)])
        return self.get_metrics_result()

    def _share(self, loss):
        """Scales a local mean so that gradients summed over micro-batches and
        replicas are the gradient of the global mean: Keras' optimizers sum
        over replicas."""
        replicas = self.distribute_strategy.num_replicas_in_sync
        return loss / (replicas * self.accumulation_steps)

    def _sample(self, batch_size, index):
        """Draws this replica's slice of the global batch's latents, labels."""
        context = tf.distribute.get_replica_context()
        total = batch_size * context.num_replicas_in_sync
        start = batch_size * context.replica_id_in_sync_group
        seed = tf.random.fold_in(
            tf.stack([tf.constant(self.seed, tf.int64), self.step.value]),
            index,
        )
        latents = tf.random.stateless_normal([total, self.latent_dim], seed)
        latents = latents[start : start + batch_size]
        if self.num_classes is None:
            return latents, None
        labels = tf.random.stateless_uniform(
            [total],
            tf.random.fold_in(seed, 0),
            maxval=self.num_classes,
            dtype=tf.int32,
        )
        return latents, labels[start : start + batch_size]

    def _run(self, network, inputs, labels, training):
        if labels is not None:
            inputs = [inputs, labels]
        return network(inputs, training=training)

    def _discriminate(self, images, labels, training):
        """Returns the logits and the loss of the auxiliary classifier."""
        if not self.has_auxiliary_classifier:
            logits = self._run(self.discriminator, images, labels, training)
            return logits, 0.0
        logits, class_logits = self.discriminator(images, training=training)
        return logits, losses.auxiliary_classifier(class_logits, labels)

    def _unpack(self, data):
        images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        if self.num_classes is None:
            labels = None
        elif labels is None:
            raise ValueError(
                "Data of a conditional SAGAN must be pairs of images and "
                f"labels. Received: {data}"
            )
        else:
            labels = tf.reshape(tf.cast(labels, tf.int32), [-1])
        size = images.shape[0]
        parts = self.discriminator_steps * self.accumulation_steps
        if size is not None and size % parts:
            raise ValueError(
                "The size of a batch on one replica must be a multiple of "
                "`discriminator_steps` times `accumulation_steps`. Received: "
                f"batch of {size}, "
                f"discriminator_steps={self.discriminator_steps}, "
                f"accumulation_steps={self.accumulation_steps}"
            )
        return tf.cast(images, tf.float32), labels

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "generator": serialize(self.generator),
            "discriminator": serialize(self.discriminator),
            "num_classes": self.num_classes,
            "discriminator_steps": self.discriminator_steps,
            "accumulation_steps": self.accumulation_steps,
            "loss": self.loss_name,
            "ema_decay": self.ema_decay,
            "ema_start_step": self.ema_start_step,
            "seed": self.seed,
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


class _Mean(keras.metrics.Mean):
    """A mean of what is the same on all replicas.

    Keras' own sums over replicas when it is read, which is a collective
    operation: one worker alone could not save it.
    """

    def add_variable(self, *arguments, **options):
        options["aggregation"] = "only_first_replica"
        return super().add_variable(*arguments, **options)


def _sum(total, gradient):
    """Adds gradients, dense; of a variable without any it is None."""
    if gradient is None:
        return None
    return tf.convert_to_tensor(total) + tf.convert_to_tensor(gradient)
