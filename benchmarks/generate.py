"""Times the generation of images by an exported model.

    python benchmarks/generate.py [--measure=comparison,latency]

A generator with random weights is exported and loaded as a server does. What
`--measure` names:

- comparison: calls with 16 images through `images_float`, at 128, 64 and 32
  px, in float32 and bfloat16, beside

  - "method=strided": the same without minimal filtering;
  - "PyTorch" and "PyTorch, compiled": StudioGAN's generator in evaluation
    mode, stated in `benchmarks/peers/pytorch_sagan.py`, channels last, at 128
    px in float32. `--nocompile` leaves the second one out.

- latency: calls through `serving_default` by batch size, and the time from
  the start of a fresh process to its first image. The system has the files in
  its cache then.

The results are benchmarks/results/generate_<image size>_<precision>.json and
latency.json. PyTorch needs the extra `import`.
"""

import os
import tempfile

from absl import app, flags
from harness import generators, options, pairs, record

_MEASURE = flags.DEFINE_list(
    "measure", ["comparison", "latency"], "What to measure."
)
_COMPILE = flags.DEFINE_bool("compile", True, "Whether to try torch.compile.")
_CALLS = flags.DEFINE_integer("calls", 20, "Calls of each batch size.")

_BATCH_SIZES = (1, 4, 16, 64)
_FIRST_IMAGES = 3

flags.set_default(options.BATCH_SIZE, 16)


def _exported(folder, method, fields):
    """Exports a generator in a process of its own; returns its directory."""
    path = os.path.join(folder, method)
    case = pairs.Case(
        method, "export", {"path": path, "method": method, **fields}
    )
    # The export is the warm-up.
    with pairs.Child(case):
        return path


def _call(name, path, fields, signature="images_float"):
    arguments = {"path": path, "signature": signature, **fields}
    return pairs.Case(name, "exported_generator", arguments)


def _compare(size, precision):
    fields = options.fields(size, precision)
    count = pairs.PAIRS.value
    peers = []
    if size == 128 and precision == "float32":
        peers.append(("PyTorch", ["channels_last"]))
        if _COMPILE.value:
            peers.append(("PyTorch, compiled", ["channels_last", "compiled"]))
    with tempfile.TemporaryDirectory() as folder:
        paths = [
            _exported(folder, method, fields) for method in ("auto", "strided")
        ]
        others = [(_call("method=strided", paths[1], fields), count)]
        for name, chosen in peers:
            arguments = {"options": chosen, **fields}
            case = pairs.Case(name, "pytorch_generator", arguments)
            others.append((case, count))
        others = [row for row in others if options.wanted(row[0].name)]
        record.write_comparison(
            f"generate_{size}_{precision}",
            *pairs.compare(_call("ours", paths[0], fields), others),
            **fields,
        )


def _measure_latency():
    """Measures calls by batch size, and the first image of a process."""
    fields = options.fields(128)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = _exported(folder, "auto", fields)
        for batch_size in _BATCH_SIZES:
            case = _call(
                f"batch of {batch_size}",
                path,
                {**fields, "batch_size": batch_size},
                "serving_default",
            )
            (child,) = pairs.alternate([case], _CALLS.value)
            rows.append(record.measured(child))
        first = []
        for _ in range(_FIRST_IMAGES):
            case = _call("first image", path, {**fields, "batch_size": 1})
            with pairs.Child(case) as child:
                first.append(child.first_seconds)
    rows.append({"name": "first image", **record.times(first)})
    record.write("latency", rows, **fields)
    record.print_rows("latency", rows)


def main():
    if "comparison" in _MEASURE.value:
        for size, precision in options.sizes_and_precisions(128, 64, 32):
            _compare(size, precision)
    if "latency" in _MEASURE.value:
        _measure_latency()


if __name__ == "__main__":
    makers = [
        generators.export,
        generators.exported_generator,
        generators.pytorch_generator,
    ]
    app.run(lambda _: pairs.run(makers, main))
