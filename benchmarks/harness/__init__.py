"""What the benchmark programs share: alternation, records, workloads."""

import os

# TensorFlow's C++ log would stand between the rows of the tables.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
