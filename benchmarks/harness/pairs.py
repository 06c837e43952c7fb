"""Alternates the cases to compare, each in a process of its own.

A shared machine may be slower by a factor of two from one minute to the next,
so the seconds of one run mean little. The programs therefore run two cases in
turn, A B A B. The figure to trust is the median of the ratios of neighbouring
runs.
"""

import contextlib
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from absl import flags

from . import ROOT

_CHILD = flags.DEFINE_string("child", None, "Used by the program itself.")
PAIRS = flags.DEFINE_integer(
    "pairs", 6, "How many times each case is timed.", lower_bound=1
)


@dataclasses.dataclass(frozen=True)
class Case:
    """One of the things to compare.

    Attributes:
        name: String, the name of its row in the tables.
        kind: String, which of the program's functions makes the work.
        arguments: Dictionary of keyword arguments for that function. The
            values must survive JSON.
        warm_up: Boolean, whether the work is done once before it is timed.
        checkout: Directory whose `sagan_tf` the child imports.
    """

    name: str
    kind: str
    arguments: dict = dataclasses.field(default_factory=dict)
    warm_up: bool = True
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
    """Runs `main`, or the work of one case if this process is a child.

    Args:
        makers: List of functions. The name of each is the `kind` of its cases.
            It takes their arguments, and returns a function that does the work
            once, and a dictionary of facts about it.
        main: Function without arguments, the parent's program.
    """
    if _CHILD.value is None:
        main()
        return
    message = json.loads(_CHILD.value)
    (make,) = [m for m in makers if m.__name__ == message["kind"]]
    work, facts = make(**message["arguments"])
    if message["warm_up"]:
        work()
    _say(facts)
    for _ in sys.stdin:
        start = time.perf_counter()
        result = work()
        seconds = time.perf_counter() - start
        _say({"seconds": seconds, "gibibytes": memory(), "result": result})


def _say(message):
    print("\n@" + json.dumps(message), flush=True)


class Child:
    """A process that does the work of a case each time it is asked to.

    Use it as a context manager. Its attributes outlive the process.

    Attributes:
        case: The `Case`.
        facts: Dictionary, what the maker said about the work.
        first_seconds: Float, seconds from the start of the process until it is
            ready: after a first run of the work if there is a warm-up, else
            before it.
        seconds: List of floats, one for each call of `measure`.
        results: List of what the work returned, in the same order.
        peak_gibibytes: Float, peak resident memory after the last call.
    """

    def __init__(self, case):
        self.case = case
        self._opened = contextlib.ExitStack()
        self._errors = self._opened.enter_context(
            tempfile.TemporaryFile("w+")  # noqa: SIM115
        )
        message = dataclasses.asdict(case)
        start = time.perf_counter()
        self._process = self._opened.enter_context(
            subprocess.Popen(
                [sys.executable, sys.argv[0], f"--child={json.dumps(message)}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                env=environment(case.checkout),
            )
        )
        self.facts = self._hear()
        self.first_seconds = time.perf_counter() - start
        self.seconds, self.results = [], []
        self.peak_gibibytes = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._opened.close()

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


def environment(checkout=ROOT):
    """Returns the environment variables of a child.

    Args:
        checkout: Directory whose `sagan_tf` the child imports.
    """
    return {
        **os.environ,
        # PyTorch reads its number of threads here, and so does oneDNN.
        "OMP_NUM_THREADS": str(cores()),
        "PYTHONPATH": str(checkout),
    }


def alternate(cases, pairs=None):
    """Times all cases in turn, `pairs` times.

    Args:
        cases: List of `Case`s.
        pairs: Integer; `--pairs` by default.

    Returns:
        A list of `Child`ren that have ended, in the order of `cases`.
    """
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(Child(case)) for case in cases]
        for _ in range(pairs or PAIRS.value):
            for child in children:
                child.measure()
    return children


def compare(first, others):
    """Alternates the first case with each of the others, one after another.

    Only two processes run at any time, so the machine needs memory for two.

    Args:
        first: `Case`.
        others: List of pairs of a `Case` and how many times it is timed.

    Returns:
        The first case's `Child`, and a list of pairs: the `Child` of another
        case, and the seconds of the first case's runs beside it.
    """
    compared = []
    with Child(first) as ours:
        for case, count in others:
            with Child(case) as theirs:
                for _ in range(count):
                    ours.measure()
                    theirs.measure()
            compared.append((theirs, ours.seconds[-count:]))
    return ours, compared


def ratio(seconds, beside):
    """Compares seconds with those of the neighbouring runs.

    Args:
        seconds: List of floats.
        beside: List of as many floats, measured in turn with `seconds`.

    Returns:
        Dictionary of `median`, `low` and `high`: the median and the quartiles
        of the paired ratios, `seconds` over `beside`.
    """
    ratios = [a / b for a, b in zip(seconds, beside, strict=True)]
    # `quantiles` needs two values.
    ratios = ratios if len(ratios) > 1 else ratios * 2
    low, median, high = statistics.quantiles(ratios, method="inclusive")
    return {"median": median, "low": low, "high": high}
