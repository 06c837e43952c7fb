"""Tests of `sagan-sample`: pictures, strips, attention."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from sagan_tf import Config, data, models
from sagan_tf.evaluation.extractors import Extractor
from sagan_tf.export import export_generator
from sagan_tf.images import to_float, to_uint8
from sagan_tf.latents import latents_of_seeds
from sagan_tf.sampling import Sampler, attention_maps, draw_pictures, pictures
from sagan_tf.sampling.nearest import nearest_images
from sagan_tf.workdir import Workdir, load_discriminator

CONFIG = Config(
    dataset="digits", image_size=32, base_channels=2, num_classes=3,
    latent_dim=8, attention_resolutions=(16,),
)  # fmt: skip


def _generator(num_classes=3):
    keras.utils.set_random_seed(1)
    generator = models.build_generator(
        32, 2, num_classes, 8, attention_resolutions=(16,)
    )
    random = np.random.default_rng(0)
    for variable in generator.trainable_variables:
        variable.assign(variable + random.normal(0, 0.3, variable.shape))
    return generator


@pytest.fixture(scope="module")
def generator():
    return _generator()


@pytest.fixture(scope="module")
def workdir(generator, tmp_path_factory):
    workdir = Workdir(tmp_path_factory.mktemp("sampling") / "run")
    workdir.claim(CONFIG)
    discriminator = models.build_discriminator(
        32, 2, 3, attention_resolutions=(16,)
    )
    checkpoint = tf.train.Checkpoint(
        generator=generator, discriminator=discriminator
    )
    tf.train.CheckpointManager(checkpoint, str(workdir.checkpoints), 1).save(
        checkpoint_number=5
    )
    return workdir.path


def _expected(generator, seed, label, truncation=0.0):
    latents = latents_of_seeds(tf.constant([seed], tf.int64), 8, truncation)
    return to_uint8(generator([latents, tf.constant([label])]))[0]


def _pixels(path):
    with Image.open(path) as image:
        return np.array(image)


def _assert_close(image, expected):
    difference = np.abs(np.array(image, int) - np.array(expected, int))
    assert difference.max() <= 1


def test_single_pictures(generator, workdir, tmp_path):
    paths = draw_pictures.sample(
        tmp_path, workdir, seeds="4-5,9", classes="2,0"
    )
    assert [path.rsplit("/", 1)[1] for path in paths] == [
        f"class000{label}_seed000{seed}.png"
        for label in (2, 0)
        for seed in (4, 5, 9)
    ]
    with Image.open(tmp_path / "class0002_seed0005.png") as image:
        image.load()
    assert image.text == {
        "workdir": str(workdir), "step": "5", "truncation": "none",
        "seed": "5", "class": "2",
    }  # fmt: skip
    _assert_close(image, _expected(generator, 5, 2))
    # Alone it is the same, to the byte.
    before = (tmp_path / "class0002_seed0005.png").read_bytes()
    draw_pictures.sample(tmp_path, workdir, seeds="5", classes="2")
    assert (tmp_path / "class0002_seed0005.png").read_bytes() == before


def test_grid_and_contact_sheet(generator, workdir, tmp_path):
    draw_pictures.sample(
        tmp_path, workdir, seeds="1,2", truncation=0.5, grid=True,
        contact_sheet=True,
    )  # fmt: skip
    grid = _pixels(tmp_path / "grid.png")
    assert grid.shape == (96, 64, 3)
    _assert_close(grid[64:, 32:], _expected(generator, 2, 2, 0.5))
    sheet = _pixels(tmp_path / "contact_sheet.png")
    assert sheet.shape == (64, 64, 3) and (sheet[32:, 32:] == 255).all()
    _assert_close(sheet[:32, 32:], _expected(generator, 1, 1, 0.5))


def test_between_latents(generator, workdir, tmp_path):
    draw_pictures.sample(
        tmp_path, workdir, seeds="1-3", classes="0,2", interpolate="latents",
        frames=4,
    )  # fmt: skip
    strip = _pixels(tmp_path / "between_latents.png")
    assert strip.shape == (64, 9 * 32, 3)
    for index, seed in ((0, 1), (4, 2), (8, 3)):
        place = slice(32 * index, 32 * (index + 1))
        _assert_close(strip[32:, place], _expected(generator, seed, 2))
    with Image.open(tmp_path / "between_latents.gif") as animation:
        assert animation.n_frames == 16 and animation.size == (64, 32)


def test_between_classes(generator, workdir, tmp_path):
    draw_pictures.sample(
        tmp_path, workdir, seeds="7", classes="1,0", interpolate="classes",
        frames=2,
    )  # fmt: skip
    strip = _pixels(tmp_path / "between_classes.png")
    assert strip.shape == (32, 96, 3)
    _assert_close(strip[:, :32], _expected(generator, 7, 1))
    _assert_close(strip[:, 64:], _expected(generator, 7, 0))
    assert np.any(strip[:, 32:64] != strip[:, :32])


def test_interpolation_keeps_the_length():
    first, second = np.array([3.0, 0.0]), np.array([0.0, 3.0])
    for share in (0, 0.25, 0.5, 1):
        between = pictures._spherical(first, second, share)
        np.testing.assert_allclose(np.linalg.norm(between), 3)
    np.testing.assert_allclose(pictures._spherical(first, first, 0.3), first)


def test_attention(generator, workdir, tmp_path):
    draw_pictures.sample(
        tmp_path, workdir, seeds="0-2", classes="0", attention=True,
        queries=["0,0", "31,16"],
    )  # fmt: skip
    with np.load(tmp_path / "attention16.npz") as arrays:
        assert arrays["scores"].shape == (3, 256, 64)
        np.testing.assert_allclose(arrays["scores"].sum(-1), 1, rtol=1e-4)
        np.testing.assert_array_equal(arrays["points"][0], [[0, 0], [8, 15]])
        assert arrays["maps"].shape == (3, 2, 32, 32)
        _assert_close(arrays["images"][1], _expected(generator, 1, 0))
    assert _pixels(tmp_path / "attention16.png").shape[1] > 300


def test_nearest_of_real_images_are_themselves(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    @tf.function
    def run(images):
        return tf.reshape(images[..., 0], (tf.shape(images)[0], -1)), images[
            :, 0, :, 0
        ]

    monkeypatch.setattr(
        "sagan_tf.evaluation.extractors.inception",
        lambda path: Extractor("pixels", "inception", run, "1", ("a", "b")),
    )
    config = dataclasses.replace(CONFIG, num_classes=10)
    source = data.open_source("digits")
    dataset = data.ordered_dataset(source, 32, 4)
    images, _, _ = next(iter(dataset.skip(50)))
    found, distances = nearest_images(images.numpy(), config, count=3)
    assert found.shape == (4, 3, 32, 32, 3)
    np.testing.assert_array_equal(found[:, 0], images)
    np.testing.assert_allclose(distances[:, 0], 0, atol=1e-4)
    assert (np.diff(distances, axis=1) > 0).all()


def test_attention_of_the_discriminator(workdir, tmp_path, monkeypatch):
    source = data.open_source("digits")
    few = dataclasses.replace(
        source, records=source.records.map(lambda i, n: (i, n % 3))
    )
    monkeypatch.setattr(data, "open_source", lambda *args: few)
    draw_pictures.sample(
        tmp_path, workdir, seeds="0", attention=True, discriminator=True
    )
    discriminator, _ = load_discriminator(workdir)
    with np.load(tmp_path / "discriminator_attention16.npz") as arrays:
        images, scores = arrays["images"], arrays["scores"]
    assert len(images) == 8 and scores.shape == (8, 256, 64)
    layer = discriminator.get_layer("attention16")
    before = keras.Model(discriminator.inputs, layer.input)
    features = before([to_float(images), tf.zeros(8, "int32")])
    _, expected = layer(features, return_attention_scores=True)
    np.testing.assert_allclose(scores, expected, atol=1e-5)


def test_attention_map_is_where_the_scores_are():
    scores = np.zeros((256, 64), "float32")
    # The query in row 3, column 5 attends to the pool in row 2, column 6.
    scores[3 * 16 + 5, 2 * 8 + 6] = 1
    found = attention_maps.attention_map(scores, (3, 5), (16, 16), (32, 32))
    assert found.max() == 1
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 8 <= row < 12 and 24 <= column < 28


def test_chosen_queries_are_on_edges_and_apart():
    image = np.zeros((32, 32, 3), "uint8")
    image[8:24, 8:24] = 255
    points = attention_maps.query_points(image, (16, 16))
    assert len(set(points)) == 4
    for row, column in points:
        assert min(abs(row - e) for e in (4, 11)) <= 1 or (
            min(abs(column - e) for e in (4, 11)) <= 1
        )


def test_saved_model_draws_the_same(generator, workdir, tmp_path):
    export_generator(
        generator, tmp_path / "1", {"number_of_classes": 3, "step": 5}
    )
    for name, source in (
        ("a", {"workdir": workdir}), ("b", {"saved_model": tmp_path / "1"}),
    ):  # fmt: skip
        draw_pictures.sample(
            tmp_path / name, seeds="3", classes="1", grid=True, attention=True,
            **source,
        )  # fmt: skip
    images = [_pixels(tmp_path / n / "grid.png") for n in "ab"]
    _assert_close(*images)
    scores = []
    for name in "ab":
        with np.load(tmp_path / name / "attention16.npz") as arrays:
            scores.append(arrays["scores"])
    np.testing.assert_allclose(*scores, atol=1e-5)
    with pytest.raises(ValueError, match="needs `workdir`"):
        draw_pictures.sample(
            tmp_path, saved_model=tmp_path / "1", interpolate="classes"
        )


def test_unconditional():
    sampler = Sampler.of_generator(_generator(None))
    grid, images = pictures.grid_of(sampler, list(range(12)), [])
    assert len(images) == 12 and grid.shape == (64, 320, 3)
    assert (grid[32:, 64:] == 255).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"seeds": "7-3"}, "`seeds` must be numbers and ranges"),
        ({"seeds": "a"}, "`seeds` must be numbers and ranges"),
        ({"seeds": ""}, "`seeds` must be numbers and ranges"),
        ({"seeds": "0-99999999"}, "`seeds` must be numbers and ranges"),
        ({"classes": "3"}, "`classes` must be below 3"),
        ({"truncation": 0.0}, "`truncation` must be positive"),
        ({"truncation": -1.0}, "`truncation` must be positive"),
        ({"interpolate": "latents", "seeds": "1"}, "`seeds` must be at least"),
        ({"interpolate": "classes", "classes": "1"}, "`classes` must be at l"),
        ({"attention": True, "queries": ["32,0"]}, "`query` must be x,y"),
        ({"attention": True, "queries": ["x"]}, "`query` must be x,y"),
        (
            {"workdir": None, "saved_model": "x", "nearest": True},
            "`nearest` needs `workdir`",
        ),
        (
            {
                "workdir": None,
                "saved_model": "x",
                "attention": True,
                "discriminator": True,
            },
            "`discriminator` needs `workdir`",
        ),
        (
            {"grid": True, "interpolate": "latents", "seeds": "1"},
            "`seeds` must be at least two",
        ),
        ({"truncation": float("nan")}, "`truncation` must be positive"),
        ({"truncation": float("inf")}, "`truncation` must be positive"),
        ({"output": None}, "Give `output`"),
        ({"workdir": None}, "either `workdir` or `saved_model`"),
        ({"workdir": None, "saved_model": "x"}, "`saved_model` x is none"),
        ({"step": 7}, "has no checkpoint of step 7"),
    ],
)
def test_bad_input_writes_nothing(workdir, tmp_path, options, message):
    options = {"output": tmp_path / "out", "workdir": workdir, **options}
    with pytest.raises(ValueError, match=message):
        draw_pictures.sample(**options)
    assert not (tmp_path / "out").exists()


def test_output_that_is_a_file(workdir, tmp_path):
    (tmp_path / "out").touch()
    for name in ("output", "report"):
        with pytest.raises(ValueError, match=f"`{name}` .* is not a directory"):
            draw_pictures.sample(workdir=workdir, **{name: tmp_path / "out"})


def test_report_alone(workdir, tmp_path):
    paths = draw_pictures.sample(
        workdir=workdir, seeds="0-1", classes="1", report=tmp_path / "report"
    )
    assert paths == [str(tmp_path / "report" / "report.html")]
    assert "Not evaluated yet" in (tmp_path / "report/report.html").read_text()
