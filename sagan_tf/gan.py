"""The training step: two networks, two optimizers, one moving average."""

import keras
import tensorflow as tf

from sagan_tf import augmentation, batches, diversity, latents, losses
from sagan_tf.distribution import ReplicaMean
from sagan_tf.models import architecture
from sagan_tf.optimizers import minimize, update_average, update_averages
from sagan_tf.utils.paired_model import PairedModel, penalty_of, run_network

_LOGITS = ("real_logits", "fake_logits")
_DISTANCES = ("real_distances", "real_pairs")
_OPTIONS = (
    "num_classes",
    "discriminator_steps",
    "accumulation_steps",
    "ema_decay",
    "ema_start_step",
    "augmentations",
    "lecam_weight",
    "mode_seeking_weight",
    "seed",
)


@keras.saving.register_keras_serializable(package="sagan_tf")
class SAGAN(PairedModel):
    """A generator and a discriminator, trained against each other.

    One `train_step` makes `discriminator_steps` discriminator updates, each
    on new real images, latents and labels, and one generator update; then it
    updates the moving average of the generator's weights. Latents are
    standard normal, labels uniform over the classes. Both depend on (`seed`,
    step) alone, not on interruptions or the number of replicas.

    In its own update the discriminator runs once, on real and generated
    images together. In the generator's update it runs with `training=False`,
    so its `u` vectors move once per discriminator update, as in the authors'
    code. `model([latents, labels])` generates images, with the moving average
    if there is one.

    Args:
        generator: `keras.Model` from `latents`, or [`latents`, `labels`], to
            images, such as `build_generator` makes.
        discriminator: `keras.Model` from `images`, or [`images`, `labels`],
            to logits (batch, 1), such as `build_discriminator` makes; or from
            `images` to logits and class logits, whose cross-entropy is added
            to both losses (Odena et al.).
        num_classes: Integer; needed if the generator is conditional and no
            layer of it has an attribute `num_classes`.
        discriminator_steps: Integer, discriminator updates per generator
            update. They share a training batch.
        accumulation_steps: Integer, number of micro-batches of an update on
            each replica. Only one micro-batch's activations are in memory at
            once. The update is the same, except for batch normalization.
        loss: "hinge" (paper) or "non_saturating".
        ema_decay: Float in [0, 1), decay of the moving average, or None for
            no average. Paper and authors' code: None; MMGeneration: 0.999.
        ema_start_step: Integer, number of first steps for which the average
            is a copy of the weights. MMGeneration: 2000.
        augmentations: Names of changes that the discriminator sees each image
            with, real and generated ones; see `augmentation.augment`.
        lecam_weight: Float of at least 0, weight of `losses.lecam` in the
            discriminator's loss; 0 for none.
        mode_seeking_weight: Float of at least 0, weight of
            `diversity.mode_seeking` in the generator's loss; 0 for none.
        seed: Integer, seed of latents, labels and augmentations.

    Raises:
        ValueError: If an argument is not as above.

    Example:

    >>> gan = SAGAN(build_generator(32, 16, 10, attention_resolutions=(16,)),
    ...     build_discriminator(32, 16, 10, attention_resolutions=(16,)))
    >>> gan.compile(keras.optimizers.Adam(1e-4, 0.0, 0.9),
    ...             keras.optimizers.Adam(4e-4, 0.0, 0.9))
    >>> gan.fit(images, labels, batch_size=64)  # images in [-1, 1]

    Reference:
        - Zhang et al., https://arxiv.org/abs/1805.08318, sections 3 and 4;
          Odena et al., https://arxiv.org/abs/1610.09585, for the classifier.
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
        augmentations=(),
        lecam_weight=0.0,
        mode_seeking_weight=0.0,
        seed=0,
        **kwargs,
    ):
        super().__init__(generator, discriminator, **kwargs)
        architecture.check_sizes(
            discriminator_steps=discriminator_steps,
            accumulation_steps=accumulation_steps,
        )
        if ema_decay is not None and not 0 <= ema_decay < 1:
            raise ValueError(
                "`ema_decay` must be in [0, 1), or None. "
                f"Received: ema_decay={ema_decay}"
            )
        losses.check_weight("lecam_weight", lecam_weight)
        losses.check_weight("mode_seeking_weight", mode_seeking_weight)
        augmentation.check_policies(augmentations)
        self.num_classes = latents.number_of_classes(generator, num_classes)
        self.latent_dim = generator.inputs[0].shape[-1]
        self.discriminator_steps = discriminator_steps
        self.accumulation_steps = accumulation_steps
        self.loss_name = loss
        self.discriminator_loss, self.generator_loss = losses.get(loss)
        self.has_auxiliary_classifier = len(discriminator.outputs) == 2
        self.ema_decay = ema_decay
        self.ema_start_step = ema_start_step
        self.augmentations = tuple(augmentations)
        self.lecam_weight = lecam_weight
        self.mode_seeking_weight = mode_seeking_weight
        self.seed = seed
        self.ema_generator = None
        if ema_decay is not None:
            self.ema_generator = keras.models.clone_model(generator)
            self.ema_generator.set_weights(generator.get_weights())
            self.ema_generator.trainable = False
        self.step = self.add_weight(
            name="step", initializer="zeros", dtype="int64", trainable=False
        )
        self.averages = {
            name: self.add_weight((), "zeros", trainable=False, name=name)
            for name in _LOGITS * bool(lecam_weight)
            + _DISTANCES * bool(mode_seeking_weight)
        }
        names = ["discriminator_loss", "generator_loss", *_LOGITS]
        names += ["class_loss"] * self.has_auxiliary_classifier
        self.trackers = [ReplicaMean(name=name) for name in names]
        self.built = True

    @property
    def inference_generator(self):
        """The generator to sample from: the averaged one if there is one."""
        return self.ema_generator or self.generator

    def call(self, inputs, training=None):
        return self.inference_generator(inputs, training=False)

    def train_step(self, data):
        shape = self.generator.output_shape[1:]
        images, labels = batches.unpack(data, shape, self.num_classes)
        sizes = batches.Sizes.of(batches.rows(images))
        parts = self.discriminator_steps
        logs = {}
        for update in range(parts):
            # Every n-th, which is the same for any number of replicas.
            part = slice(update, None, parts)
            sizes_of_part = sizes.of_part(update, parts)
            logs |= self._minimize(
                self._discriminator_loss,
                self.discriminator,
                self.discriminator_optimizer,
                sizes_of_part.total,
                images[part],
                None if labels is None else labels[part],
                *self.draw(sizes_of_part, update),
            )
        sizes_of_part = sizes.of_part(0, parts)
        logs |= self._minimize(
            self._generator_loss,
            self.generator,
            self.generator_optimizer,
            sizes_of_part.total,
            *self.draw(sizes_of_part, parts),
        )
        if self.ema_generator is not None:
            start = self.step < self.ema_start_step
            decay = tf.where(start, 0.0, self.ema_decay)
            update_average(self.ema_generator, self.generator, decay)
        logs = batches.sum_over_replicas(logs)
        update_averages(self.averages, logs, self.step)
        self.step.assign_add(1)
        # Batches of unknown size may differ: a metric is a mean over examples.
        known = isinstance(sizes.own, int)
        return self.update_metrics(logs, None if known else sizes.total)

    def _discriminator_loss(
        self, images, labels, latents, fake_labels, numbers=None
    ):
        fakes = run_network(self.generator, latents, fake_labels, training=True)
        logs = {}
        if self.mode_seeking_weight:
            found = diversity.distances_within_classes(images, labels)
            logs |= zip(_DISTANCES, found, strict=True)
        images = tf.concat([images, fakes], axis=0)
        if numbers is not None:
            numbers = tf.concat(tf.split(numbers, 2, axis=1), axis=0)
        if labels is not None:
            labels = tf.concat([labels, fake_labels], axis=0)
        logits, class_loss = self._discriminate(images, labels, numbers, True)
        penalty = penalty_of(self.discriminator)
        real_logits, fake_logits = tf.split(logits, 2)
        # `class_loss` is a mean over both halves; the loss adds the mean over
        # the real images and the mean over the generated ones.
        loss = penalty + (
            2 * class_loss + self.discriminator_loss(real_logits, fake_logits)
        )
        if self.lecam_weight:
            averages = (self.averages[name] for name in _LOGITS)
            loss += self.lecam_weight * losses.lecam(
                real_logits, fake_logits, *averages
            )
        logs["discriminator_loss"] = loss
        logs["real_logits"] = tf.reduce_mean(real_logits)
        logs["fake_logits"] = tf.reduce_mean(fake_logits)
        if self.has_auxiliary_classifier:
            logs["class_loss"] = class_loss
        return loss, logs

    def _generator_loss(self, latents, labels, numbers=None):
        images = run_network(self.generator, latents, labels, training=True)
        penalty = penalty_of(self.generator)
        logits, class_loss = self._discriminate(images, labels, numbers, False)
        loss = penalty + (class_loss + self.generator_loss(logits))
        if self.mode_seeking_weight:
            distances, pairs = (self.averages[name] for name in _DISTANCES)
            distance = tf.math.divide_no_nan(distances, pairs)
            loss += self.mode_seeking_weight * diversity.mode_seeking(
                images, labels, distance
            )
        return loss, {"generator_loss": loss}

    def _minimize(self, loss_of, network, optimizer, total, *batch):
        """Makes an optimizer step on `loss_of(*batch)` and returns its logs.

        `batch` is this replica's, `total` is the size of the global batch.
        """
        # Each micro-batch finds the same `u`, so `u` moves once per update.
        vectors = [
            variable
            for network in (self.generator, self.discriminator)
            for variable in network.non_trainable_variables
            if variable.name == "u"
        ]
        return minimize(
            loss_of,
            network.trainable_variables,
            optimizer,
            total,
            batch,
            self.accumulation_steps,
            vectors,
        )

    def draw(self, sizes, update):
        """Draws this replica's random numbers for one update.

        Args:
            sizes: `batches.Sizes`, how many to draw on each replica.
            update: Integer, index of the update within the training step.

        Returns:
            Latents, labels or None, and with augmentations their numbers,
            first those of real images, if any; see `latents.draw_update`.
        """
        seed = [tf.constant(self.seed, tf.int64), self.step.value]
        seed = tf.random.fold_in(tf.stack(seed), update)
        numbers = augmentation.count_numbers(self.augmentations)
        numbers *= 2 if update < self.discriminator_steps else 1
        return latents.draw_update(
            self.latent_dim, self.num_classes, numbers, sizes, seed
        )

    def _discriminate(self, images, labels, numbers, training):
        """Returns the logits and the loss of the auxiliary classifier."""
        if numbers is not None:
            images = augmentation.augment_with(
                images, self.augmentations, numbers
            )
        if not self.has_auxiliary_classifier:
            logits = run_network(self.discriminator, images, labels, training)
            return logits, 0.0
        logits, class_logits = self.discriminator(images, training=training)
        return logits, losses.auxiliary_classifier(class_logits, labels)

    def get_config(self):
        return {
            **super().get_config(),
            **{name: getattr(self, name) for name in _OPTIONS},
            "loss": self.loss_name,
        }
