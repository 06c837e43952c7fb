"""The flags of the programs that compare training steps or generators."""

from absl import flags

IMAGE_SIZES = flags.DEFINE_list(
    "image_sizes", None, "Image sizes to compare at, in pixels."
)
PRECISIONS = flags.DEFINE_list(
    "precisions", ["float32", "bfloat16"], "Types to compute in."
)
BASE_CHANNELS = flags.DEFINE_integer("base_channels", 64, "See `Config`.")
BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", None, "Images of a step or call, if not the program's own."
)
ROWS = flags.DEFINE_multi_string(
    "row", [], "A row to compare; can be repeated. All by default."
)


def fields(size, precision="float32"):
    """Returns the arguments of `workloads.configuration` that flags choose.

    Args:
        size: Integer, image size in pixels.
        precision: "float32" or "bfloat16".
    """
    return {
        "image_size": size,
        "precision": precision,
        "base_channels": BASE_CHANNELS.value,
        "batch_size": BATCH_SIZE.value,
    }


def sizes_and_precisions(*sizes):
    """Yields all pairs of an image size and a type to compare at.

    Args:
        *sizes: Integers, the image sizes if `--image_sizes` is not given.
    """
    for size in map(int, IMAGE_SIZES.value or sizes):
        for precision in PRECISIONS.value:
            yield size, precision


def wanted(name):
    """Returns whether to measure the row called `name`."""
    return not ROWS.value or name in ROWS.value
