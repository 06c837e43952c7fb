"""Images per second of the input pipeline alone, from a folder of JPEGs.

    python benchmarks/input_pipeline.py [--images=10000] [--consumed=2]

The folder has 10 classes and smooth noise of 160 to 256 px, quality 90. It is
opened, checked, shuffled and batched as in training, for 128 px: streamed,
which reads and decodes in every epoch, and kept in memory. A pass is an epoch;
the median of `--passes` is printed. Files just written are read from the
system's cache, so that no disk is measured.

Cores are reckoned by images/s over all cores of this machine, as if all of
them worked for the pipeline. What a GPU's training step consumes is an
assumption.
"""

import os
import pathlib
import statistics
import tempfile
import time

import pairs
from absl import app, flags, logging

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_IMAGES = flags.DEFINE_integer("images", 10_000, "JPEGs.", lower_bound=100)
_PASSES = flags.DEFINE_integer("passes", 3, "Epochs timed.", lower_bound=1)
_CONSUMED = flags.DEFINE_float(
    "consumed", 2.0, "Images/s of a training step to compare with."
)

_IMAGE_SIZE = 128
_BATCH_SIZE = 8
_CLASSES = 10
_GPU_IMAGES = (200, 500, 1000)
# Side of a cell of noise in pixels, and its share: coarse shapes, some detail
# and a little grain come near a photograph's bytes per pixel.
_NOISE = ((32, 0.6), (8, 0.25), (2, 0.15))


def _write_folder(root):
    """Writes the JPEGs; returns their mean number of bytes."""
    import numpy as np
    from PIL import Image

    random = np.random.default_rng(0)
    for label in range(_CLASSES):
        (root / f"class{label}").mkdir()
    total = 0
    for index in range(_IMAGES.value):
        width, height = (int(n) for n in random.integers(160, 257, 2))
        pixels = np.zeros((height, width, 3), "float32")
        for cell, share in _NOISE:
            shape = (height // cell, width // cell, 3)
            noise = random.integers(0, 256, shape, "uint8")
            noise = Image.fromarray(noise).resize((width, height))
            pixels += share * np.asarray(noise)
        path = root / f"class{index % _CLASSES}" / f"{index:06}.jpg"
        Image.fromarray(pixels.astype("uint8")).save(path, quality=90)
        total += path.stat().st_size
    return total / _IMAGES.value


def _measure(source):
    """Returns images/s, and images per second of processor time."""
    from sagan_tf import data

    dataset = data.training_dataset(source, _IMAGE_SIZE, _BATCH_SIZE)
    batches = iter(dataset)
    # Building and filling the buffers is not a pass' time.
    next(batches)
    count = source.size // _BATCH_SIZE
    by_wall, by_processor = [], []
    for _ in range(_PASSES.value):
        wall, processor = time.perf_counter(), time.process_time()
        for _ in range(count):
            next(batches)
        images = count * _BATCH_SIZE
        by_wall.append(images / (time.perf_counter() - wall))
        by_processor.append(images / (time.process_time() - processor))
    return statistics.median(by_wall), statistics.median(by_processor)


def main(_):
    import keras

    from sagan_tf import Config, data

    # The check shows its progress, and logs what it sees.
    keras.utils.disable_interactive_logging()
    logging.set_verbosity(logging.WARNING)
    columns = " | ".join(f"cores for {images}/s" for images in _GPU_IMAGES)
    with tempfile.TemporaryDirectory() as directory:
        size = _write_folder(pathlib.Path(directory))
        source = data.open_source("image_folder", directory)
        print(
            f"{pairs.machine()}\n{pairs.NOTE}\n{source.size} JPEGs of "
            f"{size / 1024:.0f} KiB to {_IMAGE_SIZE} px, batch {_BATCH_SIZE}"
            "\n\n| | images/s | per core | per second of processor time "
            f"| / {_CONSUMED.value:g} consumed | {columns} |\n"
            f"|{'---|' * (5 + len(_GPU_IMAGES))}",
            flush=True,
        )
        for name, gibibytes in (
            ("streamed", 0),
            ("in memory", Config().cache_gibibytes),
        ):
            checked = data.check(
                source, _IMAGE_SIZE, _CLASSES, gibibytes * 2**30
            )
            images, by_processor = _measure(checked)
            per_core = images / pairs.cores()
            needed = " | ".join(f"{n / per_core:.1f}" for n in _GPU_IMAGES)
            print(
                f"| {name} | {images:.0f} | {per_core:.0f} "
                f"| {by_processor:.0f} | {images / _CONSUMED.value:.0f} "
                f"| {needed} |",
                flush=True,
            )


if __name__ == "__main__":
    app.run(main)
