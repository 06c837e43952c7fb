"""Writes benchmarks/RESULTS.md and docs/scaling.png from results/*.json.

    python -m benchmarks.harness.report

Nothing is measured here. A section whose records are missing says so.
"""

import json
import pathlib

from . import RESULTS, ROOT, other_sections, step_sections, tables

_INTRODUCTION = """\
# Results of the benchmarks

Written by `make bench-report` from `results/*.json`; do not edit. `make bench`
measures everything again. [Earlier results](EARLIER_RESULTS.md) are those of
earlier programs.

The ratios are the figures to trust. Two cases run in turn, A B A B, each in a
process of its own, and the ratio of each pair of neighbouring runs is taken;
given are the median and, in brackets, the quartiles. Seconds are those of one
machine, which may be shared. "Ready after" is the time from the start of the
process to the end of the first run; "peak" is the resident memory of the
process. The programs and their rows are explained at the top of each program.
"""

# Title, what its records' names begin with, how to make it, explanation.
_SECTIONS = (
    (
        "A training step",
        "step_",
        step_sections.training_step,
        "One discriminator and one generator update at base 64: 1000 classes "
        "and batch 8 at 128 and 64 px, 10 classes and batch 16 at 32 px, with "
        "attention at half the image size. A ratio above 1 means that ours is "
        "faster than the row.",
    ),
    (
        "The step without one optimization",
        "without_",
        step_sections.optimizations,
        "The same step with one optimization off. A ratio above 1 means that "
        'the optimization makes the step faster. `method="strided"` leaves out '
        'minimal filtering, `method="direct"` the folding of the resampling '
        'into convolutions too, and `method="winograd"` uses minimal filtering '
        "in every layer.",
    ),
    (
        "Generation",
        "generate_",
        step_sections.generation,
        "A call of an exported generator with 16 images, at the same sizes. A "
        "ratio above 1 means that ours is faster than the row.",
    ),
    (
        "Beside another commit",
        "beside_",
        step_sections.beside,
        "The same training step of two checkouts: below 1, this one is faster.",
    ),
    (
        "Multiply-adds of a step",
        "counts",
        step_sections.counts,
        "Of convolutions and matmuls, counted in the graph of the step at 128 "
        "px, base 64, batch 8.",
    ),
    (
        "Where the time of a step goes",
        "profile",
        step_sections.profile,
        "At 128 px, base 64, batch 8, in float32, by TensorFlow's profiler. "
        "The seconds are added up over all threads.",
    ),
    (
        "Scaling",
        "scaling",
        step_sections.scaling,
        "A training step with 10 classes in float32, one setting varied at a "
        "time. The step's own memory is its peak less what the process held "
        "before its first step: activations, and TensorFlow's graph.",
    ),
    (
        "Latency of a generator",
        "latency",
        other_sections.latency,
        "Calls of an exported generator through `serving_default`, 128 px, "
        "base 64, 1000 classes. There is no server in between.",
    ),
    (
        "Attention",
        "attention_",
        other_sections.attention,
        "The layer `SelfAttention` with 128 channels, forward and backward. "
        "The peak is the memory that a call adds. What plain attention would "
        "need on the larger maps is computed from the smaller ones.",
    ),
    (
        "Convolutions",
        "convolutions_",
        other_sections.convolutions,
        "The 3x3 convolutions of the 128 px network, forward and backward. "
        "The error is the largest difference from the direct method in "
        "float32, relative to its largest value.",
    ),
    (
        "Evaluation",
        "evaluation",
        other_sections.evaluation,
        "Metrics on random activations; docs/evaluation.md has the protocols.",
    ),
    (
        "Reading a folder of JPEGs",
        "input_pipeline",
        other_sections.input_pipeline,
        "To 128 px, batch 8, from the system's cache of files.",
    ),
    (
        "Starting up",
        "startup",
        other_sections.startup,
        "Each from the start of a fresh process.",
    ),
    (
        "What replicas exchange",
        "communication",
        other_sections.communication,
        "In a step at 128 px, base 64, 1000 classes.",
    ),
    (
        "Hours of training",
        "soak",
        other_sections.soak,
        "The demo's configuration, by windows of the run. The command below "
        "says how many hours.",
    ),
    (
        "A training step on a GPU",
        "gpu_step",
        step_sections.gpu,
        "The step of the first table, with batch 64.",
    ),
)


