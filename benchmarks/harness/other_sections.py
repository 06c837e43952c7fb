"""The sections of RESULTS.md about layers, evaluation, data and runs.

Each function takes a dictionary of the records by name, at least one of which
belongs to its section, and returns lines of Markdown.
"""

from . import tables

# What the estimate assumes about machines that share a training step.
_REPLICA_IMAGES = 32
_REPLICA_FLOPS = 50e12
_MACHINE_REPLICAS = 8
_NVLINK = 300e9
_NETWORKS = {"10 Gb/s": 1.25e9, "100 Gb/s": 12.5e9}


def latency(records):
    """Returns the time of a call by batch size, and of a first image."""
    *batches, first = records["latency"]["children"]
    rows = []
    for row in batches:
        seconds = sorted(row["seconds"])
        rows.append(
            [
                row["images"],
                row["images"] / row["median_seconds"],
                1e3 * row["median_seconds"],
                1e3 * seconds[-1],
            ]
        )
    return [
        *tables.table(["batch", "images/s", "median ms", "longest ms"], rows),
        f"The first image of a fresh process: {first['median_seconds']:.1f} s "
        f"(median of {len(first['seconds'])}).",
        "",
    ]


def attention(records):
    """Returns the table of attention in blocks beside plain attention."""
    rows = []
    for precision in ("float32", "bfloat16"):
        record = records.get(f"attention_{precision}", {"children": []})
        for row in record["children"]:
            rows.append(
                [
                    f"{row['size']}x{row['size']}",
                    row["images"],
                    precision,
                    row["name"],
                    row["median_seconds"],
                    tables.ratio(row),
                    row["added_gibibytes"],
                    row.get("plain_gibibytes_computed"),
                ]
            )
    columns = [
        "maps", "batch", "type", "", "median s",
        "its seconds / in blocks (quartiles)", "peak GiB",
        "plain would need GiB",
    ]  # fmt: skip
    return tables.table(columns, rows)


def convolutions(records):
    """Returns the table of convolutions by method."""
    rows = []
    for precision in ("float32", "bfloat16"):
        record = records.get(f"convolutions_{precision}", {"children": []})
        for row in record["children"]:
            batch, size, channels, filters = row["shape"]
            rows.append(
                [
                    row["layer"],
                    f"{batch} x {size}x{size}, {channels} to {filters}",
                    precision,
                    row["method"],
                    1e3 * row["median_seconds"],
                    tables.ratio(row),
                    f"{row['error']:.0e}",
                ]
            )
    columns = [
        "layer", "inputs, channels", "type", "method", "median ms",
        "its seconds / direct (quartiles)", "error",
    ]  # fmt: skip
    return tables.table(columns, rows)


def evaluation(records):
    """Returns the table of the metrics, and the speed of extraction."""
    record = records["evaluation"]
    rows, lines = [], []
    for row in record["children"]:
        seconds = row["median_seconds"]
        if "activations_gibibytes" in row:
            used = row["peak_gibibytes"] - row["gibibytes_before"]
            kept = row["activations_gibibytes"]
            lines += [
                f"Two sets of {row['images']:,} images, all metrics: "
                f"{seconds:.0f} s, and at most {used:.2f} GiB more than "
                f"before, {used / kept:.2f} times the activations.",
                "",
            ]
            continue
        if "value" not in row:
            speed = row["images"] / seconds
            lines += [f"An InceptionV3 extracts {speed:.1f} images/s.", ""]
            continue
        seconds = row.get("seconds_for_all_classes", seconds)
        rows.append(
            [row["name"], f"{row['value']:.6g}", seconds, row["peak_gibibytes"]]
        )
    columns = ["metric", "value", "seconds", "peak GiB"]
    return [*tables.table(columns, rows), *lines]


def input_pipeline(records):
    """Returns the speed of reading a folder of JPEGs."""
    record = records["input_pipeline"]
    rows = []
    for row in record["children"]:
        speed = row["images"] / row["median_seconds"]
        processor = sorted(row["processor_seconds"])
        processor = processor[len(processor) // 2]
        rows.append([row["name"], speed, row["images"] / processor])
    columns = ["", "images/s", "images per second of processor time"]
    return tables.table(columns, rows)


def startup(records):
    """Returns the seconds until something happens, and what is imported."""
    record = records["startup"]
    rows = [[row["name"], row["median_seconds"]] for row in record["children"]]
    imported = [
        [library, by or "not imported"]
        for library, by in record["settings"]["imported_by"].items()
    ]
    return [
        *tables.table(["", "median s"], rows),
        *tables.table(
            ["after `from sagan_tf import SAGAN`", "imported by"], imported
        ),
    ]


def communication(records):
    """Returns the bytes that replicas exchange, and what follows on paper."""
    worker = records["communication"]["children"][0]
    gradients = sum(worker["gradient_bytes"].values())
    rows = [
        [f"gradients of the {name}", size / 1e6]
        for name, size in worker["gradient_bytes"].items()
    ]
    rows.append(
        ["sent by each of two workers in a step", worker["sent_bytes"] / 1e6]
    )
    lines = tables.table(["", "MB"], rows)
    if "counts" in records:
        lines += _estimates(records["counts"], gradients)
    return lines


def _estimates(counts, gradients):
    """Returns the predicted efficiency of many replicas.

    Args:
        counts: The record of the step's multiply-adds.
        gradients: Integer, bytes of the gradients of both networks.
    """
    # A GPU computes without minimal filtering.
    (count,) = [
        row["multiply_adds"] / row["images"]
        for row in counts["children"]
        if row["name"] == "strided"
    ]
    seconds = _REPLICA_IMAGES * count * 2 / _REPLICA_FLOPS
    rows = []
    for replicas in (8, 64, 512):
        machines = replicas // _MACHINE_REPLICAS
        inside = _ring(gradients, _MACHINE_REPLICAS, _NVLINK)
        networks = _NETWORKS if machines > 1 else {"NVLink": float("inf")}
        for name, bandwidth in networks.items():
            exchange = inside + _ring(gradients, machines, bandwidth)
            efficiency = f"{seconds / (seconds + exchange):.0%}"
            rows.append([replicas, name, 1e3 * exchange, efficiency])
    columns = ["replicas", "network", "exchange, ms", "predicted efficiency"]
    return [
        f"On paper, not measured: {_REPLICA_IMAGES} images a replica at "
        f"{_REPLICA_FLOPS / 1e12:g} TFLOP/s take {1e3 * seconds:.0f} ms. "
        f"Machines of {_MACHINE_REPLICAS} replicas exchange within by NVLink "
        f"({_NVLINK / 1e9:g} GB/s), then with each other; a ring of n sends "
        "2 (n - 1) / n of the gradients. No exchange happens during "
        "arithmetic.",
        "",
        *tables.table(columns, rows),
    ]


def _ring(size, members, bandwidth):
    return 2 * (members - 1) / members * size / bandwidth


def soak(records):
    """Returns the memory of hours of training by window."""
    record = records["soak"]
    rows = [
        [
            row["name"],
            row["min_megabytes"],
            row["median_megabytes"],
            row["max_megabytes"],
            row["files"],
            row["threads"],
            row["steps_per_second"],
        ]
        for row in record["children"]
    ]
    columns = [
        "", "min MB", "median", "max", "open files", "threads", "steps/s",
    ]  # fmt: skip
    seconds = record["settings"]["seconds_to_end"]
    return [
        *tables.table(columns, rows),
        f"At the end SIGTERM ended the run after {seconds:.1f} s.",
        "",
    ]
