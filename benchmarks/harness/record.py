"""Writes what a program measured to benchmarks/results/<name>.json."""

import importlib.metadata
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

from absl import flags

from . import RESULTS, ROOT, pairs

OUTPUT = flags.DEFINE_string(
    "output", str(RESULTS), "Directory for the JSON files."
)

_PACKAGES = ("tensorflow", "keras", "torch", "numpy")


def machine():
    """Returns a dictionary that describes this machine, without its name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": _processor(),
        "cores": pairs.cores(),
        "memory_gibibytes": round(memory / 2**30),
    }


def _processor():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.machine()


def versions():
    """Returns the versions of Python and of the libraries that count."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def commit(checkout=ROOT):
    """Returns the commit of a checkout, and whether files differ from it.

    Args:
        checkout: Directory of a Git working tree.

    Returns:
        Dictionary of `commit`, and of `modified`, which is true if a Python
        file of the package or of the benchmarks is not as committed. Both are
        None outside Git.
    """
    try:
        return {
            "commit": _git(checkout, "rev-parse", "HEAD"),
            "modified": bool(
                _git(
                    checkout,
                    "status",
                    "--porcelain",
                    "--",
                    "sagan_tf/*.py",
                    "benchmarks/*.py",
                )
            ),
        }
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "modified": None}


def _git(checkout, *arguments):
    return subprocess.run(
        ["git", "-C", str(checkout), *arguments],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


def command():
    """Returns the command of this process, without this machine's paths."""
    words = ["python", f"benchmarks/{pathlib.Path(sys.argv[0]).name}"]
    for argument in sys.argv[1:]:
        name, separator, value = argument.partition("=")
        if name.lstrip("-") == "output":
            continue
        if os.path.isabs(value):
            value = "DIRECTORY"
        words.append(name + separator + value)
    return " ".join(words)


def measured(child):
    """Returns what is written about a `pairs.Child`."""
    return {
        "name": child.case.name,
        **child.facts,
        "first_seconds": child.first_seconds,
        **times(child.seconds),
        "peak_gibibytes": child.peak_gibibytes,
    }


def times(seconds):
    """Returns raw seconds, their median and their minimum, by name."""
    return {
        "seconds": seconds,
        "median_seconds": statistics.median(seconds),
        "min_seconds": min(seconds),
    }


def write(name, children, **settings):
    """Writes a record.

    Args:
        name: String, the name of the file without ".json".
        children: List of dictionaries, one for each row. Each has `name`, the
            raw `seconds`, and what was derived from them; see `measured`.
        **settings: What was measured, such as the image size.
    """
    record = {
        "name": name,
        "command": command(),
        "date": time.strftime("%Y-%m-%d"),
        **commit(),
        "machine": machine(),
        "versions": versions(),
        "settings": settings,
        "children": children,
    }
    directory = pathlib.Path(OUTPUT.value)
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=1) + "\n"
    (directory / f"{name}.json").write_text(text, encoding="utf-8")


def write_comparison(name, first, compared, **settings):
    """Writes and prints what `pairs.compare` returned.

    Each child but the first has `beside_seconds`, the runs of the first one
    that were measured in turn with it, and `ratio`, its own seconds over
    these.
    """
    children = [measured(first)]
    for child, beside in compared:
        ratio = pairs.ratio(child.seconds, beside)
        children.append(
            {**measured(child), "beside_seconds": beside, "ratio": ratio}
        )
    write(name, children, **settings)
    print_rows(name, children)


def print_rows(title, children):
    """Prints a line for each child: its seconds, memory and ratio."""
    print(f"\n{title}\n{'':36} median s   min s    GiB   ratio (quartiles)")
    for child in children:
        line = (
            f"{child['name']:36} {child['median_seconds']:8.3f}"
            f"{child['min_seconds']:8.3f}"
            f"{child.get('peak_gibibytes') or 0:7.2f}"
        )
        ratio = child.get("ratio")
        if ratio:
            line += (
                f"{ratio['median']:8.3f} "
                f"({ratio['low']:.3f} to {ratio['high']:.3f})"
            )
        print(line, flush=True)