def read(directory=RESULTS):
    """Returns all records in a directory, by name."""
    paths = sorted(pathlib.Path(directory).glob("*.json"))
    records = (json.loads(path.read_text("utf-8")) for path in paths)
    return {record["name"]: record for record in records}


def document(records):
    """Returns the text of RESULTS.md.

    Args:
        records: Dictionary of records by name, see `read`.
    """
    lines = _INTRODUCTION.splitlines() + [""]
    for title, prefix, section, text in _SECTIONS:
        lines += [f"## {title}", "", text, ""]
        if any(name.startswith(prefix) for name in records):
            lines += section(records)
        else:
            lines += ["Not measured on this code.", ""]
    lines += ["## Where the figures come from", "", *_sources(records)]
    return "\n".join(lines).rstrip() + "\n"


def _sources(records):
    """Returns each record's command, commit, date and environment."""
    environments, rows = [], []
    for name, record in sorted(records.items()):
        environment = _environment(record)
        if environment not in environments:
            environments.append(environment)
        commit = (record["commit"] or "unknown")[:7]
        if record["modified"]:
            commit += ", modified"
        command = record["command"]
        rows.append(
            [
                f"`{name}`",
                f"`{command}`" if command else None,
                commit,
                record["date"],
                environments.index(environment) + 1,
            ]
        )
    columns = ["record", "command", "commit", "date", "environment"]
    lines = [f"{n}. {text}" for n, text in enumerate(environments, 1)]
    return [*tables.table(columns, rows), "Environments:", "", *lines]


def _environment(record):
    machine = record["machine"]
    parts = [machine["processor"]]
    if "cores" in machine:
        parts += [
            f"{machine['cores']} cores",
            f"{machine['memory_gibibytes']} GiB",
        ]
    libraries = [
        f"{library} {version}"
        for library, version in record["versions"].items()
        if version
    ]
    return f"{', '.join(parts)}; {', '.join(libraries)}"


def plot(record, path):
    """Plots images/s and peak memory of the sweeps.

    Args:
        record: The record "scaling".
        path: PNG to write.
    """
    # Without `pyplot`, no display is needed.
    from matplotlib.figure import Figure

    sweeps = record["settings"]["sweeps"]
    figure = Figure(figsize=(11, 7.5), layout="constrained")
    for panel, sweep in zip(figure.subplots(2, 3).flat, sweeps, strict=False):
        children = [record["children"][index] for index in sweep["points"]]
        values = [child["point"][sweep["varied"]] for child in children]
        images = [c["images"] / c["median_seconds"] for c in children]
        memory = [child["peak_gibibytes"] for child in children]
        places = range(len(values))
        panel.plot(places, images, "o-C0")
        panel.set_xticks(places, values)
        panel.set_ylim(0)
        panel.set_ylabel("images/s", color="C0")
        right = panel.twinx()
        right.plot(places, memory, "s--C1")
        right.set_ylim(0)
        right.set_ylabel("peak memory (GiB)", color="C1")
        panel.set(xlabel=sweep["varied"].replace("_", " "))
        panel.grid(alpha=0.3)
    for panel in figure.axes[len(sweeps) : 6]:
        panel.remove()
    figure.savefig(path, dpi=110)


def main():
    records = read()
    path = ROOT / "benchmarks" / "RESULTS.md"
    path.write_text(document(records), encoding="utf-8")
    if "scaling" in records:
        plot(records["scaling"], ROOT / "docs" / "scaling.png")


if __name__ == "__main__":
    main()
