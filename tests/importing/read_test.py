"""Tests of reading files of PyTorch programs for a run's directory."""

import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import pytorch_states

from sagan_tf.importing import conversion
from sagan_tf.importing.read import read_checkpoint
from sagan_tf.workdir import load_generator

torch = pytest.importorskip(
    "torch", reason="torch is an optional extra: pip install -e '.[import]'"
)
_CONVERT = """
import sys
import allocation
from sagan_tf.importing import conversion
conversion.convert(sys.argv[1], sys.argv[3:], sys.argv[2])
print("GiB", allocation.peak_bytes() / 2**30)
"""


def _save(state, path, **others):
    tensors = {name: torch.from_numpy(a) for name, a in state.items()}
    torch.save({"state_dict": tensors, **others}, path)
    return str(path)


@pytest.fixture(scope="module")
def mmgeneration_file(mmgeneration_golden, tmp_path_factory):
    path = tmp_path_factory.mktemp("mmgen") / "sagan_woReLUinplace.pth"
    return _save(mmgeneration_golden[0], path, meta={"iter": 826000})


@pytest.fixture(scope="module")
def studiogan_files(studiogan, tmp_path_factory):
    """Files as StudioGAN saves: only the discriminator's has the step."""
    folder = tmp_path_factory.mktemp("studiogan")
    generator, discriminator, _ = studiogan
    return [
        _save(generator, folder / "model=G-best-weights-step=900.pth"),
        _save(
            discriminator,
            folder / "model=D-best-weights-step=900.pth",
            step=1000,
            best_fid=np.float32(9.5),
            epoch=np.int64(3),
        ),
        _save(generator, folder / "model=G_ema-best-weights-step=900.pth"),
    ]


def test_mmgeneration(mmgeneration_file, mmgeneration_golden, tmp_path):
    report = conversion.convert(
        "mmgeneration", [mmgeneration_file], tmp_path / "run"
    )
    assert "averaged, iteration 826000 of the source" in report
    assert "channel order of the source: bgr" in report
    assert report in (tmp_path / "run" / "NOTICE").read_text()
    generator, config, step = load_generator(tmp_path / "run")
    assert step == config.steps == 826000 and config.ema_decay
    assert config.batch_normalization_epsilon == 1e-5
    assert not config.rectified_shortcut
    io = mmgeneration_golden[1]
    images = generator([io["z"], io["labels"].astype("int32")])
    np.testing.assert_allclose(
        np.array(images)[..., ::-1], io["generated_nhwc"], atol=1e-4
    )


def test_conventions_can_be_given(mmgeneration_file):
    imported = read_checkpoint(
        "mmgeneration",
        [mmgeneration_file],
        channel_order="rgb",
        rectified_shortcut=True,
        epsilon=1e-3,
    )
    assert imported.channel_order == "rgb" and imported.rectified_shortcut
    normalization = imported.generator.get_layer("normalization")
    assert normalization.epsilon == 1e-3
    with pytest.raises(ValueError, match="`generator.`.*is missing"):
        read_checkpoint("mmgeneration", [mmgeneration_file], averaged=False)


@pytest.mark.parametrize(("file", "averaged"), [(0, False), (2, True)])
def test_studiogan(studiogan_files, studiogan, tmp_path, file, averaged):
    paths = [studiogan_files[file], studiogan_files[1]]
    conversion.convert("studiogan", paths, tmp_path / "run")
    generator, config, step = load_generator(tmp_path / "run")
    assert step == 1000 and (config.ema_decay > 0) == averaged
    assert config.rectified_shortcut and config.dataset == "cifar10"
    io = studiogan[2]
    images = generator([io["z"], io["labels"].astype("int32")])
    np.testing.assert_allclose(images, io["generated_nhwc"], atol=1e-4)


def test_step_from_the_file_name(studiogan_files, studiogan, tmp_path):
    """It is taken if the discriminator's file does not have the step."""
    other = _save(studiogan[1], tmp_path / "D.pth")
    imported = read_checkpoint("studiogan", [studiogan_files[0], other])
    assert imported.iteration == 900


def _save_with_adam(state, path):
    """Writes a checkpoint as it is during training, with Adam's averages."""
    optimizer = {
        index: {
            "exp_avg": torch.from_numpy(a),
            "exp_avg_sq": torch.zeros(a.shape),
        }
        for index, a in enumerate(state.values())
    }
    return _save(state, path, optimizer=optimizer)


@pytest.mark.slow
def test_full_size(mmgeneration_golden, tmp_path):
    """Base width 64, 1000 classes, 128 px: conversion needs under 4 GiB."""
    state = dict(mmgeneration_golden[0])
    # As in the published file, the generator is there twice.
    for name in list(state):
        if name.startswith("generator_ema."):
            state[name.replace("_ema", "")] = state[name]
    state = pytorch_states.enlarged(state, 8, 1000, np.random.default_rng(0))
    generator, discriminator = pytorch_states.as_studiogan(state)
    sources = {
        "mmgeneration": [_save_with_adam(state, tmp_path / "sagan.pth")],
        "studiogan": [
            _save_with_adam(generator, tmp_path / "G.pth"),
            _save_with_adam(discriminator, tmp_path / "D.pth"),
        ],
    }
    for source, paths in sources.items():
        workdir = tmp_path / source
        result = subprocess.run(
            [sys.executable, "-c", _CONVERT, source, workdir, *paths],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr
        assert float(result.stdout.split("GiB")[-1]) < 4
        config = json.loads((pathlib.Path(workdir) / "config.json").read_text())
        assert (config["base_channels"], config["num_classes"]) == (64, 1000)
        assert config["attention_resolutions"] == [64]
        assert config["dataset"] == "imagenet2012"
