"""Trains the demo's configuration for hours, and watches what it holds.

    python benchmarks/soak.py --hours=2 --output=DIR

Every ten seconds the resident memory, open files, threads and step of
train.py are read from outside and appended to DIR/soak.csv. At the end the
run is divided into windows of ten minutes, and for each the least, median and
most memory are printed. After the first ten minutes these must stay as they
are. Of how many bytes a window keeps there is a test, tests/soak_test.py.
"""

import csv
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

import pairs
from absl import app, flags

_HOURS = flags.DEFINE_float("hours", 2.0, "How long.", lower_bound=0)
_OUTPUT = flags.DEFINE_string("output", "soak", "Where the run is left.")
_INTERVAL = 10.0
_WINDOW = 600.0
_ROOT = pathlib.Path(__file__).parents[1]
_FIELDS = ("seconds", "megabytes", "peak_megabytes", "files", "threads", "step")


def main(_):
    output = pathlib.Path(_OUTPUT.value)
    output.mkdir(parents=True, exist_ok=True)
    workdir = output / "run"
    command = [
        sys.executable,
        str(_ROOT / "train.py"),
        f"--config={_ROOT}/configs/digits.py",
        f"--workdir={workdir}",
        "--config.steps=100000000",
    ]
    with (
        open(output / "log.txt", "w", encoding="utf-8") as log,
        open(output / "soak.csv", "w", encoding="utf-8", newline="") as file,
    ):
        table = csv.writer(file)
        table.writerow(_FIELDS)
        # So that train.py does not outlive this program.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        process = subprocess.Popen(command, stdout=log, stderr=log)
        began = time.monotonic()
        rows = []
        try:
            while (elapsed := time.monotonic() - began) < _HOURS.value * 3600:
                if process.poll() is not None:
                    sys.exit(f"train.py ended; see {output}/log.txt")
                rows.append(_observe(process.pid, elapsed, workdir))
                table.writerow(rows[-1].values())
                file.flush()
                time.sleep(_INTERVAL)
        finally:
            asked = time.monotonic()
            process.terminate()
            process.wait()
    print(
        f"SIGTERM: ended with code {process.returncode} after "
        f"{time.monotonic() - asked:.1f} s"
    )
    report(rows)


def _observe(pid, elapsed, workdir):
    status = {}
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        for line in file:
            name, _, value = line.partition(":")
            status[name] = value.split()[0] if value.split() else ""
    return dict(
        zip(
            _FIELDS,
            (
                round(elapsed, 1),
                int(status["VmRSS"]) / 1024,
                int(status["VmHWM"]) / 1024,
                len(os.listdir(f"/proc/{pid}/fd")),
                int(status["Threads"]),
                _last_step(workdir / "metrics.jsonl"),
            ),
            strict=True,
        )
    )


def _last_step(metrics):
    if not metrics.exists():
        return 0
    with open(metrics, "rb") as file:
        file.seek(max(0, metrics.stat().st_size - 4096))
        lines = file.read().split(b"\n")[1:-1]
    return json.loads(lines[-1])["step"] if lines else 0


def report(rows):
    """Prints a row for each window of ten minutes."""
    print(pairs.machine())
    print(
        "\n| minutes | MB, least | median | most | files | threads | steps/s |"
    )
    print("|---|---|---|---|---|---|---|")
    window = 0
    while part := [
        r for r in rows if window <= r["seconds"] / _WINDOW < window + 1
    ]:
        seconds = part[-1]["seconds"] - part[0]["seconds"]
        steps = part[-1]["step"] - part[0]["step"]
        minutes = int(window * _WINDOW / 60)
        print(
            f"| {minutes} to {minutes + int(_WINDOW / 60)} "
            f"| {min(r['megabytes'] for r in part):.0f} "
            f"| {statistics.median(r['megabytes'] for r in part):.0f} "
            f"| {max(r['megabytes'] for r in part):.0f} "
            f"| {max(r['files'] for r in part)} "
            f"| {max(r['threads'] for r in part)} "
            f"| {steps / seconds if seconds else 0:.3f} |"
        )
        window += 1


if __name__ == "__main__":
    app.run(main)
