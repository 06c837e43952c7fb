"""The sections of RESULTS.md about a training step and generation.

Each function takes a dictionary of the records by name, at least one of which
belongs to its section, and returns lines of Markdown.
"""

import statistics

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


def optimizations(records):
    """Returns the table of the step with one optimization off at a time."""
    rows = []
    for size, precision, record in by_size_and_precision(records, "without"):
        ours, *others = record["children"]
        for row in others:
            rows.append(
                [
                    size,
                    precision,
                    row["name"],
                    row["median_seconds"],
                    statistics.median(row["beside_seconds"]),
                    tables.ratio(row),
                    row["peak_gibibytes"],
                    ours["peak_gibibytes"],
                ]
            )
    columns = [
        "px", "type", "off", "median s", "ours", "its seconds / ours "
        "(quartiles)", "peak GiB", "ours",
    ]  # fmt: skip
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
    settings = record["settings"]
    rows = [
        [row["name"], row["multiply_adds"] / 1e9] for row in record["children"]
    ]
    matmul, convolution = (
        max(peak[index] for peak in settings["peaks"]) for index in range(2)
    )
    lines = [
        *tables.table(["method", "billion multiply-adds in a step"], rows),
        f"This machine reaches {matmul / 1e9:.0f} billion multiply-adds a "
        "second in a float32 matmul of 2048x2048 matrices, and "
        f"{convolution / 1e9:.0f} in a 3x3 convolution of 256 channels.",
        "",
    ]
    step = records.get("step_128_float32", {"settings": None})
    fields = {key: settings[key] for key in settings if key != "peaks"}
    if step["settings"] == fields and step["machine"] == record["machine"]:
        speed = 1 / step["children"][0]["median_seconds"] / convolution
        of_peak = [
            f"{row['multiply_adds'] * speed:.0%} ({row['name']})"
            for row in record["children"]
        ]
        lines += [
            "Our step of the first table runs at this share of the second "
            f"figure, by the multiply-adds of a method: {', '.join(of_peak)}.",
            "",
        ]
    return lines


def profile(records):
    """Returns the steps' time by part, and by the longest operations."""
    lines = []
    for child in records["profile"]["children"]:
        total = sum(seconds for _, _, seconds in child["operations"])
        lines += [
            f"{child['name']}: {total:.3g} seconds of all threads in a step "
            f"of {child['step_seconds']:.3g}.",
            "",
        ]
        for title, rows in (
            ("part", child["parts"]),
            ("operation", child["operations"][:12]),
        ):
            cells = [
                [label, calls, seconds, f"{100 * seconds / total:.1f} %"]
                for label, calls, seconds in rows
            ]
            columns = [title, "calls", "seconds", "share"]
            lines += tables.table(columns, cells)
    return lines


def scaling(records):
    """Returns a table for each setting that was varied alone."""
    children = records["scaling"]["children"]
    lines = ["![Scaling](../docs/scaling.png)", ""]
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


def gpu(records):
    """Returns the table of the step on a GPU."""
    rows = []
    for row in records["gpu_step"]["children"]:
        rows.append(
            [
                row["image_size"],
                row["precision"],
                row["name"],
                1e3 * row["median_seconds"],
                1e3 * row["min_seconds"],
                row["gpu_gibibytes"],
            ]
        )
    columns = ["px", "type", "", "median ms", "min ms", "GPU memory, GiB"]
    settings = records["gpu_step"]["settings"]
    return [settings["how"], "", *tables.table(columns, rows)]
