"""What the benchmark programs share: alternation, records, workloads."""

import os
import pathlib

ROOT = pathlib.Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"

# TensorFlow's C++ log would stand between the rows of the tables.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
