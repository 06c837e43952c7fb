"""Images per second of a training step, folded against unfolded, in pairs.

    python benchmarks/training_step.py [--image_size=32] [--batch_size=64]

A step is one discriminator and one generator update, with Adam and the
averaged generator, on random images. The two variants have the same weights
and results; they alternate in one process, because on a shared machine only
the ratio of neighbours means anything.
"""

import os
import platform
import statistics
import time

from absl import app, flags

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_IMAGE_SIZE = flags.DEFINE_integer("image_size", 32, "Pixels.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 64, "Images per update.")
_BASE_CHANNELS = flags.DEFINE_integer("base_channels", 16, "Width.")
_PAIRS = flags.DEFINE_integer("pairs", 10, "How many pairs.", lower_bound=1)


def _step(config):
    """Returns a function that runs one training step of `config`."""
    import tensorflow as tf

    from sagan_tf import training

    gan = training.build_gan(config, tf.distribute.get_strategy())
    size = config.image_size
    data = (
        tf.random.uniform((config.batch_size, size, size, 3), -1, 1),
        tf.zeros(config.batch_size, tf.int32),
    )
    step = tf.function(gan.train_step)
    step(data)
    return lambda: float(step(data)["generator_loss"])


def main(_):
    import dataclasses

    import keras
    import tensorflow as tf

    from sagan_tf import Config

    config = Config(
        image_size=_IMAGE_SIZE.value,
        batch_size=_BATCH_SIZE.value,
        base_channels=_BASE_CHANNELS.value,
        num_classes=10,
        attention_resolutions=(16,),
        ema_decay=0.999,
    )
    steps = {
        name: _step(dataclasses.replace(config, folded=name == "folded"))
        for name in ("folded", "unfolded")
    }
    seconds = {name: [] for name in steps}
    for _ in range(_PAIRS.value):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            seconds[name].append(time.perf_counter() - start)
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} "
        f"cores, TensorFlow {tf.__version__}, Keras {keras.__version__}; "
        f"{config.image_size} px, base {config.base_channels}, "
        f"batch {config.batch_size}, {_PAIRS.value} pairs"
    )
    for name, values in seconds.items():
        median = statistics.median(values)
        print(
            f"{name:9} {median:.3f} s median, {min(values):.3f} s minimum, "
            f"{config.batch_size / median:.1f} images/s"
        )
    ratios = [
        plain / folded for folded, plain in zip(*seconds.values(), strict=True)
    ]
    print(f"unfolded / folded: {statistics.median(ratios):.2f} median of pairs")


if __name__ == "__main__":
    app.run(main)
