"""Images per second and latency of an exported generator, by batch size.

    python benchmarks/serving.py [--image_size=128] [--base_channels=64]

A generator with random weights and 1000 classes is exported and loaded as a
server does; `serving_default` is called in turn with each batch size. The
machine may be shared: take the medians, and p99 as what its neighbours did.
"""

import os
import platform
import tempfile
import time

from absl import app, flags

from sagan_tf.latents import draw_inputs

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_IMAGE_SIZE = flags.DEFINE_integer("image_size", 128, "Pixels.")
_BASE_CHANNELS = flags.DEFINE_integer("base_channels", 64, "Width.")
_CALLS = flags.DEFINE_integer("calls", 40, "Calls of each size.", lower_bound=2)
_BATCHES = (1, 2, 4, 8, 16, 32, 64)


def main(_):
    import numpy as np
    import tensorflow as tf

    from sagan_tf import models
    from sagan_tf.export import export_generator

    resolution = _IMAGE_SIZE.value // 2
    generator = models.build_generator(
        _IMAGE_SIZE.value,
        _BASE_CHANNELS.value,
        attention_resolutions=(resolution,),
    )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "1")
        export_generator(generator, path)
        start = time.monotonic()
        served = tf.saved_model.load(path).signatures["serving_default"]
        first = _inputs(tf, 1)
        served(**first)
        print(
            f"{_IMAGE_SIZE.value} px, base {_BASE_CHANNELS.value}, attention "
            f"at {resolution}; {platform.machine()}, {os.cpu_count()} cores; "
            f"load and first image {time.monotonic() - start:.1f} s"
        )
        print(f"{'batch':>6} {'images/s':>9} {'p50 ms':>8} {'p99 ms':>8}")
        for count in _BATCHES:
            inputs = _inputs(tf, count)
            served(**inputs)
            times = []
            for _ in range(_CALLS.value):
                start = time.monotonic()
                served(**inputs)["images"].numpy()
                times.append(time.monotonic() - start)
            middle, worst = np.percentile(times, [50, 99])
            print(
                f"{count:6} {count / middle:9.1f} {1e3 * middle:8.1f} "
                f"{1e3 * worst:8.1f}",
                flush=True,
            )


def _inputs(tf, count):
    latents, labels = draw_inputs(128, 1000, count, (0, 0))
    return {"latents": latents, "labels": tf.constant(labels)}


if __name__ == "__main__":
    app.run(main)
