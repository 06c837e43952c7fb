"""Times convolutions by method, and self-attention in blocks.

    python benchmarks/layers.py [--measure=attention,convolutions]

What `--measure` names:

- attention: the layer `SelfAttention`, forward and backward, in blocks and
  plain, with 128 channels and 2x2 pooled keys. The peak is the most resident
  memory during a call, less what the process held before its first call at
  that size: inputs, tracing and the code of the kernels are not in it. On the
  larger maps only the blocks run; what the plain layer would need there is
  computed from the number of tensors of scores that it holds on the smaller
  maps.
- convolutions: the 3x3 convolutions of the 128 px network (base 64, batch 8),
  with and without resampling, forward and backward, by each method. The
  methods take turns in one process. The layers' minimum numbers of channels
  for minimal filtering were chosen from these figures. The error is the
  largest difference from the direct method in float32, relative to its largest
  value.

The results are benchmarks/results/{attention,convolutions}_<precision>.json.
"""

import math
import time

from absl import app, flags
from harness import pairs, record, workloads

_MEASURE = flags.DEFINE_list(
    "measure", ["attention", "convolutions"], "What to measure."
)
_PRECISIONS = flags.DEFINE_list(
    "precisions", ["float32", "bfloat16"], "Types to compute in."
)
_SIZE = flags.DEFINE_integer("size", 64, "Size of the maps that both run on.")
_LARGE_SIZE = flags.DEFINE_integer("large_size", 128, "Size for blocks only.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 16, "Images for attention.")
_MEMORY = flags.DEFINE_float(
    "memory", 24, "GiB that the plain layer shall exceed on the larger maps."
)
_SHAPES = flags.DEFINE_integer(
    "shapes", None, "Shapes of each kind of convolution; all by default."
)

_CHANNELS = 128
# Batch, size of the inputs, channels, filters, by kind of layer.
_CONVOLUTIONS = {
    "WinogradConv2D": (
        (16, 4, 1024, 1024), (8, 8, 1024, 1024), (8, 16, 512, 512),
        (8, 32, 256, 256), (8, 64, 128, 128), (8, 128, 64, 64),
    ),
    "UpsampleConv2D": (
        (8, 4, 1024, 1024), (8, 8, 1024, 512), (8, 16, 512, 256),
        (8, 32, 256, 128), (8, 64, 128, 64),
    ),
    "DownsampleConv2D": (
        (16, 8, 1024, 1024), (16, 16, 512, 512), (16, 32, 256, 256),
        (16, 64, 128, 128), (16, 128, 64, 64),
    ),
}  # fmt: skip
_METHODS = {
    "WinogradConv2D": ("direct", "winograd"),
    "UpsampleConv2D": ("direct", "strided", "winograd"),
    "DownsampleConv2D": ("direct", "strided", "winograd"),
}


def attention(blockwise, precision, size, batch_size):
    """Makes a call of `SelfAttention` and its gradients.

    The result is the peak of resident memory that the call adds, in GiB.
    """
    tf = workloads.tensorflow()
    from sagan_tf import layers

    policy = workloads.POLICIES[precision]
    layer = layers.SelfAttention(blockwise=blockwise, dtype=policy)
    layer.build((None, None, None, _CHANNELS))
    layer.gamma.assign(0.5)

    @tf.function
    def gradients(inputs, upstream):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs, training=True)
        sources = [inputs, *layer.trainable_variables]
        return outputs, tape.gradient(outputs, sources, upstream)

    def prepared(size, batch_size):
        shape = (batch_size, size, size, _CHANNELS)
        inputs, upstream = (
            tf.random.normal(shape, dtype=layer.compute_dtype) for _ in "ab"
        )
        function = gradients.get_concrete_function(inputs, upstream)
        return lambda: function(inputs, upstream)

    # Small maps load the code of the kernels.
    for small_batch in (1, 16):
        prepared(16, small_batch)()
    call = prepared(size, batch_size)
    before = pairs.memory("VmRSS")

    def work():
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # The peak starts again from what is held now.
        call()
        return pairs.memory() - before

    return work, {"size": size, "images": batch_size}


