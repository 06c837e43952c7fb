"""Images per second and memory of a training step, against its peers.

    python benchmarks/training_step.py [--image_size=128] [--batch_size=8]

A step is one discriminator and one generator update, with Adam and the
averaged generator, on random images: of 128 px with 1000 classes, or of 32 px
with 10 (batch 16), base width 64. Its peers are

- `pytorch...`: StudioGAN's networks and step, stated in
  `benchmarks/peers/pytorch_sagan.py`: as they are, in the channels-last
  format, by `torch.compile`, with the fused Adam. A first round finds the
  fastest, which is then measured in pairs with ours. Needs the extra `import`.
- `port`: our step with folding, blocks of attention and the fused optimizer
  off and each kernel divided by its norm at each call: about what a
  straightforward Keras port does.

Multiply-adds are counted from the graphs: of our step, of the same without
minimal filtering ("folded"), and of the plain one. The peak is what a large
product of matrices, or a 3x3 convolution, reaches between the pairs, in the
same type.
"""

import dataclasses
import os
import time

import numpy as np
import pairs
from absl import app, flags

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_IMAGE_SIZE = flags.DEFINE_enum("image_size", "128", ["32", "128"], "Pixels.")
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", None, "Images per update; by default 8 at 128 px, 16 at 32."
)
_BASE_CHANNELS = flags.DEFINE_integer("base_channels", 64, "Width.")
_COMPILE = flags.DEFINE_bool("compile", True, "Try torch.compile, minutes.")
_ONLY = flags.DEFINE_list("only", [], "Comparisons, by their first words.")

_CHOICE_ROUNDS = 3
_PYTORCH = ("plain", "channels_last", "fused_adam", "compiled")


def _sizes():
    size = int(_IMAGE_SIZE.value)
    large = size == 128
    batch = _BATCH_SIZE.value or (8 if large else 16)
    return size, batch, 1000 if large else 10, 64 if large else 16


def _random_batch():
    size, batch, classes, _ = _sizes()
    random = np.random.default_rng(0)
    images = random.uniform(-1, 1, (batch, size, size, 3)).astype("float32")
    return images, random.integers(0, classes, batch)


def configuration(**changes):
    """Returns the `Config` of what is measured."""
    from sagan_tf import Config

    size, batch, classes, attention = _sizes()
    config = Config(
        image_size=size,
        batch_size=batch,
        base_channels=_BASE_CHANNELS.value,
        num_classes=classes,
        attention_resolutions=(attention,),
        ema_decay=0.999,
    )
    return dataclasses.replace(config, **changes)


def _tensorflow(precision, straightforward):
    import keras
    import tensorflow as tf

    from sagan_tf import training

    tf.config.threading.set_intra_op_parallelism_threads(pairs.cores())
    config = configuration(precision=precision)
    if straightforward:
        config = dataclasses.replace(config, **STRAIGHTFORWARD)
    gan = training.build_gan(config, tf.distribute.get_strategy())
    if straightforward:
        _make_straightforward(gan)
    images, labels = _random_batch()
    data = tf.constant(images), tf.constant(labels, tf.int32)
    step = tf.function(gan.train_step)
    facts = {
        "library": f"TensorFlow {tf.__version__}, Keras {keras.__version__}",
        "parameters": [
            sum(int(np.prod(w.shape)) for w in network.trainable_variables)
            for network in (gan.generator, gan.discriminator)
        ],
    }
    return lambda: float(step(data)["generator_loss"]), facts


# What a straightforward port of the networks to Keras has not.
STRAIGHTFORWARD = {"folded": False, "blockwise_attention": False}


def _make_straightforward(gan):
    """Turns off what no field of the configuration does."""
    import keras

    from sagan_tf.layers import SpectralNormalization

    for network in (gan.generator, gan.discriminator):
        for layer in network._flatten_layers():
            if isinstance(layer, SpectralNormalization):
                layer.divide_inputs = False
    gan.compile(
        keras.optimizers.Adam(1e-4, 0.0, 0.9),
        keras.optimizers.Adam(4e-4, 0.0, 0.9),
    )


def _pytorch(options):
    import torch
    from peers import pytorch_sagan

    torch.set_num_threads(pairs.cores())
    torch.manual_seed(0)
    size, _, classes, attention = _sizes()
    networks = pytorch_sagan.build(
        size, _BASE_CHANNELS.value, classes, attention
    )
    trainer = pytorch_sagan.Trainer(
        *networks, **{o: True for o in options if o != "plain"}
    )
    images, labels = _random_batch()
    images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    labels = torch.from_numpy(labels)
    facts = {
        "library": f"PyTorch {torch.__version__}",
        "parameters": pytorch_sagan.parameter_counts(*networks),
    }
    return lambda: trainer.step(images, labels), facts


