"""The configuration of a run: one flat dataclass of declared fields."""

import dataclasses

from sagan_tf.utils import fields

# Fields of earlier versions that changed speed only.
_DROPPED = ("folded", "blockwise_attention")


@dataclasses.dataclass
class Config(fields.Fields):
    """Everything that a training run depends on.

    Each field is declared once, with its meaning and range; `describe` lists
    them, as does docs/configuration.md. The defaults are those of the authors'
    released code for ImageNet at 128 px, if it has the field. Every field can
    be set on the command line: `--config.batch_size=64`, or for a tuple
    `--config.attention_resolutions="(32, 64)"`.
    """

    dataset: str = fields.field(
        "imagenet2012",
        'Training images: "digits" (of scikit-learn, no download), '
        '"image_folder", or the name of a TensorFlow Datasets data set.',
    )
    data_dir: str = fields.field(
        "", "Image folder, or TensorFlow Datasets' directory (empty: its own)."
    )
    split: str = fields.field(
        "train",
        "Split of the TensorFlow Datasets data set to train on; for an image "
        "folder that has folders such as train/ and test/, which of them.",
    )
    label: str = fields.field(
        "",
        "Label feature of TensorFlow Datasets. Empty: label, or the only one.",
    )
    background: str = fields.field(
        "white", 'Colour that transparent pixels show: a name, or "#rrggbb".'
    )
    bad_images: str = fields.field(
        "stop",
        "What to do if images cannot be read; the log names each.",
        choices=("stop", "skip"),
    )
    small_images: str = fields.field(
        "stop",
        "What to do if images are smaller than `image_size`. A few small ones "
        "in a data set of TensorFlow Datasets are always enlarged.",
        choices=("stop", "enlarge"),
    )
    image_size: int = fields.field(
        128,
        "Height and width of the images in pixels. Images are cropped to their "
        "centre square and resized.",
        choices=(32, 64, 128, 256),
    )
    labels: bool = fields.field(
        True,
        "Whether the networks are class-conditional. False ignores labels.",
    )
    num_classes: int | None = fields.field(
        None,
        "Number of classes. None: as many as the data has. In the config.json "
        "of a run None means no classes.",
        at_least=1,
    )
    horizontal_flip: bool = fields.field(
        False, "Whether images are mirrored at random."
    )
    cache_gibibytes: float = fields.field(
        2.0,
        "Decoded images stay in memory if they need at most this many GiB.",
        at_least=0,
    )
    base_channels: int = fields.field(
        64, "Channels of the networks' narrowest block at 128 px.", at_least=1
    )
    latent_dim: int = fields.field(
        128, "Length of a latent vector.", at_least=1
    )
    attention_resolutions: tuple[int, ...] = fields.field(
        (32,), "Feature-map sizes followed by self-attention, in both networks."
    )
    attention_variant: str = fields.field(
        "released",
        "Self-attention of the authors' released code or of the paper's "
        "equations; see `build_generator`.",
        choices=("released", "paper"),
    )
    residual_resolutions: tuple[int, ...] = fields.field(
        (),
        "Feature-map sizes that are followed by a residual block instead of "
        "self-attention, in both networks.",
    )
    conditioning: str = fields.field(
        "projection",
        "How the discriminator uses the class.",
        choices=("projection", "auxiliary_classifier"),
    )
    rectified_shortcut: bool = fields.field(
        False, "Whether shortcuts are StudioGAN's; see `build_discriminator`."
    )
    generator_spectral_normalization: bool = fields.field(
        True, "Whether the generator has spectral normalization."
    )
    discriminator_spectral_normalization: bool = fields.field(
        True, "Whether the discriminator has spectral normalization."
    )
    kernel_initializer: str = fields.field(
        "glorot_uniform",
        "Initializer of kernels. Authors' code: glorot_uniform; StudioGAN, and "
        "MMGeneration on CIFAR-10: orthogonal.",
        choices=("glorot_uniform", "orthogonal"),
    )
    batch_normalization_momentum: float = fields.field(
        0.999,
        "Momentum of the moving averages of batch normalization in the "
        "generator's blocks.",
        at_least=0,
        at_most=1,
    )
    final_batch_normalization_momentum: float = fields.field(
        0.9999,
        "Momentum of the moving averages of the generator's last batch "
        "normalization.",
        at_least=0,
        at_most=1,
    )
    batch_normalization_epsilon: float = fields.field(
        1e-5, "Added to the variance in batch normalization.", above=0
    )
    synchronized_batch_normalization: bool = fields.field(
        False,
        "Whether batch normalization takes its statistics over the batches of "
        "all replicas.",
    )
    differentiate_vectors: bool = fields.field(
        False,
        "Whether the gradient of spectral normalization goes through the "
        "power iteration, as in the authors' code.",
    )
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
    seed: int = fields.field(
        0,
        "Seed of initial weights, latents, labels, shuffling and mirroring.",
        at_least=0,
    )
    strategy: str = fields.field(
        "auto",
        "Devices: one; all GPUs of this machine (mirrored); all machines in "
        "TF_CONFIG; or auto, the largest of these that there is. See "
        "docs/distributed.md.",
        choices=("auto", "one_device", "mirrored", "multi_worker", "tpu"),
    )
    precision: str = fields.field(
        "float32",
        "Keras' dtype policy of both networks.",
        choices=("float32", "mixed_bfloat16"),
    )
    jit_compile: bool = fields.field(
        False, "Whether XLA compiles the training step; one device only."
    )
    steps_per_call: int = fields.field(
        1, "Training steps that one call into TensorFlow runs.", at_least=1
    )
    log_every_steps: int = fields.field(
        100,
        "Steps between two records of the metrics. The other three intervals "
        "must be multiples of it.",
        at_least=1,
    )
    sample_every_steps: int = fields.field(
        1000, "Steps between two sample grids.", at_least=1
    )
    checkpoint_every_steps: int = fields.field(
        1000, "Steps between two checkpoints.", at_least=1
    )
    eval_every_steps: int = fields.field(
        0,
        "Steps between two evaluations; 0 for none. The checkpoint with the "
        "best Frechet distance is kept.",
        at_least=0,
    )
    eval_images: int = fields.field(
        10_000, "Number of generated images per evaluation.", at_least=10
    )
    extractor: str = fields.field(
        "inception",
        'Feature extractor of evaluations: "inception"; "classifier", trained '
        "on the labelled images; or the path of a network.",
    )

    def validate(self):
        """Raises a `ValueError` that names the first field out of range.

        What depends on the networks, the data or the devices is checked when
        these are made.
        """
        super().validate()
        if self.num_classes is not None and not self.labels:
            self.reject("num_classes", "must be None with labels=False")
        if self.batch_size * self.discriminator_steps >= 2**30:
            self.reject(
                "batch_size",
                f"times `discriminator_steps`={self.discriminator_steps} must "
                "be below 2^30: images are counted in 32 bits",
            )
        if self.linear_decay_steps > self.steps:
            self.reject(
                "linear_decay_steps", f"must be at most `steps`={self.steps}"
            )
        for name, divisor in (
            ("batch_size", "accumulation_steps"),
            ("sample_every_steps", "log_every_steps"),
            ("checkpoint_every_steps", "log_every_steps"),
            ("eval_every_steps", "log_every_steps"),
        ):
            if getattr(self, name) % getattr(self, divisor):
                self.reject(
                    name,
                    f"must be a multiple of `{divisor}`="
                    f"{getattr(self, divisor)}",
                )

    @classmethod
    def from_dict(cls, values):
        """Returns a `Config`, of this version's fields or an earlier one's."""
        values = {k: v for k, v in values.items() if k not in _DROPPED}
        if values.get("num_classes") == 0:
            # How earlier versions spelled "no classes".
            values.update(labels=False, num_classes=None)
        return super().from_dict(values)

    def resolved(self, num_classes):
        """Returns a copy for data with `num_classes` classes, or None."""
        return dataclasses.replace(
            self, labels=num_classes is not None, num_classes=num_classes
        )
