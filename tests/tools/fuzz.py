"""Feeds broken configurations and images to what reads them.

    python tests/tools/fuzz.py --minutes=10 [--seed=0] [--output=fuzz]

Each input is a valid file, mutated. Configurations go through `Config.load`,
images through the check and the decoding of an image folder, as in training.
Anything but acceptance or the documented refusal is a finding: another
exception, a crash, a hang, memory without bounds. What led to it is kept in
OUTPUT. It ends with the counts, and with code 1 if there were findings.
"""

import faulthandler
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

from absl import app, flags

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import allocation
import mutations
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from sagan_tf import Config, data
from sagan_tf.data.pictures import examine
from sagan_tf.data.resizing import METHOD

# Of this program alone: its tests import it beside others that have the same.
_FLAGS = flags.FlagValues()
_MINUTES = flags.DEFINE_float(
    "minutes", 10, "How long.", lower_bound=0, flag_values=_FLAGS
)
_SEED = flags.DEFINE_integer(
    "seed", 0, "Seed of the mutations.", flag_values=_FLAGS
)
_OUTPUT = flags.DEFINE_string(
    "output", "fuzz", "Folder of what was found.", flag_values=_FLAGS
)
_CHILD = flags.DEFINE_bool(
    "child", False, "Set by the program for itself.", flag_values=_FLAGS
)

SIZE = 32
# Of one input. The most pixels that are decoded need half of the memory.
SECONDS = 20
BYTES = 2**30
# One in so many images also goes through the whole pipeline of training.
_WHOLE = 50


def try_config(path):
    """Whether a configuration is accepted; raises what is a finding."""
    try:
        config = Config.load(path)
    except ValueError as error:
        assert str(path) in str(error), f"`{error}` does not name the file"
        assert len(str(error)) < 2000, "a refusal as long as the file"
        return False
    config.validate()
    assert Config.from_json(config.to_json()) == config
    return True


class Images:
    """Decodes images as training does."""

    def __init__(self):
        # Of any folder: what decodes takes the path from the record.
        with tempfile.TemporaryDirectory() as folder:
            suffix, content = mutations.image_seeds()[0]
            pathlib.Path(folder, f"0{suffix}").write_bytes(content)
            prepare = data.open_source("image_folder", folder).prepare
        self._count = 0
        self._prepared = tf.function(
            lambda path: prepare(path, 0, image_size=SIZE, method=METHOD)[0],
            input_signature=[tf.TensorSpec((), tf.string)],
        )

    def try_image(self, path):
        """Whether an image is accepted; raises what is a finding."""
        self._count += 1
        accepted = self._is_decoded(path)
        if self._count % _WHOLE == 0:
            checked = self._is_checked(path)
            assert checked <= accepted, "accepted by the check alone"
        return accepted

    def _is_decoded(self, path):
        try:
            examine(path)
            image = self._prepared(str(path))
        except (ValueError, tf.errors.InvalidArgumentError):
            return False
        assert image.shape == (SIZE, SIZE, 3) and image.dtype == tf.uint8
        return True

    def _is_checked(self, path):
        with tempfile.TemporaryDirectory() as folder:
            file = shutil.copy(path, folder)
            source = data.open_source("image_folder", folder)
            try:
                source = data.check(source, SIZE, None, cache_bytes=0)
            except ValueError as error:
                assert str(file) in str(error), f"`{error}` names no file"
                return False
            batches = data.training_dataset(source, SIZE, 1, labelled=False)
            images = next(iter(batches)).numpy()
            assert images.shape == (1, SIZE, SIZE, 3)
            assert np.abs(images).max() <= 1
        return True


def attempts(seed, folder):
    """Yields (kind, path, function that tries the file there), without end.

    Before each, the file is written; it stays until the next.
    """
    rng, seeds, images = random.Random(seed), mutations.image_seeds(), Images()
    while True:
        # Configurations have fewer ways to be wrong.
        if rng.random() < 0.2:
            suffix, content = ".json", mutations.mutated_config(rng)
            kind, function = "configuration", try_config
        else:
            suffix, content = mutations.mutated_image(seeds, rng)
            kind, function = "image", images.try_image
        for left in folder.glob("input.*"):
            left.unlink()
        path = folder / f"input{suffix}"
        path.write_bytes(content)
        yield kind, path, function


def fuzz(seed, folder, seconds, most=None, found=print):
    """Tries inputs; returns the counts by kind and outcome.

    Args:
        seed: Integer.
        folder: Path of an empty folder, for the input at hand.
        seconds: Float, when to end.
        most: Integer, how many inputs at most, or None.
        found: Function of the path and a description of a finding.
    """
    counts, most_memory = {}, None
    end = time.monotonic() + seconds
    for number, (kind, path, function) in enumerate(attempts(seed, folder)):
        if time.monotonic() > end or number == most:
            return counts
        faulthandler.dump_traceback_later(SECONDS, exit=True)
        try:
            outcome = "accepted" if function(path) else "refused"
            memory = allocation.peak_bytes()
            # TensorFlow's own needs are in those of the first inputs.
            if most_memory is None or number < 200:
                most_memory = memory + BYTES
            assert memory < most_memory, f"{memory} bytes of memory"
        except Exception:
            outcome = "findings"
            found(path, traceback.format_exc())
        faulthandler.cancel_dump_traceback_later()
        key = f"{kind}: {outcome}"
        counts[key] = counts.get(key, 0) + 1
        if number % 200 == 0:
            (folder / "counts").write_text(json.dumps(counts))
    return counts


def _child():
    def found(path, description):
        name = f"{time.time_ns()}{path.suffix}"
        shutil.copy(path, pathlib.Path(_OUTPUT.value, name))
        print(f"{name}: {description}", flush=True)

    folder = pathlib.Path(os.environ["FUZZ_FOLDER"])
    counts = fuzz(_SEED.value, folder, _MINUTES.value * 60, found=found)
    (folder / "counts").write_text(json.dumps(counts))


def main(_):
    if _CHILD.value:
        _child()
        return
    output = pathlib.Path(_OUTPUT.value)
    output.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + _MINUTES.value * 60
    total, seed = {"crashes": 0}, _SEED.value
    while (left := end - time.monotonic()) > 0:
        with tempfile.TemporaryDirectory() as folder:
            # In a process of its own, since a decoder may end it.
            log = output / f"stderr{seed}.txt"
            with open(log, "wb") as file:
                process = subprocess.run(
                    [
                        sys.executable,
                        __file__,
                        "--child",
                        f"--minutes={left / 60}",
                        f"--seed={seed}",
                        f"--output={output}",
                    ],
                    env={**os.environ, "FUZZ_FOLDER": folder},
                    stderr=file,
                )
            counts = pathlib.Path(folder, "counts")
            counts = json.loads(counts.read_text()) if counts.exists() else {}
            for key, count in counts.items():
                total[key] = total.get(key, 0) + count
            if process.returncode:
                total["crashes"] += 1
                print(f"seed {seed}: ended by {process.returncode}")
                for path in pathlib.Path(folder).glob("input.*"):
                    shutil.copy(path, output / f"crash{seed}{path.suffix}")
            else:
                # Decoders have much to say of broken files.
                log.unlink()
        seed += 1
    for key, count in sorted(total.items()):
        print(f"{key}: {count}")
    if total["crashes"] or any("findings" in key for key in total):
        sys.exit(f"what was found is in {output}")


if __name__ == "__main__":
    app.run(main, flags_parser=lambda argv: flags.FLAGS(_FLAGS(argv, True)))
