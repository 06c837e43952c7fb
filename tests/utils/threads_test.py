"""Tests of functions that TensorFlow's threads call."""

import subprocess
import sys

# The iterator is left in the middle, and Python deletes it while it ends.
_PROGRAM = """
import sys
import numpy as np
from PIL import Image
from sagan_tf import data

for index in range(8):
    image = np.random.default_rng(index).integers(0, 256, (400, 400, 3))
    Image.fromarray(image.astype("uint8")).save(f"{sys.argv[1]}/{index}.png")
source = data.open_source("image_folder", sys.argv[1])
batches = iter(data.training_dataset(source, 256, 2, labelled=False))
for _ in range(3):
    next(batches)
print("read")
"""


def test_python_ends_while_tensorflow_decodes(tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.stdout == "read\n" and result.returncode == 0, result.stderr
