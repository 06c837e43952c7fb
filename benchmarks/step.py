"""Times the training step, and shows where its time and memory go.

    python benchmarks/step.py [--measure=comparison,scaling,profile,counts]
    python benchmarks/step.py --beside=/path/to/checkout

A step is one discriminator and one generator update, with Adam and the moving
average of the generator, on random images. What `--measure` names:

- comparison: our step at 128 and 32 px, in float32 and bfloat16, beside

  - "plain port": what a straightforward port to Keras does. It has neither
    minimal filtering nor folded convolutions nor attention in blocks nor a
    fused Adam, and divides each kernel by its norm;
  - "float32": our step in float32, beside bfloat16;
  - "PyTorch": StudioGAN's networks and step, stated in `benchmarks/peers/`,
    channels last and with the fused Adam;
  - "PyTorch, compiled": the same by `torch.compile`, in float32 at 128 px. It
    takes minutes; `--nocompile` leaves it out.

- scaling: the step against batch size, width, image size, attention and number
  of micro-batches, each point in a process of its own.
- profile: the time of each operation and part of the model, of our step and of
  the plain port, from TensorFlow's profiler.
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
    options,
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
_COMPILE = flags.DEFINE_bool("compile", True, "Whether to try torch.compile.")

_PLAIN = {
    "method": "direct",
    "blockwise": False,
    "divide_inputs": False,
    "fused_adam": False,
}
_FAST_PYTORCH = ["channels_last", "fused_adam"]


def _others(size, precision):
    """Returns the cases beside ours, and how many times each is timed."""
    fields = options.fields(size, precision)
    # A ratio of two is seen in fewer pairs than a ratio near one.
    many, few = pairs.PAIRS.value, (pairs.PAIRS.value + 1) // 2

    def case(name, kind, **arguments):
        return pairs.Case(name, kind, {**fields, **arguments})

    if precision == "float32":
        found = [(case("plain port", "variant_step", variant=_PLAIN), few)]
    else:
        found = [(case("float32", "variant_step", precision="float32"), many)]
    peer = case("PyTorch", "pytorch_step", options=_FAST_PYTORCH)
    found.append((peer, few))
    if size == 128 and precision == "float32" and _COMPILE.value:
        compiled = [*_FAST_PYTORCH, "compiled"]
        peer = case("PyTorch, compiled", "pytorch_step", options=compiled)
        found.append((peer, few))
    return [row for row in found if options.wanted(row[0].name)]


def _compare(size, precision):
    fields = options.fields(size, precision)
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
    fields = options.fields(size, precision)
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
    fields = options.fields(128)
    rows = []
    for name, variant in (("ours", {}), ("plain port", _PLAIN)):
        case = pairs.Case(name, "profiled_step", {**fields, "variant": variant})
        (child,) = pairs.alternate([case], 1)
        rows.append({**record.measured(child), **child.results[0]})
    record.write("profile", rows, **fields)


def _count():
    fields = options.fields(128)
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
    compares = _BESIDE.value or "comparison" in _MEASURE.value
    compare = _compare_beside if _BESIDE.value else _compare
    for size, precision in options.sizes_and_precisions(128, 32):
        if compares:
            compare(size, precision)
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
