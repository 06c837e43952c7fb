"""Images per second of an exported generator, against PyTorch StudioGAN's.

    python benchmarks/generation.py [--image_size=128] [--batch_size=16]

A generator with random weights is exported and loaded as a server does; it is
called through the signature `images_float`. Its peer is StudioGAN's generator
in evaluation mode, as `benchmarks/peers/pytorch_sagan.py` states it: plain, in
the channels-last format, by `torch.compile`, and by both. A first round finds
the fastest, which is then measured in pairs with ours. The aim is twice its
images per second. Needs the extra `import`.

The first image is timed from the start of a fresh process, imports included,
with files that the system may have cached; the aim is under 10 seconds.
"""

import os
import statistics
import tempfile
import time

import pairs
from absl import app, flags

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_IMAGE_SIZE = flags.DEFINE_integer("image_size", 128, "Pixels.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 16, "Images of a call.")
_BASE_CHANNELS = flags.DEFINE_integer("base_channels", 64, "Width.")
_SAVED_MODEL = flags.DEFINE_string(
    "saved_model", None, "Used by the program itself."
)

_CLASSES = 1000
_PYTORCH = ("plain", "channels_last", "compiled", "channels_last compiled")
_CHOICE_ROUNDS = 3
_FIRST_IMAGES = 3
_LEAST_SPEED, _MOST_SECONDS = 2, 10


def _attention_resolution():
    return _IMAGE_SIZE.value // 2


def _inputs(batch):
    import numpy as np

    random = np.random.default_rng(0)
    latents = random.standard_normal((batch, 128), "float32")
    return latents, random.integers(0, _CLASSES, batch)


def _saved_model(batch):
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(pairs.cores())
    model = tf.saved_model.load(_SAVED_MODEL.value)
    served = model.signatures["images_float"]
    latents, labels = _inputs(batch)
    inputs = {
        "latents": tf.constant(latents),
        "labels": tf.constant(labels, tf.int32),
    }
    return lambda: served(**inputs)["images"].numpy().shape, {}


def _pytorch(options):
    import torch
    from peers import pytorch_sagan

    torch.set_num_threads(pairs.cores())
    generator, _ = pytorch_sagan.build(
        _IMAGE_SIZE.value,
        _BASE_CHANNELS.value,
        _CLASSES,
        _attention_resolution(),
    )
    if "channels_last" in options:
        generator = generator.to(memory_format=torch.channels_last)
    if "compiled" in options:
        generator = torch.compile(generator)
    inputs = [torch.from_numpy(array) for array in _inputs(_BATCH_SIZE.value)]

    def work():
        return pytorch_sagan.generate(generator, *inputs).numpy().shape

    return work, {}


def make(name):
    """Makes the call of a name, for a child."""
    kind, *options = name.split()
    if kind == "pytorch":
        return _pytorch(options)
    return _saved_model(int(options[0]))


def _print_row(child):
    speed = _BATCH_SIZE.value / child.median
    print(
        f"  {child.name:36} {child.median:9.3f} {child.minimum:9.3f} "
        f"{speed:9.2f}",
        flush=True,
    )


def _fastest():
    """Tries the variants of the peer, and returns the name of the fastest."""
    tried = []
    for options in _PYTORCH:
        tried += pairs.alternate([f"pytorch {options}"], _CHOICE_ROUNDS)
        _print_row(tried[-1])
    return min(tried, key=lambda child: child.minimum).name


def _export(path):
    from sagan_tf import models
    from sagan_tf.export import export_generator

    generator = models.build_generator(
        _IMAGE_SIZE.value,
        _BASE_CHANNELS.value,
        _CLASSES,
        attention_resolutions=(_attention_resolution(),),
    )
    export_generator(generator, path)


def _seconds_to_first_image(arguments):
    start = time.perf_counter()
    child = pairs.Child("ours 1", arguments)
    seconds = time.perf_counter() - start
    child.close()
    return seconds


def main():
    print(
        f"{pairs.machine()}\n{pairs.NOTE}\n{_IMAGE_SIZE.value} px, base "
        f"{_BASE_CHANNELS.value}, {_CLASSES} classes, attention at "
        f"{_attention_resolution()}, batch {_BATCH_SIZE.value}\n"
        f"  {'':36} {'median s':>9} {'min s':>9} {'images/s':>9}",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "1")
        _export(path)
        arguments = [f"--saved_model={path}"]
        first = [
            _seconds_to_first_image(arguments) for _ in range(_FIRST_IMAGES)
        ]
        ours, theirs = pairs.alternate(
            [f"ours {_BATCH_SIZE.value}", _fastest()], arguments=arguments
        )
    _print_row(ours)
    _print_row(theirs)
    print(
        f"  => {pairs.ratio(theirs, ours):.2f} times the images/s (median of "
        f"{len(ours.seconds)} pairs; aim: {_LEAST_SPEED})\nfirst image of a "
        f"fresh process: {statistics.median(first):.1f} s (median of "
        f"{len(first)}; aim: under {_MOST_SECONDS})"
    )


if __name__ == "__main__":
    app.run(lambda _: pairs.run(make, main))
