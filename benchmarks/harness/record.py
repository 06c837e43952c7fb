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

from . import pairs

RESULTS = pairs.ROOT / "benchmarks" / "results"
OUTPUT = flags.DEFINE_string(
    "output", str(RESULTS), "Directory for the JSON files."
)

_PACKAGES = ("tensorflow", "keras", "torch", "numpy")


def machine():
    """Returns a dictionary that describes this machine, without its name."""
    return {
        "processor": _processor(),
        "cores": pairs.cores(),
        "memory_gibibytes": round(_memory_bytes() / 2**30),
    }


def _processor():
    with open("/proc/cpuinfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":")[1].strip()
    return platform.machine()


def _memory_bytes():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def versions():
    """Returns the versions of Python and of the libraries that count."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def commit(checkout=pairs.ROOT):
    """Returns the commit of a checkout, and whether files differ from it.

    Args:
        checkout: Directory of a Git working tree.

    Returns:
        Dictionary of `commit`, or None if there is no Git, and `modified`,
        which is true if a file of the package or of the benchmark programs is
        not as committed.
    """
    paths = ("sagan_tf", "benchmarks/*.py", "benchmarks/**/*.py")
    try:
        return {
            "commit": _git(checkout, "rev-parse", "HEAD"),
            "modified": bool(
                _git(checkout, "status", "--porcelain", "--", *paths)
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
    """Returns the command of this process, without paths of this machine."""
    words = ["python", f"benchmarks/{pathlib.Path(sys.argv[0]).name}"]
    for argument in sys.argv[1:]:
        name, separator, value = argument.partition("=")
        if os.path.isabs(value):
            value = "DIRECTORY"
        words.append(name + separator + value)
    return " ".join(words)


def child(measured):
    """Returns what is written about a `pairs.Child`."""
    return {
        "name": measured.case.name,
        **measured.facts,
        "first_seconds": measured.first_seconds,
        "seconds": measured.seconds,
        "median_seconds": measured.median,
        "min_seconds": min(measured.seconds),
        "peak_gibibytes": measured.peak_gibibytes,
    }


def write(name, children, settings=None, derived=None):
    """Writes a record.

    Args:
        name: String, the name of the file without ".json".
        children: List of dictionaries, one for each case. Each has `name` and
            `seconds`, the raw times; see `child`.
        settings: Dictionary of what was measured, such as the image size.
        derived: Dictionary of figures computed from the raw times.

    Returns:
        The dictionary that was written.
    """
    record = {
        "name": name,
        "command": command(),
        "date": time.strftime("%Y-%m-%d"),
        **commit(),
        "machine": machine(),
        "versions": versions(),
        "settings": settings or {},
        "children": children,
        "derived": derived or {},
    }
    directory = pathlib.Path(OUTPUT.value)
    directory.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record, indent=1) + "\n"
    (directory / f"{name}.json").write_text(text, encoding="utf-8")
    return record


def median(values):
    """Returns the median of a list of numbers."""
    return statistics.median(values)
