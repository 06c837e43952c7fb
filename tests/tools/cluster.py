"""A cluster of two machines: processes with a `TF_CONFIG` each."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).parents[2]
ARGUMENTS = (
    f"--config={ROOT}/configs/digits.py",
    "--config.base_channels=2",
    "--config.latent_dim=8",
    "--config.batch_size=8",
    "--config.steps=12",
    "--config.log_every_steps=2",
    "--config.sample_every_steps=4",
    "--config.checkpoint_every_steps=2",
    "--config.eval_every_steps=6",
    "--config.eval_images=20",
    "--config.synchronized_batch_normalization",
    # So that rounding does not move what has no gradient.
    "--config.adam_epsilon=1e-3",
)
# The workdir is read-only for all but the first worker.
READ_ONLY = (
    'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
)


def overridden(arguments, *others):
    """Returns arguments, with those of `others` in the place of equal flags."""
    names = {other.partition("=")[0] for other in others}
    kept = [each for each in arguments if each.partition("=")[0] not in names]
    return [*kept, *others]


def _can_mount():
    command = ["unshare", "--mount", "true"]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def _free_ports(count):
    sockets = [socket.create_server(("localhost", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


class Cluster:
    """Two workers that train in `workdirs`, by default in one.

    `own` are arguments of each alone; `folders` are where they run.
    """

    def __init__(
        self, logs, *workdirs, arguments=(), own=((), ()), folders=(ROOT, ROOT)
    ):
        workdirs = workdirs * 2 if len(workdirs) == 1 else workdirs
        addresses = [f"localhost:{port}" for port in _free_ports(2)]
        self.processes, self.logs = [], []
        for index, workdir in enumerate(workdirs):
            workdir.mkdir(exist_ok=True)
            command = [
                sys.executable, str(ROOT / "train.py"),
                *overridden(ARGUMENTS, *arguments, *own[index]),
                f"--workdir={workdir}",
            ]  # fmt: skip
            if index and _can_mount():
                command = [
                    "unshare", "--mount", "sh", "-c", READ_ONLY, workdir,
                    *command,
                ]  # fmt: skip
            task = {"type": "worker", "index": index}
            environment = {
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "TF_CONFIG": json.dumps(
                    {"cluster": {"worker": addresses}, "task": task}
                ),
            }
            log = logs / f"worker{index}_{time.monotonic_ns()}.txt"
            self.logs.append(log)
            with open(log, "w") as file:
                self.processes.append(
                    subprocess.Popen(
                        command,
                        cwd=folders[index],
                        env=environment,
                        stdout=file,
                        stderr=subprocess.STDOUT,
                    )
                )

    def wait(self, timeout=400):
        """Waits for both; returns their exit codes and output."""
        try:
            codes = [process.wait(timeout) for process in self.processes]
        finally:
            for process in self.processes:
                process.kill()
        return codes, [log.read_text() for log in self.logs]

    def wait_for(self, condition, timeout=400):
        end = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < end, self.logs[0].read_text()
            assert all(p.poll() is None for p in self.processes), [
                log.read_text() for log in self.logs
            ]
            time.sleep(0.05)
