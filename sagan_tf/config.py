"""The configuration of a run: one flat, typed, documented dataclass."""

import contextlib
import dataclasses
import json
import math
import reprlib
import typing

from sagan_tf.utils import files

# What a resumed run may change: how long it trains, where its data lie, and
# on which devices.
CHANGEABLE = ("steps", "data_dir", "strategy")

# TensorFlow counts in 32 bits.
_MOST = 2**31 - 1

_CHOICES = {
    "attention_variant": ("released", "paper"),
    "conditioning": ("projection", "auxiliary_classifier"),
    "kernel_initializer": ("glorot_uniform", "orthogonal"),
    "loss": ("hinge", "non_saturating"),
    "strategy": ("auto", "one_device", "mirrored", "multi_worker", "tpu"),
    "precision": ("float32", "mixed_bfloat16"),
    "extractor": ("inception", "classifier"),
}


@dataclasses.dataclass
class Config:
    """Everything that a training run depends on.

    The defaults are the authors' released code for ImageNet at 128 px, where
    they say anything. Every field can be set on the command line,
    `--config.batch_size=64`; lists as `--config.attention_resolutions=32,64`
    in a tuple: `"(32, 64)"`.

    Attributes:
        dataset: "digits" (scikit-learn's, no download), "image_folder", or
            the name of any TensorFlow Datasets data set.
        data_dir: Image folder, or directory of the TFDS data; "" for TFDS'
            own default.
        split: TFDS split to train on.
        image_size: Height and width in pixels: 32, 64, 128 or 256. Images
            are cropped to their centre square and resized.
        num_classes: Number of classes; 0 trains without labels; None takes
            what the data has.
        horizontal_flip: Whether images are mirrored at random.
        cache_gibibytes: Decoded images are kept in memory if they need no
            more than this many GiB.
        base_channels: Channels of the networks' narrowest block at 128 px.
        latent_dim: Length of a latent vector.
        attention_resolutions: Feature-map sizes with self-attention, in both
            networks.
        attention_variant: "released" or "paper", see `build_generator`.
        residual_resolutions: Feature-map sizes with a residual block in the
            place of self-attention, in both networks.
        conditioning: How the discriminator sees the class: "projection" or
            "auxiliary_classifier".
        rectified_shortcut: Whether the discriminator has StudioGAN's
            shortcuts, see `build_discriminator`.
        generator_spectral_normalization: Whether the generator has spectral
            normalization.
        discriminator_spectral_normalization: Whether the discriminator has.
        kernel_initializer: "glorot_uniform" (authors' code) or "orthogonal"
            (StudioGAN, MMGeneration on CIFAR-10).
        batch_normalization_momentum: Of the moving statistics in blocks.
        final_batch_normalization_momentum: Of the generator's last ones.
        batch_normalization_epsilon: Added to the variance.
        synchronized_batch_normalization: Whether batch statistics are those
            of all replicas.
        differentiate_vectors: Whether the gradient of spectral normalization
            goes through the power iteration, as in the authors' code.
        folded: Whether convolutions are folded with their resampling, and
            computed by minimal filtering where that is faster. The result is
            the same; False is slower, for checking.
        blockwise_attention: Whether large attention is computed in blocks,
            never all scores at once. The result is the same; False needs more
            memory, for checking.
        loss: "hinge" or "non_saturating".
        batch_size: Images per update, over all replicas.
        steps: Generator updates in all.
        discriminator_steps: Discriminator updates per generator update, each
            on `batch_size` fresh images.
        accumulation_steps: Micro-batches that `batch_size` is computed in,
            one after the other, for the memory of a part. The update is the
            same but for batch normalization, whose statistics are those of
            `batch_size / accumulation_steps` images and whose moving ones
            move that many times as often.
        generator_learning_rate: Of Adam.
        discriminator_learning_rate: Of Adam.
        linear_decay_steps: The last so many steps, in which both rates fall
            linearly to 0; 0 keeps them as they are.
        adam_beta_1: Decay of the gradient's average.
        adam_beta_2: Decay of the squared gradient's average. Paper: 0.9;
            authors' code: 0.999.
        adam_epsilon: Of Adam.
        ema_decay: Of the averaged generator; 0 keeps no average.
        ema_start_step: Steps for which the average is a plain copy.
        seed: Of initial weights, latents, labels, shuffling and flips.
        strategy: "one_device"; "mirrored", all GPUs of this machine;
            "multi_worker", all machines of `TF_CONFIG`; "tpu"; or "auto",
            what there is several of: machines, GPUs, or the one device. See
            docs/distributed.md.
        precision: "float32" or "mixed_bfloat16".
        jit_compile: Whether the step is compiled by XLA; one device only.
        steps_per_call: Steps run by one call into TensorFlow.
        log_every_steps: Steps between two records of the metrics; the other
            three intervals must be multiples.
        sample_every_steps: Steps between two sample grids.
        checkpoint_every_steps: Steps between two checkpoints.
        eval_every_steps: Steps between two evaluations; 0 for none. The
            checkpoint of the best Frechet distance is kept.
        eval_images: Generated images per evaluation.
        extractor: Feature extractor of evaluations: "inception", or
            "classifier" for digits.
    """

    dataset: str = "imagenet2012"
    data_dir: str = ""
    split: str = "train"
    image_size: int = 128
    num_classes: typing.Optional[int] = None
    horizontal_flip: bool = False
    cache_gibibytes: float = 2.0
    base_channels: int = 64
    latent_dim: int = 128
    attention_resolutions: typing.Tuple[int, ...] = (32,)
    attention_variant: str = "released"
    residual_resolutions: typing.Tuple[int, ...] = ()
    conditioning: str = "projection"
    rectified_shortcut: bool = False
    generator_spectral_normalization: bool = True
    discriminator_spectral_normalization: bool = True
    kernel_initializer: str = "glorot_uniform"
    batch_normalization_momentum: float = 0.999
    final_batch_normalization_momentum: float = 0.9999
    batch_normalization_epsilon: float = 1e-5
    synchronized_batch_normalization: bool = False
    differentiate_vectors: bool = False
    folded: bool = True
    blockwise_attention: bool = True
    loss: str = "hinge"
    batch_size: int = 256
    steps: int = 1_000_000
    discriminator_steps: int = 1
    accumulation_steps: int = 1
    generator_learning_rate: float = 1e-4
    discriminator_learning_rate: float = 4e-4
    linear_decay_steps: int = 0
    adam_beta_1: float = 0.0
    adam_beta_2: float = 0.999
    adam_epsilon: float = 1e-8
    ema_decay: float = 0.0
    ema_start_step: int = 0
    seed: int = 0
    strategy: str = "auto"
    precision: str = "float32"
    jit_compile: bool = False
    steps_per_call: int = 1
    log_every_steps: int = 100
    sample_every_steps: int = 1000
    checkpoint_every_steps: int = 1000
    eval_every_steps: int = 0
    eval_images: int = 10_000
    extractor: str = "inception"

    def validate(self):
        """Raises a `ValueError` that names the first field out of range.

        What depends on the networks, the data or the devices is checked
        where those are made.
        """
        for name, expected in typing.get_type_hints(type(self)).items():
            value = _checked(name, getattr(self, name), expected)
            setattr(self, name, value)
            for number in value if isinstance(value, tuple) else (value,):
                if type(number) is float and not math.isfinite(number):
                    self._reject(name, "must be finite")
                if type(number) is int and number > _MOST:
                    self._reject(name, f"must be at most {_MOST}")
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                self._reject(name, f"must be one of {choices}")
        for name in (
            "image_size", "base_channels", "latent_dim", "batch_size", "steps",
            "discriminator_steps", "accumulation_steps", "steps_per_call",
            "log_every_steps", "sample_every_steps", "checkpoint_every_steps",
            "eval_images",
        ):  # fmt: skip
            if getattr(self, name) < 1:
                self._reject(name, "must be at least 1")
        for name in (
            "ema_start_step", "eval_every_steps", "cache_gibibytes",
            "linear_decay_steps", "seed",
        ):  # fmt: skip
            if getattr(self, name) < 0:
                self._reject(name, "must not be negative")
        if self.batch_size % self.accumulation_steps:
            self._reject(
                "batch_size",
                f"must be a multiple of `accumulation_steps`="
                f"{self.accumulation_steps}",
            )
        if self.batch_size * self.discriminator_steps >= 2**30:
            self._reject(
                "batch_size",
                f"times `discriminator_steps`={self.discriminator_steps} must "
                "be below 2^30: images, real and generated, are counted in 32 "
                "bits",
            )
        if self.linear_decay_steps > self.steps:
            self._reject(
                "linear_decay_steps", f"must not exceed `steps`={self.steps}"
            )
        for name in (
            "generator_learning_rate", "discriminator_learning_rate",
            "adam_epsilon", "batch_normalization_epsilon",
        ):  # fmt: skip
            if not getattr(self, name) > 0:
                self._reject(name, "must be positive")
        for name in ("adam_beta_1", "adam_beta_2", "ema_decay"):
            if not 0 <= getattr(self, name) < 1:
                self._reject(name, "must be in [0, 1)")
        for name in (
            "batch_normalization_momentum",
            "final_batch_normalization_momentum",
        ):
            if not 0 <= getattr(self, name) <= 1:
                self._reject(name, "must be in [0, 1]")
        if self.eval_images < 10:
            self._reject("eval_images", "must be at least 10")
        if self.num_classes is not None and self.num_classes < 0:
            self._reject("num_classes", "must be None, 0 or positive")
        for name in (
            "sample_every_steps", "checkpoint_every_steps", "eval_every_steps",
        ):  # fmt: skip
            if getattr(self, name) % self.log_every_steps:
                self._reject(
                    name,
                    f"must be a multiple of `log_every_steps`="
                    f"{self.log_every_steps}",
                )

    def _reject(self, name, rule):
        raise ValueError(
            f"`{name}` {rule}. Received: {name}={getattr(self, name)!r}"
        )

    def to_json(self):
        """Returns the fields as a JSON object, indented, sorted by name."""
        return json.dumps(dataclasses.asdict(self), indent=2, sort_keys=True)

    @classmethod
    def from_json(cls, text):
        """Returns the `Config` that `to_json` wrote.

        Raises:
            ValueError: If `text` is not JSON, or has an unknown field or one
                of the wrong type, named.
        """
        try:
            fields = json.loads(text)
        except RecursionError as error:
            raise ValueError(str(error)) from None
        if not isinstance(fields, dict):
            raise ValueError(
                f"`text` must be a JSON object. Received: {text[:80]}"
            )
        types = typing.get_type_hints(cls)
        for name, value in fields.items():
            if name not in types:
                raise ValueError(f"`{name}` is not a field of Config")
            fields[name] = _checked(name, value, types[name])
        return cls(**fields)

    def changed_fields(self, other):
        """Returns lines on the fields that differ and may not on resuming."""
        return [
            f"{field.name}: {getattr(self, field.name)!r} there, "
            f"{getattr(other, field.name)!r} now"
            for field in dataclasses.fields(self)
            if field.name not in CHANGEABLE
            and getattr(self, field.name) != getattr(other, field.name)
        ]

    def save(self, path):
        """Writes the JSON to `path`, whole or not at all."""
        files.write_text(path, self.to_json() + "\n")

    @classmethod
    def load(cls, path):
        """Reads and validates what `save` wrote; errors have the path."""
        try:
            with open(path, encoding="utf-8") as file:
                config = cls.from_json(file.read())
            config.validate()
            return config
        except ValueError as error:
            raise ValueError(
                f"{path} is not a configuration: {error}"
            ) from None


def _checked(name, value, expected):
    if typing.get_origin(expected) is tuple and isinstance(
        value, (list, tuple)
    ):
        if all(type(item) is int for item in value):
            return tuple(value)
    elif typing.get_origin(expected) is typing.Union:
        if value is None or type(value) is int:
            return value
    elif expected is float and type(value) in (int, float):
        # A whole number may be too large for a float.
        with contextlib.suppress(OverflowError):
            return float(value)
    elif type(value) is expected:
        return value
    raise ValueError(
        f"`{name}` must be {expected}. Received: {reprlib.repr(value)}"
    )
