"""Times the training step: beside another checkout of this project.

    python benchmarks/step.py --beside=/path/to/checkout

A step is one discriminator and one generator update, with Adam and the moving
average of the generator, on random images. `--beside` alternates the step of
this checkout with the step of the other one, each imported by a process of its
own, at each of `--image_sizes` and `--precisions`. The result is
benchmarks/results/beside_<size>_<precision>.json.
"""

import pathlib

from absl import app, flags
from harness import pairs, record, workloads

_IMAGE_SIZES = flags.DEFINE_list(
    "image_sizes", ["128", "32"], "Image sizes, in pixels: 32, 64 or 128."
)
_PRECISIONS = flags.DEFINE_list(
    "precisions", ["float32", "bfloat16"], "Types to compute in."
)
_BASE_CHANNELS = flags.DEFINE_integer("base_channels", 64, "See `Config`.")
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", None, "Images per update; by default 16 at 32 px, else 8."
)
_BESIDE = flags.DEFINE_string(
    "beside", None, "Another checkout of this project, to compare with."
)

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def _print_row(child):
    print(
        f"  {child.case.name:24} {child.median:9.4f} {min(child.seconds):9.4f}"
        f" {child.peak_gibibytes:7.2f} {child.first_seconds:7.1f}",
        flush=True,
    )


def _beside(size, precision):
    """Alternates this checkout and the other one, and writes the record."""
    fields = {
        "image_size": size,
        "base_channels": _BASE_CHANNELS.value,
        "batch_size": _BATCH_SIZE.value,
        "precision": _POLICIES[precision],
    }
    other = pathlib.Path(_BESIDE.value).resolve()
    children = pairs.alternate(
        [
            pairs.Case("this checkout", "training_step", fields),
            pairs.Case("the other", "training_step", fields, str(other)),
        ]
    )
    for child in children:
        package = pathlib.Path(child.facts.pop("package"))
        if not package.is_relative_to(child.case.checkout):
            raise RuntimeError(f"{child.case.name} imported {package}")
    ratio = pairs.ratio(*children)
    record.write(
        f"beside_{size}_{precision}",
        [record.child(child) for child in children],
        {**fields, "beside": record.commit(other)},
        {"ratio": ratio},
    )
    print(f"\n{size} px, {precision}")
    for child in children:
        _print_row(child)
    print(
        f"  this / other: {ratio['median']:.3f} of the seconds "
        f"(quartiles {ratio['low']:.3f} to {ratio['high']:.3f})",
        flush=True,
    )


def main():
    for size in _IMAGE_SIZES.value:
        for precision in _PRECISIONS.value:
            _beside(int(size), precision)


if __name__ == "__main__":
    makers = {"training_step": workloads.training_step}
    app.run(lambda _: pairs.run(makers, main))
