"""Tests of the files that `sagan-sample` writes."""

import numpy as np
import pytest
from PIL import Image

from sagan_tf.sampling import Request, attention_maps, outputs, write_outputs


def test_single_images(sampler, workdir, tmp_path, expected, assert_close):
    request = Request(tmp_path, seeds="4-5,9", classes="2,0")
    paths = write_outputs(sampler, request)
    assert [path.rsplit("/", 1)[1] for path in paths] == [
        f"class000{label}_seed000{seed}.png"
        for label in (2, 0)
        for seed in (4, 5, 9)
    ]
    path = tmp_path / "class0002_seed0005.png"
    with Image.open(path) as image:
        image.load()
    assert image.text == {
        "workdir": str(workdir), "step": "5", "truncation": "none",
        "seed": "5", "class": "2", "class_name": "owl",
    }  # fmt: skip
    assert_close(image, expected(5, 2))
    # A seed drawn alone gives the same file, to the byte.
    before = path.read_bytes()
    write_outputs(sampler, Request(tmp_path, seeds="5", classes="owl"))
    assert path.read_bytes() == before


def test_names_without_classes(unconditional_sampler, tmp_path):
    paths = write_outputs(unconditional_sampler, Request(tmp_path, seeds="3"))
    assert paths == [str(tmp_path / "seed0003.png")]


def test_grid_and_contact_sheet(
    sampler, tmp_path, expected, assert_close, pixels
):
    request = Request(
        tmp_path, draw=("grid", "contact_sheet"), seeds="1,2", truncation=0.5
    )
    write_outputs(sampler, request)
    grid = pixels(tmp_path / "grid.png")
    assert grid.shape == (96, 64, 3)
    assert_close(grid[64:, 32:], expected(2, 2, 0.5))
    sheet = pixels(tmp_path / "contact_sheet.png")
    assert sheet.shape == (64, 64, 3) and (sheet[32:, 32:] == 255).all()
    assert_close(sheet[:32, 32:], expected(1, 1, 0.5))


def test_between_latents(sampler, tmp_path, expected, assert_close, pixels):
    request = Request(
        tmp_path, draw=("between_latents",), seeds="1-3", classes="0,2",
        frames=4,
    )  # fmt: skip
    write_outputs(sampler, request)
    strip = pixels(tmp_path / "between_latents.png")
    assert strip.shape == (64, 9 * 32, 3)
    for index, seed in ((0, 1), (4, 2), (8, 3)):
        place = slice(32 * index, 32 * (index + 1))
        assert_close(strip[32:, place], expected(seed, 2))
    with Image.open(tmp_path / "between_latents.gif") as animation:
        assert animation.n_frames == 16 and animation.size == (64, 32)


def test_between_classes(sampler, tmp_path, expected, assert_close, pixels):
    request = Request(
        tmp_path, draw=("between_classes",), seeds="7", classes="1,0", frames=2
    )
    write_outputs(sampler, request)
    strip = pixels(tmp_path / "between_classes.png")
    assert strip.shape == (32, 96, 3)
    assert_close(strip[:, :32], expected(7, 1))
    assert_close(strip[:, 64:], expected(7, 0))
    assert np.any(strip[:, 32:64] != strip[:, :32])


def test_attention(sampler, tmp_path, expected, assert_close, pixels):
    request = Request(
        tmp_path, draw=("attention",), seeds="0-2", classes="0",
        queries=["0,0", "31,16"],
    )  # fmt: skip
    write_outputs(sampler, request)
    with np.load(tmp_path / "attention16.npz") as arrays:
        assert arrays["scores"].shape == (3, 256, 64)
        np.testing.assert_allclose(arrays["scores"].sum(-1), 1, rtol=1e-4)
        np.testing.assert_array_equal(arrays["points"][0], [[0, 0], [8, 15]])
        assert arrays["maps"].shape == (3, 2, 32, 32)
        assert_close(arrays["images"][1], expected(1, 0))
    assert pixels(tmp_path / "attention16.png").shape[1] > 300


def test_attention_of_the_discriminator(sampler, tmp_path, monkeypatch):
    images = np.zeros((2, 32, 32, 3), "uint8")
    scores = np.ones((2, 256, 64), "float32")
    monkeypatch.setattr(
        attention_maps,
        "discriminator_attention",
        lambda run, count: (images, {"attention16": (scores, (16, 16))}),
    )
    request = Request(tmp_path / "new", draw=("discriminator_attention",))
    paths = write_outputs(sampler, request)
    names = ["discriminator_attention16.png", "discriminator_attention16.npz"]
    assert paths == [str(tmp_path / "new" / name) for name in names]
    with np.load(paths[1]) as arrays:
        np.testing.assert_array_equal(arrays["scores"], scores)


def test_nearest(
    sampler, tmp_path, monkeypatch, pixels, expected, assert_close
):
    real = np.zeros((2, 5, 32, 32, 3), "uint8")
    monkeypatch.setattr(
        outputs, "nearest_images", lambda *args, **options: (real, None)
    )
    request = Request(tmp_path, draw=("nearest",), seeds="1-2", classes="0")
    write_outputs(sampler, request)
    image = pixels(tmp_path / "nearest.png")
    assert image.shape == (64, 7 * 32, 3)
    assert_close(image[32:, :32], expected(2, 0))
    assert (image[:, 32:64] == 255).all() and (image[:, 64:] == 0).all()


def test_report_alone(sampler, tmp_path):
    request = Request(report=tmp_path / "report", seeds="0-1", classes="1")
    paths = write_outputs(sampler, request)
    assert paths == [str(tmp_path / "report" / "report.html")]
    assert "Not evaluated yet" in (tmp_path / "report/report.html").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draw": ("pictures",)}, "`draw` must be names among .*'pictures'"),
        ({"classes": "3"}, "`classes` must be below 3"),
        ({"classes": "cta"}, "or names, such as cat"),
        (
            {"draw": ("between_latents",), "seeds": "1"},
            "`seeds` must be at least two",
        ),
        (
            {"draw": ("grid", "between_latents"), "seeds": "1"},
            "`seeds` must be at least two",
        ),
        (
            {"draw": ("between_classes",), "classes": "1"},
            "`classes` must be at least two",
        ),
        ({"draw": ("attention",), "queries": ["32,0"]}, "`query` must be x,y"),
    ],
)
def test_bad_requests_write_nothing(sampler, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        write_outputs(sampler, Request(tmp_path / "out", **options))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name", ["nearest", "discriminator_attention", "between_classes"]
)
def test_what_needs_a_run(saved_sampler, tmp_path, name):
    request = Request(tmp_path / "out", draw=("grid", name))
    with pytest.raises(ValueError, match="needs? `workdir`"):
        write_outputs(saved_sampler, request)
    assert not (tmp_path / "out").exists()


def test_classes_that_the_generator_does_not_have(
    unconditional_sampler, tmp_path
):
    request = Request(tmp_path / "out", classes="0")
    with pytest.raises(ValueError, match="`classes` must be left out"):
        write_outputs(unconditional_sampler, request)


def test_classes_by_name_from_a_saved_model(saved_sampler, tmp_path):
    request = Request(tmp_path, seeds="5", classes="owl,cat")
    names = [
        path.rsplit("/", 1)[1] for path in write_outputs(saved_sampler, request)
    ]
    assert names == ["class0002_seed0005.png", "class0000_seed0005.png"]
