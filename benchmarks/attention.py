"""Time and memory of self-attention in blocks, against the plain computation.

    python benchmarks/attention.py [--size=64] [--large_size=128] [--pairs=10]

Both are the layer `SelfAttention`, forward and backward: its outputs, and the
gradients of its inputs and of all its weights for a given upstream tensor. The
aim is at most a quarter of the peak in at most 1.1 times the time.

A peak is the most resident memory during a call, less what the process held
before its first call at that size: inputs and upstream are not in it, nor are
tracing and the code of the kernels, which calls on small maps have loaded. Of
a larger map the blocks alone run, with one image and with as many as the plain
layer cannot hold in 24 GiB. Its need is computed: how many float32 tensors of
all the scores it keeps at once is measured on the smaller map.
"""

import math
import os

import pairs
from absl import app, flags

# As in train.py.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

_SIZE = flags.DEFINE_integer("size", 64, "Of the maps that both run on.")
_LARGE_SIZE = flags.DEFINE_integer("large_size", 128, "For the blocks alone.")
_CHANNELS = flags.DEFINE_integer("channels", 128, "Of the maps.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 16, "Images, where both run.")
_MEMORY = flags.DEFINE_float("memory", 24, "GiB that the plain layer exceeds.")

_LEAST_SAVING, _MOST_TIME = 4, 1.1


def _forget_peak():
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def make(name):
    """Makes the work of "blocks or plain, policy, size, batch"."""
    import tensorflow as tf

    from sagan_tf import layers

    kind, policy, size, batch = name.split()
    tf.config.threading.set_intra_op_parallelism_threads(pairs.cores())
    layer = layers.SelfAttention(blockwise=kind == "blocks", dtype=policy)
    layer.build((None, None, None, _CHANNELS.value))
    layer.gamma.assign(0.5)

    @tf.function
    def gradients(inputs, upstream):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
        sources = [inputs, *layer.trainable_variables]
        return outputs, tape.gradient(outputs, sources, upstream)

    def prepared(size, batch):
        shape = (batch, size, size, _CHANNELS.value)
        inputs, upstream = (
            tf.random.normal(shape, dtype=layer.compute_dtype) for _ in "ab"
        )
        function = gradients.get_concrete_function(inputs, upstream)
        return lambda: function(inputs, upstream)

    for small_batch in (1, 16):
        prepared(16, small_batch)()
    call = prepared(int(size), int(batch))
    before = pairs.resident("VmRSS")

    def work():
        _forget_peak()
        call()
        return pairs.resident() - before

    return work, {}


def _peak(child):
    return max(child.results)


def _print_row(child):
    print(
        f"  {child.name:36} {child.median:9.3f} {child.minimum:9.3f} "
        f"{_peak(child):9.3f}",
        flush=True,
    )


def _gibibytes_of_scores(size, batch):
    """Of one float32 tensor of all scores; the keys are pooled."""
    return batch * size**2 * (size // 2) ** 2 * 4 / 2**30


def _compare(policy):
    shape = f"{policy} {_SIZE.value} {_BATCH_SIZE.value}"
    blocks, plain = pairs.alternate([f"blocks {shape}", f"plain {shape}"])
    _print_row(blocks)
    _print_row(plain)
    scores = _gibibytes_of_scores(_SIZE.value, _BATCH_SIZE.value)
    alive = _peak(plain) / scores
    print(
        f"  => {pairs.ratio(blocks, plain):.2f} times the seconds (median of "
        f"{len(plain.seconds)} pairs; aim: at most {_MOST_TIME}), "
        f"1/{_peak(plain) / _peak(blocks):.1f} of the peak (aim: at most "
        f"1/{_LEAST_SAVING}); the plain peak is {alive:.1f} times a tensor "
        f"of scores, {scores:.2f} GiB"
    )
    size = _LARGE_SIZE.value
    most = _MEMORY.value / (alive * _gibibytes_of_scores(size, 1))
    for batch in (1, 8 * math.ceil(most / 8)):
        (child,) = pairs.alternate([f"blocks {policy} {size} {batch}"], 1)
        _print_row(child)
        scores = _gibibytes_of_scores(size, batch)
        print(
            f"  => plain, computed: {alive:.1f} x {scores:.2f} = "
            f"{alive * scores:.1f} GiB",
            flush=True,
        )


def main():
    print(
        f"{pairs.machine()}\n{pairs.NOTE}\n{_CHANNELS.value} channels, 2x2 "
        "pooled keys\n"
        f"  {'layer, policy, map, batch':36} {'median s':>9} {'min s':>9} "
        f"{'peak GiB':>9}",
        flush=True,
    )
    for policy in ("float32", "mixed_bfloat16"):
        _compare(policy)


if __name__ == "__main__":
    app.run(lambda _: pairs.run(make, main))
