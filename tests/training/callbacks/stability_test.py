"""Tests of divergence and of signs of collapse."""

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf.training.callbacks import stability
from sagan_tf.workdir import checkpoints


@pytest.fixture
def guarded(gan_factory, tmp_path):
    """A SAGAN and its guard, with a checkpoint of step 20."""
    gan = gan_factory()
    manager = checkpoints.manager(
        tf.train.Checkpoint(step=gan.step), tmp_path, 3
    )
    checkpoints.save(manager, 20)
    guard = stability.DivergenceGuard(tmp_path)
    guard.set_model(gan)
    gan.step.assign(20)
    guard.on_train_begin()
    gan.step.assign(30)
    return gan, guard


def test_finite_values_raise_nothing(guarded):
    _, guard = guarded
    guard.on_epoch_end(0, {"generator_loss": 1.0})
    guard.on_train_end({})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_loss_is_named_with_window_and_checkpoint(guarded, value):
    _, guard = guarded
    logs = {"discriminator_loss": 1.0, "generator_loss": value}
    with pytest.raises(FloatingPointError) as error:
        guard.on_epoch_end(0, logs)
    for part in (
        "after step 20 and by step 30",
        f"`generator_loss` is {value}",
        f"Last good checkpoint: {guard.directory}/ckpt-20",
    ):
        assert part in str(error.value)


def test_divergence_is_reported_even_without_an_intact_checkpoint(guarded):
    _, guard = guarded
    for path in guard.directory.glob("ckpt-20.*"):
        path.write_bytes(b"")
    with pytest.raises(FloatingPointError, match="none that is intact"):
        guard.on_epoch_end(0, {"generator_loss": float("nan")})


def test_error_names_the_last_window(guarded):
    gan, guard = guarded
    guard.on_epoch_end(0, {})
    gan.step.assign(40)
    with pytest.raises(FloatingPointError, match="step 30 and by step 40"):
        guard.on_epoch_end(1, {"generator_loss": float("nan")})


@pytest.mark.parametrize("network", ["generator", "discriminator"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_one_gradient_of_one_step_is_found(guarded, network, value):
    """Even if steps with finite gradients follow."""
    gan, guard = guarded
    variables = getattr(gan, network).trainable_variables
    optimizer = getattr(gan, f"{network}_optimizer")
    gradients = [np.zeros(v.shape, "float32") for v in variables]
    for bad in (True, False, False):
        gradients[3].flat[0] = value if bad else 0.0
        optimizer.apply([tf.constant(g) for g in gradients], variables)
    with pytest.raises(FloatingPointError) as error:
        guard.on_epoch_end(0, {"generator_loss": 1.0})
    assert f"a gradient was not finite: `{network}" in str(error.value)
    assert variables[3].path.replace("/", "_") in str(error.value)


def test_signs_of_collapse(gan_factory):
    gan = gan_factory()
    images = np.zeros((2, 4, 8, 8, 3), "uint8")
    logs = {"real_logits": 3.0, "fake_logits": -1.0}
    norms = stability.spectral_norms(gan)
    signs = stability.signs_of_collapse(logs, images, norms)
    assert signs["sample_diversity"] == 0 and signs["logits_gap"] == 4
    assert signs["largest_sigma"] == max(norms.values())
    # Differences between classes do not count.
    images[1] = 255
    signs = stability.signs_of_collapse(logs, images, norms)
    assert signs["sample_diversity"] == 0
    # Half of a class black, half white: a standard deviation of 1.
    images[0, ::2], images[1, ::2] = 255, 0
    signs = stability.signs_of_collapse(logs, images, norms)
    assert signs["sample_diversity"] == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("sample_diversity", 0.5, 0.01),
        ("logits_gap", 2.0, 9.0),
        ("largest_sigma", 3.0, 1000.0),
    ],
)
def test_warning_when_a_bound_is_crossed(caplog, name, good, bad):
    with caplog.at_level("WARNING"):
        stability.warn({name: good}, {name: good})
        stability.warn({name: good}, {name: bad})
        stability.warn({name: bad}, {name: bad})
        assert not caplog.records
        stability.warn({name: bad}, {name: good})
    assert len(caplog.records) == 1
    assert f"{name} is {bad:.3g}" in caplog.text
    assert f"{stability.BOUNDS[name][0]:g}" in caplog.text


def test_a_new_generator_may_lack_diversity(caplog):
    with caplog.at_level("WARNING"):
        stability.warn({"sample_diversity": 0.0}, {})
        assert not caplog.records
        stability.warn({"logits_gap": 9.0}, {})
    assert len(caplog.records) == 1
