"""Trains the runs of a study, several at once, and collects their results.

A study is a dictionary from names to `Config`s. Each is trained for several
seeds into `studies/runs/STUDY/NAME/SEED`, where `train.py` can resume it, and
evaluated as its configuration says. A run has one process with one thread, so
that as many runs as there are cores go on at once and none changes another's
numbers.
"""

import concurrent.futures
import dataclasses
import os
import pathlib
import platform
import subprocess
import sys

from sagan_tf.evaluation import results
from sagan_tf.workdir import records

FOLDER = pathlib.Path(__file__).parent / "runs"
_ONE_THREAD = {
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "CUDA_VISIBLE_DEVICES": "-1",
}


def train_all(program, study, configs, seeds, jobs, collect):
    """Trains each configuration for each seed, each in its own process.

    Args:
        program: Path of the study, a program that takes `--run` and `--seed`
            and trains that run alone.
        study: Name of the study.
        configs: Dictionary from names to `Config`s.
        seeds: Integers.
        jobs: Number of processes at once.
        collect: Function of (name, seed, evaluations) that keeps the results
            of a run; called in the order in which the runs end. Evaluations
            are dictionaries of metrics and the `step`.

    Raises:
        RuntimeError: If runs failed, with the ends of their logs. The others
            are trained first.
    """
    failed = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = {
            pool.submit(_in_process, program, name, seed): (name, seed)
            for seed in seeds
            for name in configs
        }
        for future in concurrent.futures.as_completed(waiting):
            name, seed = waiting[future]
            done = future.result()
            if done.returncode:
                log = done.stdout
                failed.append(f"{name}, seed {seed}:\n{log[-1000:]}")
                continue
            evaluations = records.training_evaluations(
                workdir_of(study, name, seed)
            )
            collect(
                name,
                seed,
                [{"step": each.step, **each.metrics} for each in evaluations],
            )
    if failed:
        raise RuntimeError("\n".join(failed))


def workdir_of(study, name, seed):
    return FOLDER / study / name / str(seed)


def with_seed(config, seed):
    return dataclasses.replace(config, seed=seed)


def machine():
    """Returns the versions and the processor that the results are from."""
    return {"processor": _processor(), **results.versions()}


def _processor():
    path = pathlib.Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.processor() or platform.machine()


def _in_process(program, name, seed):
    """Trains a run, and returns the process that has ended."""
    return subprocess.run(
        [sys.executable, program, f"--run={name}", f"--seed={seed}"],
        env={**os.environ, **_ONE_THREAD},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
