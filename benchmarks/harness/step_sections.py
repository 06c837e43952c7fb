"""The sections of RESULTS.md about a training step and generation.

Each function takes a dictionary of the records by name, at least one of which
belongs to its section, and returns lines of Markdown.
"""

from . import tables


def by_size_and_precision(records, prefix):
    """Yields (image size, precision, record) of `<prefix>_<size>_<type>`."""
    for size in (128, 64, 32):
        for precision in ("float32", "bfloat16"):
            record = records.get(f"{prefix}_{size}_{precision}")
            if record:
                yield size, precision, record


def _comparison(records, prefix):
    rows = []
    for size, precision, record in by_size_and_precision(records, prefix):
        for row in record["children"]:
            rows.append(
                [
                    size,
                    precision,
                    row["name"],
                    row["median_seconds"],
                    row["min_seconds"],
                    row["images"] / row["median_seconds"],
                    row["peak_gibibytes"],
                    row["first_seconds"],
                    tables.ratio(row),
                ]
            )
    columns = [
        "px", "type", "", "median s", "min s", "images/s", "peak GiB",
        "ready after s", "its seconds / ours (quartiles)",
    ]  # fmt: skip
    return tables.table(columns, rows)


def training_step(records):
    """Returns the table of the step beside its peers."""
    return _comparison(records, "step")


def generation(records):
    """Returns the table of generation beside its peers."""
    return _comparison(records, "generate")


def minimal_filtering(records):
    """Returns the table that isolates minimal filtering."""
    ratios = {}
    for prefix in ("step", "generate"):
        for size, precision, record in by_size_and_precision(records, prefix):
            for row in record["children"]:
                if row["name"] == "method=strided":
                    cells = ratios.setdefault((size, precision), {})
                    cells[prefix] = tables.ratio(row)
    rows = [
        [*key, cells.get("step"), cells.get("generate")]
        for key, cells in ratios.items()
    ]
    columns = ["px", "type", "training step", "generation"]
    return tables.table(columns, rows)


def beside(records):
    """Returns the table of this checkout beside another one."""
    rows = []
    for size, precision, record in by_size_and_precision(records, "beside"):
        other, ours = record["children"]
        commit = record["settings"]["other"]["commit"] or "unknown"
        rows.append(
            [
                size,
                precision,
                commit[:7],
                other["median_seconds"],
                ours["median_seconds"],
                tables.ratio(ours),
            ]
        )
    columns = [
        "px", "type", "the other commit", "its median s", "ours",
        "ours / its (quartiles)",
    ]  # fmt: skip
    return tables.table(columns, rows)


def counts(records):
    """Returns the multiply-adds by method, and what the machine reaches."""
    record = records["counts"]
    rows = [
        [row["name"], row["multiply_adds"] / 1e9] for row in record["children"]
    ]
    matmul, convolution = (
        max(peak[index] for peak in record["settings"]["peaks"]) / 1e9
        for index in range(2)
    )
    return [
        *tables.table(["method", "billion multiply-adds in a step"], rows),
        f"This machine reaches {matmul:.0f} billion multiply-adds a second in "
        f"a float32 matmul of 2048x2048 matrices, and {convolution:.0f} in a "
        "3x3 convolution of 256 channels.",
        "",
    ]


def profile(records):
    """Returns the step's time by part, and by the longest operations."""
    (child,) = records["profile"]["children"]
    lines = []
    for title, rows in (
        ("part", child["parts"]),
        ("operation", child["operations"][:12]),
    ):
        total = sum(seconds for _, _, seconds in child["operations"])
        cells = [
            [label, calls, seconds, f"{100 * seconds / total:.1f} %"]
            for label, calls, seconds in rows
        ]
        lines += tables.table(
            [title, "calls", "seconds", "of all threads"], cells
        )
    return lines


def scaling(records):
    """Returns a table for each setting that was varied alone."""
    children = records["scaling"]["children"]
    lines = []
    for sweep in records["scaling"]["settings"]["sweeps"]:
        varied, points = sweep["varied"], sweep["points"]
        fixed = ", ".join(
            f"{key} {value}"
            for key, value in children[points[0]]["point"].items()
            if key != varied
        )
        rows = []
        for index in points:
            child = children[index]
            seconds = child["median_seconds"]
            own = child["peak_gibibytes"] - child["base_gibibytes"]
            rows.append(
                [
                    child["point"][varied],
                    seconds,
                    child["images"] / seconds,
                    child["peak_gibibytes"],
                    own,
                    child["first_seconds"],
                ]
            )
        columns = [
            varied, "s/step", "images/s", "peak GiB", "the step's own GiB",
            "ready after s",
        ]  # fmt: skip
        fixed = fixed.replace("_", " ")
        lines += [f"With {fixed}:", "", *tables.table(columns, rows)]
    return lines
