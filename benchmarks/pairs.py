"""Alternates what is to be compared, each in a process of its own.

The machine may be shared and noisy by a factor of two: seconds of one run mean
little, the ratio of neighbours in an alternation A B A B is what counts.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

from absl import flags

_CHILD = flags.DEFINE_string("child", None, "Used by the program itself.")
PAIRS = flags.DEFINE_integer("pairs", 10, "Alternations.", lower_bound=1)

NOTE = (
    "The machine may be shared and noisy by a factor of two: only ratios of "
    "neighbouring runs count."
)


def cores():
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def machine():
    """Returns the processor and the number of cores, in words."""
    name = platform.machine()
    with open("/proc/cpuinfo", encoding="ascii") as file:
        for line in file:
            if line.startswith("model name"):
                name = line.split(":")[1].strip()
                break
    return f"{name}, {cores()} cores, {time.strftime('%Y-%m-%d')}"


def run(make, main):
    """Runs `main`, or in a child `make(name)` and what it returns, on demand.

    Args:
        make: Function from a name to a function without arguments, which does
            the work once, and a dictionary of what is to be said of it.
        main: Function without arguments, the parent's program.
    """
    if _CHILD.value is None:
        main()
        return
    start = time.perf_counter()
    work, facts = make(_CHILD.value)
    work()
    facts["first_seconds"] = time.perf_counter() - start
    _say(facts)
    for _ in sys.stdin:
        start = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - start
        _say({"seconds": seconds, "gibibytes": resident(), "result": result})


def resident(key="VmHWM"):
    """Returns this process' resident memory in GiB, by default its peak."""
    # Not `ru_maxrss`, which a process inherits from the one that started it.
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / 2**20
    raise RuntimeError(f"/proc/self/status has no {key}")


def _say(message):
    print("\n@" + json.dumps(message), flush=True)


class Child:
    """A process that does the work of a name, once each time it is asked."""

    def __init__(self, name, arguments=()):
        self.name = name
        self.errors = tempfile.TemporaryFile("w+")
        # Both libraries take their number of threads from here, or are told.
        self.process = subprocess.Popen(
            [sys.executable, *sys.argv, *arguments, f"--child={name}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": str(cores())},
        )
        self.facts = self._heard()
        self.seconds, self.gibibytes, self.results = [], 0.0, []

    def _heard(self):
        for line in self.process.stdout:
            if line.startswith("@"):
                return json.loads(line[1:])
        self.errors.seek(0)
        raise RuntimeError(f"{self.name} stopped: {self.errors.read()[-4000:]}")

    def measure(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        heard = self._heard()
        self.seconds.append(heard["seconds"])
        self.results.append(heard["result"])
        self.gibibytes = heard["gibibytes"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()

    @property
    def median(self):
        return statistics.median(self.seconds)

    @property
    def minimum(self):
        return min(self.seconds)


def alternate(names, pairs=None, arguments=()):
    """Measures all names in turn, `pairs` times.

    Returns:
        A list of closed `Child`ren, in the order of `names`.
    """
    children = [Child(name, arguments) for name in names]
    for _ in range(pairs or PAIRS.value):
        for child in children:
            child.measure()
    for child in children:
        child.close()
    return children


def ratio(one, other):
    """Returns the median of the paired ratios of seconds, one over other."""
    return statistics.median(
        a / b for a, b in zip(one.seconds, other.seconds, strict=True)
    )
