"""Trains the demo's configuration for hours, and watches what it holds.

    python benchmarks/soak.py --hours=2 --run=DIRECTORY

Every ten seconds the memory, open files, threads and step of train.py are read
from outside and appended to DIRECTORY/readings.jsonl. At the end the run is
divided into windows of ten minutes. After the first window the memory and the
number of files must not grow; tests/end_to_end/soak_test.py tests the same on
a shorter run.

The result is benchmarks/results/soak.json; it is not part of `make bench`.
"""

import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

from absl import app, flags
from harness import ROOT, record

_HOURS = flags.DEFINE_float("hours", 2.0, "How long.", lower_bound=0)
_RUN = flags.DEFINE_string("run", "soak", "Directory for the run.")
_INTERVAL = flags.DEFINE_float("interval", 10.0, "Seconds between readings.")
_WINDOW = flags.DEFINE_float("window", 600.0, "Seconds of a window.")


def _observe(process, began, workdir):
    """Returns what train.py holds now."""
    status = {}
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
        for line in file:
            name, _, value = line.partition(":")
            status[name] = value.split()[0] if value.split() else ""
    return {
        "seconds": round(time.monotonic() - began, 1),
        "megabytes": int(status["VmRSS"]) / 1024,
        "files": len(os.listdir(f"/proc/{process.pid}/fd")),
        "threads": int(status["Threads"]),
        "step": _last_step(workdir / "metrics.jsonl"),
    }


def _last_step(metrics):
    if not metrics.exists():
        return 0
    with open(metrics, "rb") as file:
        file.seek(max(0, metrics.stat().st_size - 4096))
        lines = file.read().split(b"\n")[1:-1]
    return json.loads(lines[-1])["step"] if lines else 0


def _train(folder):
    """Runs train.py for `--hours`.

    Returns:
        The list of what `_observe` saw, and the seconds from SIGTERM to the
        end of the process.
    """
    workdir = folder / "run"
    command = [
        sys.executable,
        str(ROOT / "train.py"),
        f"--config={ROOT}/configs/digits.py",
        f"--workdir={workdir}",
        "--config.steps=100000000",
    ]
    seen = []
    # Without this, SIGTERM would leave train.py running.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with (
        open(folder / "log.txt", "w", encoding="utf-8") as log,
        open(folder / "readings.jsonl", "w", encoding="utf-8") as readings,
    ):
        process = subprocess.Popen(command, stdout=log, stderr=log)
        began = time.monotonic()
        try:
            while time.monotonic() - began < _HOURS.value * 3600:
                if process.poll() is not None:
                    sys.exit(f"train.py ended; see {folder}/log.txt")
                seen.append(_observe(process, began, workdir))
                print(json.dumps(seen[-1]), file=readings, flush=True)
                time.sleep(_INTERVAL.value)
        finally:
            asked = time.monotonic()
            process.terminate()
            process.wait()
    return seen, time.monotonic() - asked


def _windows(seen):
    """Returns a row for each window of the run."""
    rows, index = [], 0
    width = _WINDOW.value
    while part := [
        row for row in seen if index <= row["seconds"] / width < index + 1
    ]:
        megabytes = [row["megabytes"] for row in part]
        seconds = part[-1]["seconds"] - part[0]["seconds"]
        steps = part[-1]["step"] - part[0]["step"]
        rows.append(
            {
                "name": f"{index * width / 60:g} to "
                f"{(index + 1) * width / 60:g} minutes",
                "min_megabytes": min(megabytes),
                "median_megabytes": statistics.median(megabytes),
                "max_megabytes": max(megabytes),
                "files": max(row["files"] for row in part),
                "threads": max(row["threads"] for row in part),
                "steps_per_second": steps / seconds if seconds else 0,
            }
        )
        index += 1
    return rows


def main(_):
    folder = pathlib.Path(_RUN.value)
    folder.mkdir(parents=True, exist_ok=True)
    seen, seconds = _train(folder)
    rows = _windows(seen)
    record.write("soak", rows, hours=_HOURS.value, seconds_to_end=seconds)
    for row in rows:
        print(
            f"{row['name']:24} {row['median_megabytes']:6.0f} MB (max "
            f"{row['max_megabytes']:.0f}), {row['files']} files, "
            f"{row['steps_per_second']:.3f} steps/s"
        )


if __name__ == "__main__":
    app.run(main)
