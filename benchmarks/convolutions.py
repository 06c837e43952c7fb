"""Seconds of each form of the networks' convolutions, forward and backward.

    python benchmarks/convolutions.py [--bfloat16]

The 3x3 convolutions of the 128 px network (base 64, batch 8), with and without
resampling: plain, as one convolution (folded), and by minimal filtering. The
forms alternate in one process; a row has the medians, the ratio of plain to
the form, and the largest difference to float32's plain form, relative to its
largest value. From these the layers' numbers of channels were chosen.
"""

import os
import statistics
import time

import pairs
from absl import app, flags

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_BFLOAT16 = flags.DEFINE_bool("bfloat16", False, "Compute in bfloat16.")

# Batch, resolution of the inputs, channels, filters.
_UPSAMPLING = (
    (8, 4, 1024, 1024), (8, 8, 1024, 512), (8, 16, 512, 256),
    (8, 32, 256, 128), (8, 64, 128, 64),
)  # fmt: skip
_DOWNSAMPLING = (
    (16, 8, 1024, 1024), (16, 16, 512, 512), (16, 32, 256, 256),
    (16, 64, 128, 128), (16, 128, 64, 64),
)  # fmt: skip
_PLAIN = (
    (16, 4, 1024, 1024), (8, 8, 1024, 1024), (8, 16, 512, 512),
    (8, 32, 256, 256), (8, 64, 128, 128), (8, 128, 64, 64),
)  # fmt: skip


def _forms(kind, filters, policy):
    """Returns the layers to compare, by name."""
    from sagan_tf import layers

    if kind == "none":
        return {
            form: layers.WinogradConv2D(
                filters, 3, padding="same", form=form, dtype=policy
            )
            for form in ("convolution", "products")
        }
    layer_class = {
        "up": layers.UpsampleConv2D, "down": layers.DownsampleConv2D,
    }[kind]  # fmt: skip
    return {
        name: layer_class(filters, folded=folded, dtype=policy)
        for name, folded in (
            ("plain", False),
            ("convolution", "convolution"),
            ("products", "products"),
        )
    }


def _step(layer, inputs):
    import tensorflow as tf

    @tf.function
    def step(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
        gradients = tape.gradient(outputs, [inputs, layer.kernel.value])
        return outputs, *gradients

    step(inputs)
    return lambda: step(inputs)


def _measure(kind, batch, size, channels, filters, policy):
    import numpy as np
    import tensorflow as tf

    inputs = tf.random.normal((batch, size, size, channels))
    forms = _forms(kind, filters, policy)
    exact = next(iter(_forms(kind, filters, "float32").values()))
    for layer in [exact, *forms.values()]:
        layer.build(inputs.shape)
        layer.kernel.assign(exact.kernel)
    expected = exact(inputs)
    inputs = tf.cast(inputs, layer.compute_dtype)
    steps = {name: _step(layer, inputs) for name, layer in forms.items()}
    seconds = {name: [] for name in forms}
    for _ in range(pairs.PAIRS.value):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            seconds[name].append(time.perf_counter() - start)
    plain = next(iter(seconds.values()))
    for name, values in seconds.items():
        ratio = statistics.median(
            p / v for p, v in zip(plain, values, strict=True)
        )
        found = tf.cast(forms[name](inputs), tf.float32)
        error = np.abs(found - expected).max() / np.abs(expected).max()
        print(
            f"| {kind} | {batch} x {size}x{size}, {channels} -> {filters} | "
            f"{name} | {1e3 * statistics.median(values):.0f} | {ratio:.2f} | "
            f"{error:.0e} |",
            flush=True,
        )


def main(_):
    policy = "mixed_bfloat16" if _BFLOAT16.value else "float32"
    print(f"{pairs.machine()}, {policy}\n{pairs.NOTE}\n")
    print("| resampling | inputs | form | ms | plain / form | error |")
    print("|---|---|---|---|---|---|")
    for kind, shapes in (
        ("none", _PLAIN), ("up", _UPSAMPLING), ("down", _DOWNSAMPLING),
    ):  # fmt: skip
        for shape in shapes:
            _measure(kind, *shape, policy)


if __name__ == "__main__":
    app.run(main)
