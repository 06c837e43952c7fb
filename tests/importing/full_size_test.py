"""Files of the published size: how long importing them takes."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import pytorch_states

torch = pytest.importorskip(
    "torch", reason="torch is an optional extra: pip install -e '.[import]'"
)
HERE = pathlib.Path(__file__).parent
_IMPORT = """
import json, resource, sys, time
start = time.monotonic()
from sagan_tf.importing import conversion
conversion.convert(sys.argv[1], sys.argv[3:], sys.argv[2])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([time.monotonic() - start, peak / 2**20]))
"""


@pytest.fixture(scope="module")
def full_size():
    """Base width 64, 1000 classes, 128 px, in MMGeneration's names."""
    golden = np.load(HERE.parent / "golden" / "mmgeneration_imagenet128.npz")
    state = {
        name.split("/")[1]: golden[name]
        for name in golden
        if not name.startswith("io/")
    }
    # As in the published file, the generator is there twice.
    for name in list(state):
        if name.startswith("generator_ema."):
            state[name.replace("_ema", "")] = state[name]
    random = np.random.default_rng(0)
    return pytorch_states.enlarged(state, 8, 1000, random)


def _save(state, path):
    """Writes a checkpoint as it is in training: with Adam's averages."""
    tensors = {name: torch.from_numpy(a) for name, a in state.items()}
    optimizer = {
        index: {"exp_avg": tensor, "exp_avg_sq": tensor.clone()}
        for index, tensor in enumerate(tensors.values())
    }
    torch.save({"state_dict": tensors, "optimizer": optimizer}, path)


def _import(source, workdir, *paths):
    result = subprocess.run(
        [sys.executable, "-c", _IMPORT, source, workdir, *paths],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    seconds, gibibytes = json.loads(result.stdout.splitlines()[-1])
    print(f"{source}: {seconds:.1f} s, {gibibytes:.2f} GiB")
    config = json.loads((workdir / "config.json").read_text())
    assert (config["base_channels"], config["num_classes"]) == (64, 1000)
    assert config["attention_resolutions"] == [64]
    assert config["dataset"] == "imagenet2012"
    return seconds, gibibytes


@pytest.mark.slow
def test_full_size(full_size, tmp_path):
    path = tmp_path / "mmgeneration.pth"
    _save(full_size, path)
    seconds, gibibytes = _import("mmgeneration", tmp_path / "1", path)
    assert gibibytes < 4
    generator, discriminator = pytorch_states.as_studiogan(full_size)
    paths = tmp_path / "G.pth", tmp_path / "D.pth"
    _save(generator, paths[0])
    _save(discriminator, paths[1])
    seconds, gibibytes = _import("studiogan", tmp_path / "2", *paths)
    assert gibibytes < 4
