"""Seconds until the help, an import, and the first training step.

    python benchmarks/startup.py

Each is the median of `--pairs` fresh processes, from their start. The first
step is that of the 128 px network, base width 64, 1000 classes, batch 8, on
random images. The help has to come in under 4 s, the first step in under 60.
Also says which large libraries `import sagan_tf` imports: the project loads
them where they are needed, Keras some of them wherever they are installed.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import time

import pairs
from absl import app, flags

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
flags.set_default(pairs.PAIRS, 3)

_ROOT = pathlib.Path(__file__).parents[1]
_STEP = "first training step"
# Arguments of Python, and the seconds required.
_MEASURED = {
    "train.py --help": (("train.py", "--help"), 4),
    "import keras": (("-c", "import keras"), None),
    "import sagan_tf": (("-c", "import sagan_tf"), None),
    _STEP: (None, 60),
}
_LIBRARIES = (
    "tensorflow_gan",
    "tensorflow_datasets",
    "matplotlib",
    "sklearn",
    "tensorflow_probability",
)


def _make(_):
    import tensorflow as tf

    from sagan_tf import Config, training

    config = Config(batch_size=8, num_classes=1000, ema_decay=0.999)
    gan = training.build_gan(config, tf.distribute.get_strategy())
    size = config.image_size
    data = (
        tf.random.uniform((config.batch_size, size, size, 3), -1, 1),
        tf.random.uniform((config.batch_size,), 0, 1000, tf.int32),
    )
    step = tf.function(gan.train_step)
    return lambda: float(step(data)["generator_loss"]), {}


def _python(*arguments):
    result = subprocess.run(
        [sys.executable, *arguments],
        cwd=_ROOT,
        capture_output=True,
        text=True,
    )
    # Help ends as if it were an error, but says nothing there.
    if result.returncode and result.stderr:
        raise RuntimeError(result.stderr)
    return result.stdout


def _seconds(arguments):
    start = time.perf_counter()
    if arguments is None:
        child = pairs.Child(_STEP)
        seconds = time.perf_counter() - start
        child.close()
        return seconds
    _python(*arguments)
    return time.perf_counter() - start


def _imported(module):
    code = f"import sys, {module}; print(*sys.modules)"
    return set(_python("-c", code).split())


def main():
    """Measures and prints."""
    seconds = {name: [] for name in _MEASURED}
    for _ in range(pairs.PAIRS.value):
        for name, (arguments, _) in _MEASURED.items():
            seconds[name].append(_seconds(arguments))
    print(
        f"{pairs.machine()}\n{pairs.NOTE}\n\n| | seconds | required |\n"
        "|---|---|---|"
    )
    for name, (_, required) in _MEASURED.items():
        median = statistics.median(seconds[name])
        verdict = ""
        if required is not None:
            kept = "kept" if median < required else "NOT kept"
            verdict = f"under {required}, {kept}"
        print(f"| {name} | {median:.2f} | {verdict} |")
    print("\nAfter `import sagan_tf`:\n")
    by_keras, by_us = _imported("keras"), _imported("sagan_tf")
    for library in _LIBRARIES:
        state = "not imported"
        if library in by_keras:
            state = "imported, by keras"
        elif library in by_us:
            state = "imported"
        print(f"- {library}: {state}")


if __name__ == "__main__":
    app.run(lambda _: pairs.run(_make, main))
