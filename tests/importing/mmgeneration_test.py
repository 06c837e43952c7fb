"""`import_mmgeneration` beside MMGeneration's tensors."""

import numpy as np
import pytest
import pytorch_states

from sagan_tf import models
from sagan_tf.importing import (
    import_mmgeneration,
    import_studiogan,
    mmgeneration,
)


def _inputs(io):
    return [io["z"], io["labels"].astype("int32")]


@pytest.mark.parametrize(
    "method",
    ["auto", pytest.param("winograd", marks=pytest.mark.slow), "direct"],
)
def test_images_and_logits(mmgeneration_golden, assert_golden, method):
    state, io = mmgeneration_golden
    assert_golden(import_mmgeneration(state, method=method), io, bgr=True)


def test_averaged_weights_are_preferred(
    mmgeneration_golden, mmgeneration_networks, assert_golden
):
    state, io = mmgeneration_golden
    raw = {
        name.replace("generator_ema.", "generator."): 2 * array
        for name, array in state.items()
        if name.startswith("generator_ema.")
    }
    both = {**raw, **state}
    assert_golden(import_mmgeneration(both), io, bgr=True)
    inputs = _inputs(io)
    images = import_mmgeneration(both, averaged=False)[0](inputs)
    assert np.abs(images - mmgeneration_networks[0](inputs)).max() > 1e-3
    only = {k: v for k, v in both.items() if "_ema" not in k}
    np.testing.assert_array_equal(images, import_mmgeneration(only)[0](inputs))


def test_gains_without_offset(mmgeneration_golden, assert_golden):
    state, io = mmgeneration_golden
    moved = {
        name: array + 1 if "weight_embedding.weight" in name else array
        for name, array in state.items()
    }
    networks = import_mmgeneration(moved, averaged=True, gain_offset=0)
    assert_golden(networks, io, bgr=True)


def test_64_pixels_are_refused(monkeypatch):
    """The names do not show that MMGeneration's discriminator differs."""
    networks = {
        "build_generator": models.build_generator(
            64, 2, 3, 8, attention_resolutions=()
        ),
        "build_discriminator": models.build_discriminator(
            64, 2, 3, attention_resolutions=()
        ),
    }
    for name, network in networks.items():
        monkeypatch.setattr(
            mmgeneration.pytorch_networks,
            name,
            lambda *args, network=network, **options: network,
        )
    with pytest.raises(ValueError, match="at 64 px .* halves five times"):
        import_mmgeneration({"generator.x": np.zeros(1)})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x/sagan_128_woReLUinplace_noaug_bigGAN.pth", ("bgr", False)),
        ("x/sagan_cifar10_32_woReUinplace_is.pth", ("bgr", False)),
        ("x/sagan_cifar10_32_wReLUinplace_fid.pth", ("bgr", True)),
        ("x/sagan_32_cifar10_convert-studio-rgb_2021.pth", ("rgb", True)),
    ],
)
def test_conventions_by_file_name(mmgeneration_golden, name, expected):
    found = mmgeneration.conventions(name, mmgeneration_golden[0])
    assert (found["channel_order"], found["rectified_shortcut"]) == expected
    assert found["averaged"] and found["epsilon"] == 1e-5


@pytest.mark.parametrize(
    "names",
    [
        ("noise2feat.weight_orig", "norm_1.weight_embedding.weight_orig"),
        ("noise2feat.weight", "norm_1.weight_embedding.weight"),
    ],
    ids=["normalized embeddings", "nothing normalized"],
)
def test_conventions_by_names_of_variables(names):
    state = {f"generator.{name}": None for name in names}
    found = mmgeneration.conventions("sagan.pth", state)
    assert not found["averaged"] and found["epsilon"] == 1e-4


def test_same_weights_by_either_program(
    mmgeneration_golden, mmgeneration_networks
):
    state, io = mmgeneration_golden
    latents, labels = _inputs(io)
    expected = import_mmgeneration(
        state, channel_order="rgb", epsilon=1e-4, rectified_shortcut=True
    )
    found = import_studiogan(*pytorch_states.as_studiogan(state))
    images = [
        np.array(generator([latents, labels]))
        for generator, _ in (expected, found)
    ]
    np.testing.assert_array_equal(*images)
    logits = [network([images[0], labels]) for _, network in (expected, found)]
    np.testing.assert_array_equal(*logits)
    # The conventions make a difference that is larger than rounding.
    generator, discriminator = mmgeneration_networks
    plain = np.array(generator([latents, labels]))[..., ::-1]
    assert np.abs(plain - images[0]).max() > 1e-5
    plain = discriminator([np.array(images[0])[..., ::-1], labels])
    assert np.abs(plain - logits[0]).max() > 0.1
