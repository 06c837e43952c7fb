"""The configuration of a run: one flat dataclass of declared fields."""

import dataclasses

from sagan_tf.config.images import ImageFields
from sagan_tf.config.networks import NetworkFields
from sagan_tf.config.run import RunFields
from sagan_tf.config.training import TrainingFields

# Fields of earlier versions that changed speed only.
_DROPPED = ("folded", "blockwise_attention")


@dataclasses.dataclass
class Config(RunFields, TrainingFields, NetworkFields, ImageFields):
    """Everything that a training run depends on.

    Each field is declared once, with its meaning and range, in the files beside
    this one; `describe` lists them, as does docs/configuration.md. The defaults
    are those of the authors' released code for ImageNet at 128 px, if it has
    the field. Every field can be set on the command line:
    `--config.batch_size=64`, or for a tuple
    `--config.attention_resolutions="(32, 64)"`.
    """

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
