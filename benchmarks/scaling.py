"""Cost of a training step against batch, width, resolution and attention.

    python benchmarks/scaling.py [--only=batch_size,image_size=32]

A step is one discriminator and one generator update, with Adam and the
averaged generator, on random images of 10 classes. Each point is a process of
its own: a step to warm up, then `--pairs` timed ones. The peak is the resident
memory of that process, imports included. Prints a table of each sweep, and
plots them if all are measured.
"""

import os

import pairs
from absl import app, flags

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_OUTPUT = flags.DEFINE_string("output", "docs/scaling.png", "PNG to write.")
_ONLY = flags.DEFINE_list(
    "only", [], "Sweeps by what they vary, or points of them; empty for all."
)
flags.set_default(pairs.PAIRS, 3)

# What varies, what stays, and the values; attention at 0 px is none.
_SWEEPS = (
    ("batch_size", "image_size=32 base_channels=64 attention=16",
     (1, 4, 16, 64)),
    ("base_channels", "image_size=64 batch_size=4 attention=32",
     (16, 32, 64, 96)),
    ("image_size", "base_channels=16 batch_size=4 attention=16",
     (32, 64, 128, 256)),
    ("attention", "image_size=128 base_channels=32 batch_size=4",
     (0, 16, 32, 64)),
)  # fmt: skip
_LABELS = {
    "batch_size": "batch size (images)",
    "base_channels": "base width (channels)",
    "image_size": "image size (px)",
    "attention": "attention at (px; 0: none)",
}


def _sweeps():
    """Yields what varies, what stays, and the chosen values."""
    for varied, fixed, values in _SWEEPS:
        if _ONLY.value and varied not in _ONLY.value:
            values = [v for v in values if f"{varied}={v}" in _ONLY.value]
        if values:
            yield varied, fixed, values


def _configuration(name):
    from sagan_tf import Config

    words = (word.split("=") for word in name.split())
    fields = {key: int(value) for key, value in words}
    attention = fields.pop("attention")
    return Config(
        num_classes=10,
        ema_decay=0.999,
        attention_resolutions=(attention,) if attention else (),
        **fields,
    )


def _make(name):
    import tensorflow as tf

    from sagan_tf import training

    tf.config.threading.set_intra_op_parallelism_threads(pairs.cores())
    config = _configuration(name)
    gan = training.build_gan(config, tf.distribute.get_strategy())
    batch, size = config.batch_size, config.image_size
    data = (
        tf.random.uniform((batch, size, size, 3), -1, 1),
        tf.random.uniform((batch,), 0, config.num_classes, tf.int32),
    )
    step = tf.function(gan.train_step)
    return lambda: float(step(data)["generator_loss"]), {"batch": batch}


def plot(sweeps, path):
    """Plots images/s and peak memory.

    Args:
        sweeps: List of (what varies, what stays, values, rows of the table).
        path: PNG to write.
    """
    # No display is needed.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 7.5), layout="constrained")
    panels = figure.subplots(2, 2).flat
    for left, (varied, fixed, values, rows) in zip(panels, sweeps):
        _, images, gibibytes = zip(*rows)
        right = left.twinx()
        left.plot(values, images, "o-C0")
        right.plot(values, gibibytes, "s--C1")
        # A logarithm, with a place for 0.
        least = min(value for value in values if value)
        left.set_xscale("symlog", base=2, linthresh=least)
        left.set_xticks(values, values)
        if max(images) > 4 * min(images):
            left.set_yscale("log", base=2)
            left.yaxis.set_major_formatter("{x:g}")
        else:
            left.set_ylim(0)
        right.set_ylim(0)
        left.set_ylabel("images/s", color="C0")
        right.set_ylabel("peak memory (GiB)", color="C1")
        left.set(xlabel=_LABELS[varied], title=_caption(fixed))
        left.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


def _caption(fixed):
    return fixed.replace(" ", ", ").replace("=", " ").replace("_", " ")


def main():
    """Measures, prints and plots."""
    print(f"{pairs.machine()}\n{pairs.NOTE}", flush=True)
    measured = []
    for varied, fixed, values in _sweeps():
        print(
            f"\n{_caption(fixed)}:\n\n| {_LABELS[varied]} | s/step | images/s "
            "| peak GiB |\n|---|---|---|---|",
            flush=True,
        )
        rows = []
        for value in values:
            name = f"{fixed} {varied}={value}"
            (child,) = pairs.alternate([name])
            images = child.facts["batch"] / child.median
            row = child.median, images, child.gibibytes
            cells = " | ".join(f"{number:.3g}" for number in row)
            print(f"| {value} | {cells} |", flush=True)
            rows.append(row)
        measured.append((varied, fixed, values, rows))
    if not _ONLY.value:
        plot(measured, _OUTPUT.value)


if __name__ == "__main__":
    app.run(lambda _: pairs.run(_make, main))