def _scores_gibibytes(size, batch_size):
    """Returns the size of one float32 tensor of scores, keys being pooled."""
    return batch_size * size**2 * (size // 2) ** 2 * 4 / 2**30


def _measure_attention(precision):
    def case(name, blockwise, size, batch_size):
        arguments = {
            "blockwise": blockwise,
            "precision": precision,
            "size": size,
            "batch_size": batch_size,
        }
        return pairs.Case(name, "attention", arguments)

    size, batch_size = _SIZE.value, _BATCH_SIZE.value
    blocks, ((plain, beside),) = pairs.compare(
        case("in blocks", True, size, batch_size),
        [(case("plain", False, size, batch_size), pairs.PAIRS.value)],
    )
    rows = [record.measured(blocks), record.measured(plain)]
    for row, child in zip(rows, (blocks, plain), strict=True):
        row["added_gibibytes"] = max(child.results)
    rows[1]["beside_seconds"] = beside
    rows[1]["ratio"] = pairs.ratio(plain.seconds, beside)
    alive = max(plain.results) / _scores_gibibytes(size, batch_size)
    size = _LARGE_SIZE.value
    large = _MEMORY.value / (alive * _scores_gibibytes(size, 1))
    for batch_size in (1, 8 * math.ceil(large / 8)):
        (child,) = pairs.alternate(
            [case("in blocks", True, size, batch_size)], 1
        )
        row = record.measured(child)
        row["added_gibibytes"] = max(child.results)
        row["plain_gibibytes_computed"] = alive * _scores_gibibytes(
            size, batch_size
        )
        rows.append(row)
    record.write(f"attention_{precision}", rows, channels=_CHANNELS)
    record.print_rows(f"attention_{precision}", rows)


def convolutions(precision, shapes):
    """Makes one turn of all convolutions.

    The result is a list of seconds, in the order of the fact `rows`, which has
    the layer, its shape, its method and its error.
    """
    tf = workloads.tensorflow()
    from sagan_tf import layers

    rows, steps = [], []
    for kind, all_shapes in _CONVOLUTIONS.items():
        for shape in all_shapes[:shapes]:
            batch_size, size, channels, filters = shape
            inputs = tf.random.normal((batch_size, size, size, channels))
            make = getattr(layers, kind)
            padding = {"padding": "same"} if kind == "WinogradConv2D" else {}
            exact = make(filters, 3, method="direct", **padding)
            expected = exact(inputs)
            for method in _METHODS[kind]:
                layer = make(
                    filters,
                    3,
                    method=method,
                    dtype=workloads.POLICIES[precision],
                    **padding,
                )
                layer.build(inputs.shape)
                layer.kernel.assign(exact.kernel)
                step = _convolution_step(layer, inputs)
                error = abs(tf.cast(step()[0], "float32") - expected)
                relative = tf.reduce_max(error) / tf.reduce_max(abs(expected))
                rows.append([kind, shape, method, float(relative)])
                steps.append(step)

    def work():
        seconds = []
        for step in steps:
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        return seconds

    return work, {"rows": rows}


def _convolution_step(layer, inputs):
    tf = workloads.tensorflow()

    @tf.function
    def step(inputs):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(inputs)
        gradients = tape.gradient(outputs, [inputs, layer.kernel.value])
        return outputs, *gradients

    inputs = tf.cast(inputs, layer.compute_dtype)
    return lambda: step(inputs)


def _measure_convolutions(precision):
    arguments = {"precision": precision, "shapes": _SHAPES.value}
    case = pairs.Case("convolutions", "convolutions", arguments)
    (child,) = pairs.alternate([case])
    rows, direct = [], None
    for index, (kind, shape, method, error) in enumerate(child.facts["rows"]):
        seconds = [turn[index] for turn in child.results]
        row = {
            "name": f"{kind} {shape} {method}",
            "layer": kind,
            "shape": shape,
            "method": method,
            "error": error,
            **record.times(seconds),
        }
        if method == "direct":
            direct = seconds
        else:
            row["ratio"] = pairs.ratio(seconds, direct)
        rows.append(row)
    record.write(f"convolutions_{precision}", rows)
    record.print_rows(f"convolutions_{precision}", rows)


def main():
    for precision in _PRECISIONS.value:
        if "attention" in _MEASURE.value:
            _measure_attention(precision)
        if "convolutions" in _MEASURE.value:
            _measure_convolutions(precision)


if __name__ == "__main__":
    app.run(lambda _: pairs.run([attention, convolutions], main))
