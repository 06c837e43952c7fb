"""Prints docs/variants.md, the table of the configurations' variants.

python docs/variants.py > docs/variants.md
"""

import dataclasses
import os
import pathlib
import runpy

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402

from sagan_tf.models.from_config import build_networks

CONFIGS = pathlib.Path(__file__).parents[1] / "configs"
CLASSES = {"imagenet128": 1000, "cifar10": 10}


def load(name):
    """Returns what a configuration file defines."""
    return runpy.run_path(str(CONFIGS / f"{name}.py"))


def differing_fields(config, default):
    """Returns the fields of `config` that are not those of `default`."""
    return [
        f"{field.name}={getattr(config, field.name)!r}"
        for field in dataclasses.fields(config)
        if getattr(config, field.name) != getattr(default, field.name)
    ]


def parameter_counts(config, num_classes):
    """Returns the numbers of trainable parameters, of both networks."""
    config = dataclasses.replace(config, num_classes=num_classes)
    return [
        sum(int(np.prod(w.shape)) for w in network.trainable_weights)
        for network in build_networks(config)
    ]


def table(name):
    """Returns the lines of a configuration's table."""
    module = load(name)
    variants = list(module["VARIANTS"])
    default = module["get_config"]()
    lines = [
        f"## configs/{name}.py",
        "",
        f"Fields that differ from `{variants[0]}`, the default; trainable "
        "parameters of the generator and the discriminator; published result.",
        "",
        "| variant | fields | generator | discriminator | published |",
        "|---|---|---|---|---|",
    ]
    for variant in variants:
        config = module["get_config"](variant)
        fields = ", ".join(
            f"`{field}`" for field in differing_fields(config, default)
        )
        generator, discriminator = parameter_counts(config, CLASSES[name])
        published = module["PUBLISHED"].get(variant, "-")
        lines.append(
            f"| `{variant}` | {fields or '-'} | {generator:,} "
            f"| {discriminator:,} | {published} |"
        )
    return lines


def document():
    """Returns the whole document."""
    lines = [
        "# Variants",
        "",
        "Written by `make docs` (docs/variants.py); not by hand. The published "
        "results are other people's: no variant was run to its end here.",
        "",
    ]
    for name in CLASSES:
        lines += [*table(name), ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    print(document(), end="")
