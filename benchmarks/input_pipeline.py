"""Times the input pipeline alone, from a folder of JPEGs.

    python benchmarks/input_pipeline.py [--images=5000]

The folder has 10 classes and smooth noise of 160 to 256 px, quality 90. It is
opened, checked, shuffled and batched as in training, for 128 px: streamed,
which reads and decodes the files in every epoch, and kept in memory. An epoch
is timed `--pairs` times. The system has the files in its cache, since they
were just written, so that no disk is measured.

The result is benchmarks/results/input_pipeline.json.
"""

import pathlib
import tempfile
import time

from absl import app, flags, logging
from harness import pairs, record

_IMAGES = flags.DEFINE_integer("images", 5000, "JPEGs.", lower_bound=100)
flags.set_default(pairs.PAIRS, 3)

_IMAGE_SIZE = 128
_BATCH_SIZE = 8
_CLASSES = 10
# Side of a cell of noise in pixels, and its weight. Coarse shapes, some detail
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
        for cell, weight in _NOISE:
            shape = (height // cell, width // cell, 3)
            noise = random.integers(0, 256, shape, "uint8")
            noise = Image.fromarray(noise).resize((width, height))
            pixels += weight * np.asarray(noise)
        path = root / f"class{index % _CLASSES}" / f"{index:06}.jpg"
        Image.fromarray(pixels.astype("uint8")).save(path, quality=90)
        total += path.stat().st_size
    return total / _IMAGES.value


def pipeline(directory, gibibytes):
    """Makes an epoch of a folder. Its result is the processor's seconds.

    Args:
        directory: Image folder.
        gibibytes: Float, memory that decoded images may take; None for the
            default of `Config`.
    """
    import keras

    from sagan_tf import Config, data

    if gibibytes is None:
        gibibytes = Config().cache_gibibytes

    # The check of the images shows its progress and logs what it sees.
    keras.utils.disable_interactive_logging()
    logging.set_verbosity(logging.WARNING)
    source = data.check(
        data.open_source("image_folder", directory),
        _IMAGE_SIZE,
        _CLASSES,
        gibibytes * 2**30,
    )
    batches = iter(data.training_dataset(source, _IMAGE_SIZE, _BATCH_SIZE))
    count = source.size // _BATCH_SIZE

    def work():
        start = time.process_time()
        for _ in range(count):
            next(batches)
        return time.process_time() - start

    return work, {"images": count * _BATCH_SIZE}


def main():
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        jpeg_bytes = _write_folder(pathlib.Path(directory))
        for name, gibibytes in (("streamed", 0), ("in memory", None)):
            arguments = {"directory": directory, "gibibytes": gibibytes}
            case = pairs.Case(name, "pipeline", arguments)
            (child,) = pairs.alternate([case])
            row = record.measured(child)
            row["processor_seconds"] = child.results
            rows.append(row)
    record.write(
        "input_pipeline",
        rows,
        jpegs=_IMAGES.value,
        jpeg_bytes=round(jpeg_bytes),
        image_size=_IMAGE_SIZE,
        batch_size=_BATCH_SIZE,
    )
    record.print_rows("input_pipeline", rows)


if __name__ == "__main__":
    app.run(lambda _: pairs.run([pipeline], main))
