"""Times the training step, and shows where its time and memory go.

    python benchmarks/step.py [--measure=comparison,scaling,profile,counts]
    python benchmarks/step.py --beside=/path/to/checkout

A step is one discriminator and one generator update, with Adam and the moving
average of the generator, on random images. What `--measure` names:

- comparison: our step at 128, 64 and 32 px, in float32 and bfloat16, beside

  - "method=strided": the same without minimal filtering;
  - "plain port": what a straightforward port to Keras does, which is neither
    minimal filtering nor folded convolutions nor attention in blocks nor a
    fused Adam;
  - "float32": our step in float32, beside bfloat16;
  - "PyTorch": StudioGAN's networks and step, stated in
    `benchmarks/peers/pytorch_sagan.py`, channels last and with the fused Adam;
  - "PyTorch, compiled": the same by `torch.compile`, in float32 at 128 px. It
    takes minutes; `--nocompile` leaves it out.

- scaling: the step against batch size, width, image size, attention and number
  of micro-batches, each point in a process of its own.
- profile: operations and parts of the model by their time, from TensorFlow's
  profiler.
- counts: multiply-adds of the step by method, from its graph.

`--beside` alternates the step of this checkout with the step of another one,
such as a worktree of the commit before. The results are
benchmarks/results/{step,beside}_<image size>_<precision>.json and so on.
PyTorch needs the extra `import`.
"""

import pathlib

from absl import app, flags
from harness import (
    ROOT,
    multiply_adds,
    pairs,
    profiles,
    record,
    scaling,
    workloads,
)

_MEASURE = flags.DEFINE_list(
    "measure",
    ["comparison", "scaling", "profile", "counts"],
    "What to measure.",
)
_BESIDE = flags.DEFINE_string(
    "beside", None, "Another checkout of this project, to compare with."
)
_IMAGE_SIZES = flags.DEFINE_list(
    "image_sizes",
    None,
    "Sizes to compare at; 128,64,32 or with --beside 128,32.",
)
_PRECISIONS = flags.DEFINE_list(
    "precisions", ["float32", "bfloat16"], "Types to compare in."
)
_ROWS = flags.DEFINE_multi_string(
    "row", [], "A row to compare; all by default."
)
_BASE_CHANNELS = flags.DEFINE_integer("base_channels", 64, "See `Config`.")
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size", None, "Images per update; by default 16 at 32 px, else 8."
)
_COMPILE = flags.DEFINE_bool("compile", True, "Whether to try torch.compile.")

_PLAIN = {"method": "direct", "blockwise": False, "fused_adam": False}
_FAST_PYTORCH = ["channels_last", "fused_adam"]


def _fields(size, precision="float32"):
    return {
        "image_size": size,
        "precision": precision,
        "base_channels": _BASE_CHANNELS.value,
        "batch_size": _BATCH_SIZE.value,
    }


def _others(size, precision):
    """Returns the cases beside ours, and how many times each is timed."""
    fields = _fields(size, precision)
    # A ratio of two is seen in fewer pairs than a ratio near one.
    many, few = pairs.PAIRS.value, (pairs.PAIRS.value + 1) // 2

    def case(name, kind, **arguments):
        return pairs.Case(name, kind, {**fields, **arguments})

    found = [(case("method=strided", "variant_step", method="strided"), many)]
    if precision == "bfloat16":
        found.append(
            (case("float32", "variant_step", precision="float32"), many)
        )
    elif size != 64:
        found.append((case("plain port", "variant_step", **_PLAIN), few))
    if size != 64:
        peer = case("PyTorch", "pytorch_step", options=_FAST_PYTORCH)
        found.append((peer, few))
    if size == 128 and precision == "float32" and _COMPILE.value:
        options = [*_FAST_PYTORCH, "compiled"]
        peer = case("PyTorch, compiled", "pytorch_step", options=options)
        found.append((peer, few))
    wanted = _ROWS.value
    return [row for row in found if not wanted or row[0].name in wanted]


def _compare(size, precision):
    fields = _fields(size, precision)
    record.write_comparison(
        f"step_{size}_{precision}",
        *pairs.compare(
            pairs.Case("ours", "variant_step", fields),
            _others(size, precision),
        ),
        **fields,
    )


def step_of_checkout(checkout, **fields):
    """Makes the training step of a checkout, and checks where it is from."""
    import sagan_tf

    if not pathlib.Path(sagan_tf.__file__).is_relative_to(checkout):
        raise RuntimeError(f"imported {sagan_tf.__file__}, not {checkout}")
    return workloads.training_step(**fields)


def _compare_beside(size, precision):
    """Alternates this checkout's step and the other checkout's."""
    fields = _fields(size, precision)
    other = str(pathlib.Path(_BESIDE.value).resolve())

    def case(name, checkout):
        arguments = {"checkout": checkout, **fields}
        return pairs.Case(
            name, "step_of_checkout", arguments, checkout=checkout
        )

    record.write_comparison(
        f"beside_{size}_{precision}",
        *pairs.compare(
            case("the other", other),
            [(case("this checkout", str(ROOT)), pairs.PAIRS.value)],
        ),
        **fields,
        other=record.commit(other),
    )


def _profile():
    fields = _fields(128)
    case = pairs.Case("ours", "profiled_step", fields)
    (child,) = pairs.alternate([case], 1)
    record.write(
        "profile", [{**record.measured(child), **child.results[0]}], **fields
    )


def _count():
    fields = _fields(128)
    children = pairs.alternate(
        [
            pairs.Case(
                method, "multiply_adds", {"method": method, **fields}, False
            )
            for method in ("auto", "strided", "direct")
        ],
        1,
    )
    (peak,) = pairs.alternate(
        [pairs.Case("peak", "matmul_peak", {"precision": "float32"})], 3
    )
    rows = [
        {**record.measured(child), "multiply_adds": child.results[0]}
        for child in children
    ]
    record.write("counts", rows, **fields, peaks=peak.results)


def main():
    if _BESIDE.value:
        compare, sizes = _compare_beside, _IMAGE_SIZES.value or (128, 32)
    else:
        compare, sizes = _compare, _IMAGE_SIZES.value or (128, 64, 32)
    if _BESIDE.value or "comparison" in _MEASURE.value:
        for size in sizes:
            for precision in _PRECISIONS.value:
                compare(int(size), precision)
    if _BESIDE.value:
        return
    for name, measure in (
        ("scaling", scaling.measure), ("profile", _profile), ("counts", _count),
    ):  # fmt: skip
        if name in _MEASURE.value:
            measure()


if __name__ == "__main__":
    makers = [
        multiply_adds.multiply_adds,
        profiles.profiled_step,
        step_of_checkout,
        workloads.matmul_peak,
        workloads.pytorch_step,
        workloads.training_step,
        workloads.variant_step,
    ]
    app.run(lambda _: pairs.run(makers, main))
