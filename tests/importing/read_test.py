"""Files of PyTorch programs, read for a run's directory."""

import pathlib

import numpy as np
import pytest

from sagan_tf.importing import conversion, read
from sagan_tf.workdir import load_generator

torch = pytest.importorskip(
    "torch", reason="torch is an optional extra: pip install -e '.[import]'"
)
DATA = pathlib.Path(__file__).parents[1] / "golden"


def _arrays(name):
    arrays = dict(np.load(DATA / f"{name}.npz"))
    parts = {}
    for key, array in arrays.items():
        part, key = key.split("/")
        parts.setdefault(part, {})[key] = array
    return parts


def _save(state, path, **others):
    tensors = {name: torch.from_numpy(a) for name, a in state.items()}
    torch.save({"state_dict": tensors, **others}, path)
    return str(path)


@pytest.fixture(scope="module")
def mmgen(tmp_path_factory):
    parts = _arrays("mmgeneration_imagenet128")
    path = tmp_path_factory.mktemp("mmgen") / "sagan_woReLUinplace.pth"
    state = parts["mmgen_sagan_imagenet128"]
    return _save(state, path, meta={"iter": 826000}), parts["io"]


@pytest.fixture(scope="module")
def studiogan(tmp_path_factory):
    """As StudioGAN saves: only the discriminator's file has the step."""
    parts = _arrays("studiogan_cifar10")
    folder = tmp_path_factory.mktemp("studiogan")
    generator, discriminator, io = parts.values()
    paths = [
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
    return paths, io


def test_mmgeneration(mmgen, tmp_path):
    path, io = mmgen
    report = conversion.convert("mmgeneration", [path], tmp_path / "run")
    assert "averaged, iteration 826000 of the source" in report
    assert "channel order of the source: bgr" in report
    assert report in (tmp_path / "run" / "NOTICE").read_text()
    generator, config, step = load_generator(tmp_path / "run")
    assert step == config.steps == 826000 and config.ema_decay
    assert config.batch_normalization_epsilon == 1e-5
    assert not config.rectified_shortcut
    images = generator([io["z"], io["labels"].astype("int32")])
    np.testing.assert_allclose(
        np.array(images)[..., ::-1], io["generated_nhwc"], atol=1e-4
    )


def test_conventions_can_be_given(mmgen, tmp_path):
    path, _ = mmgen
    imported = read.read(
        "mmgeneration",
        [path],
        channel_order="rgb",
        rectified_shortcut=True,
        epsilon=1e-3,
    )
    assert imported.channel_order == "rgb" and imported.rectified_shortcut
    normalization = imported.generator.get_layer("normalization")
    assert normalization.epsilon == 1e-3
    with pytest.raises(ValueError, match="`generator.`.*is missing"):
        read.read("mmgeneration", [path], averaged=False)


@pytest.mark.parametrize(("file", "averaged"), [(0, False), (2, True)])
def test_studiogan(studiogan, tmp_path, file, averaged):
    paths, io = studiogan
    conversion.convert("studiogan", [paths[file], paths[1]], tmp_path / "run")
    generator, config, step = load_generator(tmp_path / "run")
    assert step == 1000 and (config.ema_decay > 0) == averaged
    assert config.rectified_shortcut and config.dataset == "cifar10"
    images = generator([io["z"], io["labels"].astype("int32")])
    np.testing.assert_allclose(images, io["generated_nhwc"], atol=1e-4)


def test_step_by_the_name(studiogan):
    """Where the discriminator's file has none."""
    paths, _ = studiogan
    state = _arrays("studiogan_cifar10")["studiogan_sagan_cifar10_D"]
    other = pathlib.Path(paths[1]).with_name("D.pth")
    imported = read.read("studiogan", [paths[0], _save(state, other)])
    assert imported.iteration == 900