def _peak(dtype):
    import tensorflow as tf

    matrix = tf.cast(tf.random.normal((2048, 2048)), dtype)
    features = tf.cast(tf.random.normal((8, 64, 64, 256)), dtype)
    kernel = tf.cast(tf.random.normal((3, 3, 256, 256)), dtype)
    product = tf.function(lambda: tf.matmul(matrix, matrix))
    convolution = tf.function(lambda: tf.nn.conv2d(features, kernel, 1, "SAME"))

    def best(function, operations):
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            function()
            seconds.append(time.perf_counter() - start)
        return operations / min(seconds)

    def work():
        return [
            best(product, 2048**3),
            best(convolution, 8 * 64 * 64 * 9 * 256 * 256),
        ]

    return work, {}


def make(name):
    """Makes the step of a name, for a child."""
    kind, *options = name.split()
    if kind == "peak":
        return _peak(*options)
    if kind == "pytorch":
        return _pytorch(options)
    return _tensorflow(options[0], kind == "port")


def _fastest(bfloat16):
    """Tries the variants of the peer, and returns the name of the fastest."""
    best = None
    options = ["pytorch", "bfloat16"] if bfloat16 else ["pytorch"]
    for option in _PYTORCH:
        if option == "compiled" and not _COMPILE.value:
            continue
        name = " ".join([*options, option])
        (child,) = pairs.alternate([name], _CHOICE_ROUNDS)
        _print_row(child)
        if best is None or child.minimum < best.minimum:
            # What was of use stays on when the next is tried.
            best = child
            options = name.split()
    return best.name


def _print_row(child):
    batch = _sizes()[1]
    print(
        f"  {child.name:60} {child.median:8.3f} {child.minimum:8.3f} "
        f"{batch / child.median:8.2f} {child.gibibytes:6.2f} "
        f"{child.facts['first_seconds']:6.1f}",
        flush=True,
    )


def _compare(ours, other, minimal, folded):
    """Alternates the two; ours has so many multiply-adds, by form."""
    dtype = "bfloat16" if "bfloat16" in ours else "float32"
    mine, theirs, peak = pairs.alternate([ours, other, f"peak {dtype}"])
    _print_row(mine)
    _print_row(theirs)
    matrix, convolution = np.median(peak.results, axis=0) / 1e9
    shares = [
        100 * count / mine.median / 1e9 / convolution
        for count in (minimal, folded)
    ]
    print(
        f"  => {pairs.ratio(theirs, mine):.2f} times the images/s (median of "
        f"{len(mine.seconds)} pairs; minima: "
        f"{theirs.minimum / mine.minimum:.2f}). Peak in {dtype}: "
        f"{matrix:.0f} (product), {convolution:.0f} (convolution) GMAC/s; "
        f"ours is {shares[0]:.0f} % of the latter, {shares[1]:.0f} % counted "
        "on the folded step",
        flush=True,
    )


def main():
    from multiply_adds import of_step

    size, batch, classes, attention = _sizes()
    counts = [
        of_step(configuration(**changes))
        for changes in ({}, {"folded": "convolution"}, STRAIGHTFORWARD)
    ]
    print(
        f"{pairs.machine()}\n{pairs.NOTE}\n{size} px, base "
        f"{_BASE_CHANNELS.value}, {classes} classes, attention at {attention}, "
        f"batch {batch}\nmultiply-adds of a step: {counts[0] / 1e9:.1f} G "
        f"ours, {counts[1] / 1e9:.1f} G folded, {counts[2] / 1e9:.1f} G plain\n"
        f"  {'':60} {'median s':>8} {'min s':>8} {'images/s':>8} {'GiB':>6} "
        f"{'start':>6}",
        flush=True,
    )
    comparisons = {
        "pytorch": ("ours float32", lambda: _fastest(False)),
        "port": ("ours float32", lambda: "port float32"),
        "bfloat16": ("ours mixed_bfloat16", lambda: "ours float32"),
        "pytorch_bfloat16": (
            "ours mixed_bfloat16",
            lambda: _fastest(True),
        ),
    }
    for name, (ours, other) in comparisons.items():
        if not _ONLY.value or name in _ONLY.value:
            _compare(ours, other(), *counts[:2])


if __name__ == "__main__":
    app.run(lambda _: pairs.run(make, main))
