"""Tests of Config."""

import dataclasses
import pathlib
import runpy

import pytest

from sagan_tf import Config

DOCS = pathlib.Path(__file__).parents[1] / "docs"


def test_defaults_are_valid():
    Config().validate()


def test_json_round_trip(tmp_path):
    config = Config(attention_resolutions=(8, 16), num_classes=7, ema_decay=0.5)
    path = tmp_path / "config.json"
    config.save(path)
    assert Config.load(path) == config
    assert [file.name for file in tmp_path.iterdir()] == ["config.json"]


def test_every_field_is_in_the_documentation():
    program = runpy.run_path(str(DOCS / "configuration.py"))
    document = (DOCS / "configuration.md").read_text(encoding="utf-8")
    assert document == program["document"](), "Run `make docs`."
    for field in dataclasses.fields(Config):
        assert f"| `{field.name}` |" in document


def test_description_has_the_range():
    texts = {name: text for name, _, text in Config.describe()}
    assert texts["adam_beta_1"].endswith(" At least 0, below 1.")
    assert texts["image_size"].endswith(" One of 32, 64, 128, 256.")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("loss", "wasserstein"),
        ("strategy", "horovod"),
        ("precision", "float16"),
        ("attention_variant", "x"),
        ("conditioning", "concatenation"),
        ("kernel_initializer", "zeros"),
        ("linear_decay_steps", -1),
        ("linear_decay_steps", 1_000_001),
        ("batch_size", 0),
        ("steps", -1),
        ("log_every_steps", 0),
        ("ema_start_step", -1),
        ("eval_every_steps", -100),
        ("generator_learning_rate", 0.0),
        ("adam_epsilon", -1e-8),
        ("adam_beta_1", 1.0),
        ("ema_decay", 1.0),
        ("batch_normalization_momentum", 1.1),
        ("image_size", 100),
        ("num_classes", -1),
        ("num_classes", 0),
        ("eval_images", 9),
        ("steps", 1e5),
        ("batch_size", "64"),
        ("attention_resolutions", 32),
        ("sample_every_steps", 150),
        ("checkpoint_every_steps", 99),
        ("eval_every_steps", 150),
        ("accumulation_steps", 0),
        ("seed", -1),
        ("seed", 2**31),
        ("steps", 2**70),
        ("attention_resolutions", (2**70,)),
        ("generator_learning_rate", float("nan")),
        ("discriminator_learning_rate", float("inf")),
        ("cache_gibibytes", float("nan")),
        ("adam_epsilon", 10**400),
    ],
)
def test_out_of_range(field, value):
    with pytest.raises(ValueError, match=f"(?s)^`{field}` must .* Received"):
        Config(**{field: value}).validate()


def test_batch_not_a_multiple_of_accumulation_steps():
    with pytest.raises(ValueError, match="^`batch_size` must be a multiple"):
        Config(batch_size=64, accumulation_steps=3).validate()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "must be a JSON object"),
        ('{"batchsize": 3}', '"batchsize" is not a field'),
        ('{"batch_size": 3.5}', '"batch_size" must be'),
        ('{"batch_size": true}', '"batch_size" must be'),
        ('{"attention_resolutions": [8, "x"]}', '"attention_resolutions"'),
        ('{"num_classes": "x"}', '"num_classes" must be'),
        ("{", "is not a configuration"),
        ("[" * 100_000, "is not a configuration: maximum recursion depth"),
        ('{"batch_size": 0}', '"batch_size" must be at least 1'),
        ('{"loss": NaN}', '"loss" must be'),
    ],
)
def test_bad_file_is_named(tmp_path, text, message):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as error:
        Config.load(path)
    assert str(path) in str(error.value)


def test_whole_numbers_are_floats_too():
    config = Config.from_json('{"generator_learning_rate": 1}')
    assert type(config.generator_learning_rate) is float


def test_validation_makes_types_those_that_are_saved():
    config = Config(attention_resolutions=[8], generator_learning_rate=1)
    config.validate()
    assert Config.from_json(config.to_json()) == config


def test_labels_of_no_classes():
    with pytest.raises(ValueError, match="^`num_classes` must be None with"):
        Config(labels=False, num_classes=3).validate()


def test_resolved():
    assert Config().resolved(7) == Config(num_classes=7)
    assert Config().resolved(None) == Config(labels=False)


@pytest.mark.parametrize(
    ("fields", "config"),
    [
        ('"folded": true, "blockwise_attention": false', Config()),
        ('"num_classes": 0', Config(labels=False)),
        ('"num_classes": 10', Config(num_classes=10)),
    ],
)
def test_config_of_an_earlier_version(fields, config):
    assert Config.from_json("{" + fields + "}") == config
