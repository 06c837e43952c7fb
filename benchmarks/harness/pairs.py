"""Alternates the cases to compare, each in a process of its own.

A shared machine may be slower by a factor of two from one minute to the next,
so the seconds of one run mean little. The programs therefore run their cases
in turn, A B A B, and compare neighbours: the figure to trust is the median of
the ratios of neighbouring runs.
"""

import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from absl import flags

ROOT = pathlib.Path(__file__).parents[2]

_CHILD = flags.DEFINE_string("child", None, "Used by the program itself.")
PAIRS = flags.DEFINE_integer(
    "pairs", 10, "How many times each case is timed.", lower_bound=1
)


@dataclasses.dataclass(frozen=True)
class Case:
    """One of the things to compare.

    Attributes:
        name: String, the name of its row in the tables.
        kind: String, which of the program's functions makes the work.
        arguments: Dictionary of keyword arguments for that function. The
            values must survive JSON.
        checkout: Directory whose `sagan_tf` the child imports.
    """

    name: str
    kind: str
    arguments: dict = dataclasses.field(default_factory=dict)
    checkout: str = str(ROOT)


def cores():
    """Returns how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def memory(key="VmHWM"):
    """Returns a figure of this process' resident memory in GiB.

    Args:
        key: "VmHWM" for the peak so far, "VmRSS" for what it is now.
    """
    # `ru_maxrss` would not do: a process inherits the value of the process
    # that started it.
    with open("/proc/self/status", encoding="ascii") as file:
        for line in file:
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) / 2**20
    raise RuntimeError(f"/proc/self/status has no {key}")


def run(makers, main):
    """Runs `main`, or one case if this process is a child.

    Args:
        makers: Dictionary from a case's kind to a function that takes the
            case's arguments and returns a function that does the work once,
            and a dictionary of facts about it.
        main: Function without arguments, the parent's program.
    """
    if _CHILD.value is None:
        main()
        return
    case = json.loads(_CHILD.value)
    work, facts = makers[case["kind"]](**case["arguments"])
    result = work()
    _say({**facts, "result": result})
    for _ in sys.stdin:
        start = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - start
        _say({"seconds": seconds, "gibibytes": memory(), "result": result})


def _say(message):
    print("\n@" + json.dumps(message), flush=True)


class Child:
    """A process that has done the work of a case once, and repeats it.

    Attributes:
        case: The `Case`.
        facts: Dictionary, what the maker said about the work.
        first_seconds: Float, from the start of the process to the end of the
            first run of the work.
        seconds: List of floats, one for each call of `measure`.
        results: List of what the work returned, in the same order.
        peak_gibibytes: Float, peak resident memory after the last call.
    """

    def __init__(self, case):
        self.case = case
        self._errors = tempfile.TemporaryFile("w+")
        message = {"kind": case.kind, "arguments": case.arguments}
        start = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, sys.argv[0], f"--child={json.dumps(message)}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=_environment(case.checkout),
        )
        self.facts = self._hear()
        self.first_seconds = time.perf_counter() - start
        self.first_result = self.facts.pop("result")
        self.seconds, self.results = [], []
        self.peak_gibibytes = None

    def _hear(self):
        for line in self._process.stdout:
            if line.startswith("@"):
                return json.loads(line[1:])
        self._errors.seek(0)
        raise RuntimeError(
            f"{self.case.name} stopped: {self._errors.read()[-4000:]}"
        )

    def measure(self):
        """Times the work once more."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        heard = self._hear()
        self.seconds.append(heard["seconds"])
        self.results.append(heard["result"])
        self.peak_gibibytes = heard["gibibytes"]

    def close(self):
        """Ends the process. What was measured stays."""
        self._process.stdin.close()
        self._process.wait()

    @property
    def median(self):
        """The median of `seconds`."""
        return statistics.median(self.seconds)


def _environment(checkout):
    # The number of threads: both libraries read it here, or are told in code.
    return {
        **os.environ,
        "OMP_NUM_THREADS": str(cores()),
        "PYTHONPATH": str(checkout),
    }


def alternate(cases, pairs=None):
    """Times all cases in turn, `pairs` times.

    Args:
        cases: List of `Case`s.
        pairs: Integer; `--pairs` by default.

    Returns:
        A list of closed `Child`ren, in the order of `cases`.
    """
    children = []
    try:
        for case in cases:
            children.append(Child(case))
        for _ in range(pairs or PAIRS.value):
            for child in children:
                child.measure()
    finally:
        for child in children:
            child.close()
    return children


def ratio(one, other):
    """Compares two children by their neighbouring runs.

    Args:
        one: `Child` whose seconds are divided.
        other: `Child` whose seconds divide.

    Returns:
        Dictionary of `median`, `low` and `high`: the median and the quartiles
        of the paired ratios.
    """
    ratios = [a / b for a, b in zip(one.seconds, other.seconds, strict=True)]
    # Python 3.10 computes no quartiles of a single value.
    ratios = ratios if len(ratios) > 1 else ratios * 2
    low, median, high = statistics.quantiles(ratios, method="inclusive")
    return {"median": median, "low": low, "high": high}
