"""Every named variant of the configurations, and their table."""

import dataclasses
import pathlib
import runpy

import keras
import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import training

ROOT = pathlib.Path(__file__).parents[2]
CONFIGS = {
    name: runpy.run_path(str(ROOT / "configs" / f"{name}.py"))
    for name in ("imagenet128", "cifar10")
}
VARIANTS = [
    (name, variant)
    for name, module in CONFIGS.items()
    for variant in module["VARIANTS"]
]


# Fields that change neither the graph of a step nor what is tested here.
_IGNORED = {
    "accumulation_steps", "adam_beta_1", "adam_beta_2", "adam_epsilon",
    "batch_size", "discriminator_learning_rate", "ema_decay",
    "ema_start_step", "generator_learning_rate", "horizontal_flip", "steps",
    "final_batch_normalization_momentum", "batch_normalization_momentum",
    "batch_normalization_epsilon", "linear_decay_steps",
}  # fmt: skip


def _different_networks():
    """Returns one of the variants for each kind of networks."""
    found = {}
    for name, variant in VARIANTS:
        fields = dataclasses.asdict(CONFIGS[name]["get_config"](variant))
        key = tuple(v for k, v in fields.items() if k not in _IGNORED)
        found.setdefault(key, (name, variant))
    return list(found.values())


@pytest.mark.parametrize(("name", "variant"), VARIANTS)
def test_variant_is_valid(name, variant):
    CONFIGS[name]["get_config"](variant).validate()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "variant"), _different_networks())
def test_variant_makes_a_step(random, name, variant):
    config = dataclasses.replace(
        CONFIGS[name]["get_config"](variant),
        base_channels=8,
        num_classes=3,
        batch_size=2,
        strategy="one_device",
    )
    config.validate()
    keras.utils.set_random_seed(0)
    gan = training.build_gan(config, training.make_strategy(config))
    before = [np.array(v) for v in gan.trainable_variables]
    size = config.image_size
    total = 2 * config.discriminator_steps
    images = random.uniform(-1, 1, (total, size, size, 3)).astype("float32")
    labels = random.integers(0, 3, total)
    logs = gan.train_step((tf.constant(images), tf.constant(labels)))
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert int(gan.step.numpy()) == 1
    # Everything moves except the weights behind a gate of 0, and the bias
    # whose gradients from real and generated images cancel at the start.
    still = {
        variable.path
        for variable, value in zip(gan.trainable_variables, before, strict=True)
        if np.array_equal(variable, value)
    }
    gated = {
        v.path for v in gan.trainable_variables
        if "attention" in v.path and "gamma" not in v.path
    }  # fmt: skip
    assert still - gated <= {"linear/linear/bias", "logits/logits/bias"}


def test_fields_of_the_variants():
    get_config = CONFIGS["imagenet128"]["get_config"]
    assert get_config() == get_config("released")
    assert get_config().differentiate_vectors
    for resolution in (8, 16, 32, 64):
        config = get_config(f"feat{resolution}")
        assert config.attention_resolutions == (resolution,)
        config = get_config(f"residual_feat{resolution}")
        assert config.residual_resolutions == (resolution,)
        assert config.attention_resolutions == ()
    paper = get_config("paper")
    assert (paper.attention_variant, paper.adam_beta_2) == ("paper", 0.9)
    best = get_config("best_published")
    assert (best.ema_decay, best.ema_start_step) == (0.999, 2000)
    assert best.attention_resolutions == (64,) and not best.horizontal_flip
    normalized = [
        (c.generator_spectral_normalization, c.generator_learning_rate)
        for c in map(get_config, ("baseline", "sn_both", "sn_both_ttur"))
    ]
    assert normalized == [(False, 2e-4), (True, 2e-4), (True, 1e-4)]
    assert get_config("acgan").conditioning == "auxiliary_classifier"
    best = CONFIGS["cifar10"]["get_config"]("best_published")
    assert (best.adam_beta_1, best.adam_beta_2) == (0.5, 0.999)
    assert best.generator_learning_rate == best.discriminator_learning_rate
    assert (best.discriminator_steps, best.batch_size) == (5, 64)


@pytest.mark.slow
def test_table_is_up_to_date():
    module = runpy.run_path(str(ROOT / "docs" / "variants.py"))
    committed = (ROOT / "docs" / "variants.md").read_text(encoding="utf-8")
    assert module["document"]() == committed, "run `make docs`"
