"""Times each optimization of the layers beside the plain form.

    python benchmarks/layers.py [--measure=step,attention,convolutions]

What `--measure` names:

- step: the training step at 128, 64 and 32 px, in float32 and bfloat16, beside
  the same step with one optimization off:

  - "method=strided": no minimal filtering;
  - "method=direct": no folding of the resampling into convolutions either;
  - "method=winograd": minimal filtering even in layers with few channels;
  - "divide_inputs=False": spectral normalization always divides the kernel;

- attention: the layer `SelfAttention`, forward and backward, in blocks and
  plain, with 128 channels and 2x2 pooled keys. The peak is the most resident
  memory during a call, less what the process held before its first call at
  that size: inputs, tracing and the code of the kernels are not in it. On the
  larger maps only the blocks run. What the plain layer would need there is
  computed from the number of tensors of scores that it holds on the smaller
  maps.
- convolutions: the 3x3 convolutions of the 128 px network (base 64, batch 8),
  with and without resampling, forward and backward, by each method. The
  methods take turns in one process. The layers' minimum numbers of channels
  for minimal filtering were chosen from these figures. The error is the
  largest difference from the direct method in float32, relative to its largest
  value.

The results are benchmarks/results/without_<image size>_<precision>.json and
{attention,convolutions}_<precision>.json.
"""

import math

from absl import app, flags
from harness import options, pairs, record, workloads
from harness.layer_calls import CHANNELS, attention, convolutions

_MEASURE = flags.DEFINE_list(
    "measure", ["step", "attention", "convolutions"], "What to measure."
)
_SIZE = flags.DEFINE_integer("size", 64, "Size of the maps that both run on.")
_LARGE_SIZE = flags.DEFINE_integer("large_size", 128, "Size for blocks only.")
_ATTENTION_BATCH = flags.DEFINE_integer(
    "attention_batch", 16, "Images for attention."
)
_MEMORY = flags.DEFINE_float(
    "memory", 24, "GiB that the plain layer shall exceed on the larger maps."
)
_SHAPES = flags.DEFINE_integer(
    "shapes", None, "Shapes of each kind of convolution; all by default."
)

_VARIANTS = {
    "method=strided": {"method": "strided"},
    "method=direct": {"method": "direct"},
    "method=winograd": {"method": "winograd"},
    "divide_inputs=False": {"divide_inputs": False},
}


def _measure_step(size, precision):
    fields = options.fields(size, precision)
    others = [
        pairs.Case(name, "variant_step", {**fields, "variant": variant})
        for name, variant in _VARIANTS.items()
        if options.wanted(name)
    ]
    record.write_comparison(
        f"without_{size}_{precision}",
        *pairs.compare(
            pairs.Case("ours", "variant_step", fields),
            [(case, pairs.PAIRS.value) for case in others],
        ),
        **fields,
    )


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

    size, batch_size = _SIZE.value, _ATTENTION_BATCH.value
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
    record.write(f"attention_{precision}", rows, channels=CHANNELS)
    record.print_rows(f"attention_{precision}", rows)


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
    if "step" in _MEASURE.value:
        for size, precision in options.sizes_and_precisions(128, 64, 32):
            _measure_step(size, precision)
    for precision in options.PRECISIONS.value:
        if "attention" in _MEASURE.value:
            _measure_attention(precision)
        if "convolutions" in _MEASURE.value:
            _measure_convolutions(precision)


if __name__ == "__main__":
    makers = [attention, convolutions, workloads.variant_step]
    app.run(lambda _: pairs.run(makers, main))
