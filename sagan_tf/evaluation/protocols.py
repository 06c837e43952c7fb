"""Evaluation protocols: what the result of an evaluation depends on."""

import dataclasses
import re

from sagan_tf.utils import fields

# With fewer images, the Frechet distance is biased upwards by whole points.
ENOUGH_IMAGES = 10_000
PRESETS = ("paper", "studiogan", "heusel")
# Names of metrics that can be asked for; `comparison` computes them.
METRICS = (
    "fid",
    "fid_infinity",
    "kid",
    "score",
    "precision_recall",
    "intra_fid",
    "class_share",
    "diversity",
)


def few_images(generated, real):
    """Returns a warning for each number of images that is too small.

    Args:
        generated, real: Integers, numbers of images; 0 if it is not known.
    """
    return [
        f"Only {count} {kind} images: below {ENOUGH_IMAGES} the Frechet "
        "distance is biased upwards"
        for kind, count in (("generated", generated), ("real", real))
        if 0 < count < ENOUGH_IMAGES
    ]


@dataclasses.dataclass(frozen=True)
class Protocol(fields.Fields):
    """How a generator is measured; a result means nothing without it.

    Each field is declared once, with its meaning and range; `describe` lists
    them.

    Raises:
        ValueError: If a field is out of range.
    """

    generated_images: int = fields.field(
        50_000, "Number of generated images.", at_least=2
    )
    real_images: int = fields.field(
        50_000,
        "Number of real images, evenly spaced over the split; 0: all.",
        at_least=0,
    )
    split: str = fields.field("", "Split of the real images; empty: the run's.")
    quantize: bool = fields.field(
        True,
        "Whether generated images are rounded to 256 levels, as real images "
        "are.",
    )
    resize: str = fields.field(
        "bicubic",
        "Antialiased method that resizes real images to the network's size; "
        "training takes the default.",
        choices=("bilinear", "bicubic", "lanczos3", "area"),
    )
    labels: str = fields.field(
        "uniform",
        "Labels of generated images. uniform: equally many of each class, in "
        "random order; data: drawn from the labels of the real images.",
        choices=("uniform", "data"),
    )
    standing_batches: int = fields.field(
        0,
        "Number of batches of 64 generated images that batch normalization "
        "takes its statistics from; 0: the moving averages of training.",
        at_least=0,
    )
    truncation: float = fields.field(
        0.0,
        "Scale of latents drawn from a normal distribution truncated at 2 "
        "standard deviations (Brock et al.); 0: the whole normal "
        "distribution.",
        at_least=0,
    )
    manifold_images: int = fields.field(
        10_000,
        "Number of images of each kind for precision, recall, density and "
        "coverage, whose time grows with its square.",
        at_least=2,
    )
    score_splits: int = fields.field(
        10, "Number of parts of the Inception score.", at_least=1
    )

    def __post_init__(self):
        self.validate()
        if self.generated_images < self.score_splits:
            self.reject(
                "generated_images",
                f"must be at least `score_splits`={self.score_splits}",
            )

    def to_dict(self):
        """Returns the fields, and `batch_statistics`, which follows from them.

        `batch_statistics` is "standing" or "moving".
        """
        standing = "standing" if self.standing_batches else "moving"
        return {**dataclasses.asdict(self), "batch_statistics": standing}


def get(name, dataset):
    """Returns the `Protocol` of a preset.

    docs/evaluation.md names the paper or the code that a preset follows.

    Args:
        name: One of `PRESETS`.
        dataset: `Config.dataset`, on which StudioGAN's protocol depends.

    Raises:
        ValueError: If `name` is not one of `PRESETS`.
    """
    if name not in PRESETS:
        raise ValueError(
            f"`preset` must be one of {PRESETS}. Received: preset={name!r}"
        )
    if name == "paper":
        return Protocol(split="train")
    if name == "heusel":
        return Protocol(split="train", real_images=0)
    # StudioGAN's tables of 2020 and 2021, and its code of that time: as many
    # generated images as held-out images, no rounding, one score.
    imagenet = re.split("[:/]", dataset)[0] == "imagenet2012"
    count = 50_000 if imagenet else 10_000
    return Protocol(
        split="validation" if imagenet else "test",
        real_images=count,
        generated_images=count,
        quantize=False,
        score_splits=1,
    )
