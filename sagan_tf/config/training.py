"""Fields of a configuration: the training step."""

import dataclasses

from sagan_tf.utils import fields


@dataclasses.dataclass
class TrainingFields(fields.Fields):
    """The training step."""

    loss: str = fields.field(
        "hinge", "Adversarial loss.", choices=("hinge", "non_saturating")
    )
    batch_size: int = fields.field(
        256, "Images per update, over all replicas.", at_least=1
    )
    steps: int = fields.field(
        1_000_000, "Number of generator updates in all.", at_least=1
    )
    discriminator_steps: int = fields.field(
        1,
        "Discriminator updates per generator update, each on `batch_size` "
        "new images.",
        at_least=1,
    )
    accumulation_steps: int = fields.field(
        1,
        "Gradient accumulation: the number of micro-batches that each update "
        "is computed in, which need less memory than the whole batch. Batch "
        "normalization takes its statistics over a micro-batch.",
        at_least=1,
    )
    generator_learning_rate: float = fields.field(
        1e-4, "Learning rate of the generator's Adam.", above=0
    )
    discriminator_learning_rate: float = fields.field(
        4e-4, "Learning rate of the discriminator's Adam.", above=0
    )
    linear_decay_steps: int = fields.field(
        0,
        "Number of last steps during which both learning rates decay linearly "
        "to 0; 0 keeps them constant.",
        at_least=0,
    )
    adam_beta_1: float = fields.field(
        0.0,
        "Decay of Adam's moving average of the gradient.",
        at_least=0,
        below=1,
    )
    adam_beta_2: float = fields.field(
        0.999,
        "Decay of Adam's moving average of the squared gradient. Paper: 0.9; "
        "authors' code: 0.999.",
        at_least=0,
        below=1,
    )
    adam_epsilon: float = fields.field(
        1e-8, "Added to the denominator of Adam's update.", above=0
    )
    ema_decay: float = fields.field(
        0.0,
        "Decay of the generator's moving average; 0 keeps no average.",
        at_least=0,
        below=1,
    )
    ema_start_step: int = fields.field(
        0,
        "Number of first steps for which the average copies the weights.",
        at_least=0,
    )
    augmentations: tuple[str, ...] = fields.field(
        (),
        "Random changes that the discriminator sees each image with, real and "
        "generated ones, for few training images: color, translation, cutout.",
        choices=("color", "translation", "cutout"),
    )
    lecam_weight: float = fields.field(
        0.0,
        "Weight of LeCam regularization in the discriminator's loss, for few "
        "training images; 0 for none.",
        at_least=0,
    )
    mode_seeking_weight: float = fields.field(
        0.0,
        "Weight of mode seeking regularization in the generator's loss, which "
        "keeps the images of a class as different as real ones; 0 for none.",
        at_least=0,
    )
    seed: int = fields.field(
        0,
        "Seed of initial weights, latents, labels, augmentations, shuffling "
        "and mirroring.",
        at_least=0,
    )
