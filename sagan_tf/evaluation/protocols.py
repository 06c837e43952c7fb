"""What an evaluation depends on, by name."""

import dataclasses
import math
import re

# Below so many images the Frechet distance is biased upwards by points.
ENOUGH_IMAGES = 10_000


@dataclasses.dataclass(frozen=True)
class Protocol:
    """How a generator is measured; a number means nothing without it.

    Attributes:
        generated_images: How many images are generated.
        real_images: How many real ones they are compared with, evenly spaced
            over the split; 0 for all.
        split: Split of the data set they are from; "" for the run's own.
        quantize: Whether generated images are rounded to 256 levels, as real
            ones are and as a file would have them.
        resize: Method by which real images are brought to the network's size,
            antialiased: "bilinear", "bicubic", "lanczos3" or "area".
        labels: Of generated images: "uniform", each class as often as the
            others, in random order, or "data", drawn from those of the real
            images.
        batch_statistics: "moving", those of training, or "standing", those of
            `standing_batches` batches of 64 generated images.
        standing_batches: Integer; 0 for "moving".
        truncation: Latents are normal within 2 standard deviations, times
            this (Brock et al.); 0 for the whole normal distribution.
        manifold_images: Of each kind, for precision, recall, density and
            coverage, which take time with the square of it.
        score_splits: Parts of the Inception score.
    """

    generated_images: int = 50_000
    real_images: int = 50_000
    split: str = ""
    quantize: bool = True
    resize: str = "bilinear"
    labels: str = "uniform"
    batch_statistics: str = "moving"
    standing_batches: int = 0
    truncation: float = 0.0
    manifold_images: int = 10_000
    score_splits: int = 10

    def __post_init__(self):
        for name, least in (
            ("generated_images", max(2, self.score_splits)),
            ("real_images", 0),
            ("standing_batches", 0),
            ("truncation", 0),
            ("manifold_images", 2),
            ("score_splits", 1),
        ):
            if not least <= getattr(self, name) < math.inf:
                self._reject(name, f"must be at least {least}, and finite")
        for name, choices in (
            ("resize", ("bilinear", "bicubic", "lanczos3", "area")),
            ("labels", ("uniform", "data")),
            ("batch_statistics", ("moving", "standing")),
        ):
            if getattr(self, name) not in choices:
                self._reject(name, f"must be one of {choices}")
        standing = self.batch_statistics == "standing"
        if standing != (self.standing_batches > 0):
            self._reject(
                "standing_batches",
                f"must be {'positive' if standing else 0} with "
                f"batch_statistics={self.batch_statistics!r}",
            )

    def _reject(self, name, rule):
        raise ValueError(
            f"`{name}` {rule}. Received: {name}={getattr(self, name)!r}"
        )


PRESETS = ("paper", "studiogan", "heusel")


def get(name, dataset):
    """Returns the `Protocol` of a preset; docs/evaluation.md says whose.

    Args:
        name: One of `PRESETS`.
        dataset: `Config.dataset`; StudioGAN's depends on it.

    Raises:
        ValueError: If there is none of that name.
    """
    if name not in PRESETS:
        raise ValueError(
            f"`preset` must be one of {PRESETS}. Received: preset={name!r}"
        )
    if name == "paper":
        return Protocol(split="train")
    if name == "heusel":
        return Protocol(split="train", real_images=0)
    # StudioGAN's tables of 2020 and 2021, and its code of then: as many
    # generated as held-out images, not rounded, no parts in the score.
    imagenet = re.split("[:/]", dataset)[0] == "imagenet2012"
    count = 50_000 if imagenet else 10_000
    return Protocol(
        split="validation" if imagenet else "test",
        real_images=count,
        generated_images=count,
        quantize=False,
        score_splits=1,
    )
