"""Tests of the run directories that `sagan-import` writes."""

import hashlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import models, training
from sagan_tf.export import export_generator
from sagan_tf.images import to_uint8
from sagan_tf.importing import conversion, import_authors, read
from sagan_tf.models.from_config import build_networks
from sagan_tf.sampling import Sampler
from sagan_tf.workdir import Workdir, load_generator


@pytest.fixture(scope="module")
def workdir(authors_checkpoint, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("import") / "run"
    conversion.convert("authors", [authors_checkpoint], workdir)
    return workdir


@pytest.fixture(scope="module")
def networks(authors_checkpoint):
    return import_authors(authors_checkpoint)


def test_workdir_is_that_of_a_run(networks, workdir, tmp_path):
    generator, config, step = load_generator(workdir)
    assert step == config.steps == 1000
    assert (config.image_size, config.num_classes) == (128, 5)
    assert (config.base_channels, config.latent_dim) == (8, 128)
    assert config.attention_resolutions == (32,)
    assert config.dataset == "image_folder"
    expected, discriminator = networks
    inputs = [np.ones((2, 128), "float32"), np.array([0, 4], "int32")]
    images = expected(inputs)
    np.testing.assert_array_equal(generator(inputs), images)
    _, restored = build_networks(config)
    tf.train.Checkpoint(discriminator=restored).restore(
        str(workdir / "checkpoints" / "ckpt-1000")
    ).assert_existing_objects_matched().expect_partial()
    for ours, theirs in zip(
        restored.variables, discriminator.variables, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    export_generator(generator, tmp_path / "model")
    served = tf.saved_model.load(tmp_path / "model").signatures["images_float"]
    latents, labels = map(tf.constant, inputs)
    # Baking rounds differently.
    np.testing.assert_allclose(
        served(latents=latents, labels=labels)["images"], images, atol=1e-5
    )


def test_imported_generator_is_sampled(networks, workdir, assert_close):
    sampler = Sampler.of_workdir(workdir)
    latents, labels = sampler.latents([3]), tf.constant([4])
    expected = to_uint8(networks[0]([latents, labels]))
    assert_close(sampler.images(latents, labels), expected)
    scores, _ = sampler.attention(latents, labels)["attention32"]
    assert scores.shape == (1, 1024, 256)


def test_other_names_of_the_checkpoint(authors_checkpoint, tmp_path):
    """The name of one of its files, and its directory."""
    for name, path in (
        ("file", f"{authors_checkpoint}.data-00000-of-00001"),
        ("folder", str(pathlib.Path(authors_checkpoint).parent)),
    ):
        report = conversion.convert("authors", [path], tmp_path / name)
        assert load_generator(tmp_path / name)[2] == 1000
        assert report.count("sha256") == 2


def test_attention_at_two_resolutions(monkeypatch, tmp_path):
    networks = (
        models.build_generator(32, 2, 3, 8, attention_resolutions=(8, 16)),
        models.build_discriminator(32, 2, 3, attention_resolutions=(8, 16)),
    )
    monkeypatch.setattr(read.authors, "import_authors", lambda _: networks)
    conversion.convert("authors", [str(tmp_path / "x")], tmp_path / "run")
    config = load_generator(tmp_path / "run")[1]
    assert config.attention_resolutions == (8, 16)


def test_notice_names_the_files(authors_checkpoint, workdir):
    notice = (workdir / "NOTICE").read_text()
    assert "https://github.com/brain-research/self-attention-gan" in notice
    for suffix in (".index", ".data-00000-of-00001"):
        path = pathlib.Path(authors_checkpoint + suffix)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        assert f"  {path.name}\n    sha256 {digest}\n" in notice
    assert "5 classes" in notice and "iteration 1000 of" in notice


def test_imported_run_does_not_resume(workdir):
    with pytest.raises(ValueError, match="imported.*no optimizers"):
        training.restore(None, Workdir(workdir), None)


def test_nothing_is_overwritten(authors_checkpoint, workdir, tmp_path):
    before = (workdir / "config.json").stat().st_mtime_ns
    with pytest.raises(ValueError, match="`workdir` must be a new or empty"):
        conversion.convert("authors", [authors_checkpoint], workdir)
    assert (workdir / "config.json").stat().st_mtime_ns == before
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(ValueError, match="`workdir` must be a new or empty"):
        conversion.convert("authors", [authors_checkpoint], file)
    empty = tmp_path / "empty"
    empty.mkdir()
    conversion.convert(
        "authors",
        [authors_checkpoint],
        empty,
        dataset="digits",
        data_dir="here",
    )
    config = load_generator(empty)[1]
    assert (config.dataset, config.data_dir) == ("digits", "here")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("authors", ["missing"]), "missing cannot be read"),
        (("authors", ["a", "b"]), r"`checkpoint` must be 1 path\(s\)"),
        (("studiogan", ["a"]), r"2 path\(s\) for studiogan, G.pth,D.pth"),
        (("mmgeneration", ["nowhere.pth"]), "nowhere.pth: there is no such"),
    ],
)
def test_failure_leaves_nothing(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        conversion.convert(*arguments, tmp_path / "run")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"num_classes": 7},
            "`num_classes` must be the 5 that .*Received: num_classes=7",
        ),
        ({"epsilon": 1e-3}, "`epsilon` is for mmgeneration only"),
        ({"averaged": False}, "`averaged` is for mmgeneration only"),
        ({"channel_order": "gbr"}, "`channel_order` must be one of"),
    ],
)
def test_options_that_do_not_fit(
    authors_checkpoint, tmp_path, options, message
):
    with pytest.raises(ValueError, match=message):
        conversion.convert(
            "authors", [authors_checkpoint], tmp_path / "run", **options
        )
    assert not list(tmp_path.iterdir())


def test_networks_that_one_configuration_cannot_have(monkeypatch, tmp_path):
    networks = (
        models.build_generator(32, 2, 3, 8, attention_resolutions=(16,)),
        models.build_discriminator(32, 2, 3, attention_resolutions=(8,)),
    )
    monkeypatch.setattr(read.authors, "import_authors", lambda _: networks)
    (tmp_path / "x.index").touch()
    with pytest.raises(
        ValueError, match=r"`attention_resolutions` must be the same.*\(8,\)"
    ):
        conversion.convert("authors", [str(tmp_path / "x")], tmp_path / "run")


@pytest.mark.slow
def test_command(authors_checkpoint, tmp_path):
    command = [
        sys.executable, "-m", "sagan_tf.commands.import_", "--source=authors",
        f"--checkpoint={authors_checkpoint}", f"--workdir={tmp_path / 'run'}",
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "latent vectors of length 128, base width 8" in result.stdout
    assert "channel order of the source: rgb" in result.stdout
    assert load_generator(tmp_path / "run")[2] == 1000
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert "error: `--workdir`" in result.stderr.splitlines()[-1]
    assert "Traceback" not in result.stderr
