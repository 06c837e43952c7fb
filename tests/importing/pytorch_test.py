"""StudioGAN's and MMGeneration's golden tensors, and their importers."""

import pathlib

import numpy as np
import pytest
import pytorch_states
import tensorflow as tf

from sagan_tf import models
from sagan_tf.importing import (
    import_mmgeneration,
    import_studiogan,
    mmgeneration,
)
from sagan_tf.layers import SpectralNormalization

DATA = pathlib.Path(__file__).parents[1] / "golden"


def _part(arrays, prefix):
    return {
        name.removeprefix(f"{prefix}/"): array
        for name, array in arrays.items()
        if name.startswith(f"{prefix}/")
    }


@pytest.fixture(scope="module")
def studiogan():
    arrays = dict(np.load(DATA / "studiogan_cifar10.npz"))
    parts = ("studiogan_sagan_cifar10_G", "studiogan_sagan_cifar10_D", "io")
    return [_part(arrays, part) for part in parts]


@pytest.fixture(scope="module")
def mmgen():
    arrays = dict(np.load(DATA / "mmgeneration_imagenet128.npz"))
    return [_part(arrays, p) for p in ("mmgen_sagan_imagenet128", "io")]


def _assert_golden(networks, io, channels=slice(None)):
    generator, discriminator = networks
    labels = io["labels"].astype("int32")
    images = generator([io["z"], labels])
    np.testing.assert_allclose(
        np.array(images)[..., channels], io["generated_nhwc"], atol=1e-4
    )
    for inputs, logits in (
        ("images_nhwc", "real_logits"),
        ("generated_nhwc", "fake_logits"),
    ):
        images = np.ascontiguousarray(io[inputs][..., channels])
        found = discriminator([images, labels])
        np.testing.assert_allclose(
            np.ravel(found), np.ravel(io[logits]), atol=1e-3, err_msg=logits
        )


BGR = slice(None, None, -1)


@pytest.mark.parametrize(
    "folded",
    [True, pytest.param("products", marks=pytest.mark.slow), False],
)
def test_studiogan(studiogan, folded):
    *networks, io = studiogan
    _assert_golden(import_studiogan(*networks, folded=folded), io)


@pytest.mark.parametrize(
    "folded",
    [True, pytest.param("products", marks=pytest.mark.slow), False],
)
def test_mmgeneration(mmgen, folded):
    state, io = mmgen
    _assert_golden(import_mmgeneration(state, folded=folded), io, BGR)


def test_channel_order(mmgen, studiogan):
    state, io = mmgen
    _assert_golden(import_mmgeneration(state, channel_order="rgb"), io)
    networks = import_mmgeneration(
        state, channel_order="bgr", spectral_normalization=True
    )
    again = import_mmgeneration(
        state, channel_order="rgb", spectral_normalization=True
    )
    inputs = [io["z"], io["labels"].astype("int32")]
    images = [np.array(generator(inputs)) for generator, _ in (networks, again)]
    np.testing.assert_allclose(images[0], images[1][..., ::-1], atol=1e-6)
    *networks, io = studiogan
    networks = import_studiogan(*networks, channel_order="bgr")
    _assert_golden(networks, io, BGR)
    with pytest.raises(ValueError, match="`channel_order` must be one of"):
        import_mmgeneration(state, channel_order="gbr")


def test_averaged_weights_are_preferred(mmgen):
    state, io = mmgen
    raw = {
        name.replace("generator_ema.", "generator."): 2 * array
        for name, array in state.items()
        if name.startswith("generator_ema.")
    }
    both = {**raw, **state}
    _assert_golden(import_mmgeneration(both), io, BGR)
    _assert_golden(import_mmgeneration(both, averaged=True), io, BGR)
    inputs = [io["z"], io["labels"].astype("int32")]
    images = import_mmgeneration(both, averaged=False)[0](inputs)
    only = {k: v for k, v in both.items() if "_ema" not in k}
    np.testing.assert_array_equal(images, import_mmgeneration(only)[0](inputs))
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        _assert_golden(import_mmgeneration(both, averaged=False), io, BGR)


def test_the_same_weights_by_either_program(mmgen):
    state, io = mmgen
    latents = tf.constant(io["z"])
    labels = tf.cast(io["labels"], "int32")
    expected = import_mmgeneration(
        state, channel_order="rgb", epsilon=1e-4, rectified_shortcut=True
    )
    found = import_studiogan(*pytorch_states.as_studiogan(state))
    images = [
        generator([latents, labels]) for generator, _ in (expected, found)
    ]
    np.testing.assert_array_equal(*images)
    logits = [network([images[0], labels]) for _, network in (expected, found)]
    np.testing.assert_array_equal(*logits)
    # What StudioGAN does otherwise can be seen.
    plain = import_mmgeneration(state, channel_order="rgb")
    assert np.abs(plain[0]([latents, labels]) - images[0]).max() > 1e-5
    assert np.abs(plain[1]([images[0], labels]) - logits[0]).max() > 0.1


def test_studiogan_names_of_before_2022(mmgen):
    """Tables are embeddings there, (classes, channels)."""
    generator, discriminator = pytorch_states.as_studiogan(mmgen[0])
    earlier = {
        name.replace(".gain.", ".embed0.").replace(
            ".bias.weight", ".embed1.weight"
        ): array.T if ".gain." in name or ".bias.weight" in name else array
        for name, array in generator.items()
    }
    assert any("bn2.embed1.weight" in name for name in earlier)
    inputs = [mmgen[1]["z"], mmgen[1]["labels"].astype("int32")]
    images = [
        import_studiogan(state, discriminator)[0](inputs)
        for state in (generator, earlier)
    ]
    np.testing.assert_array_equal(*images)


def test_scales_without_offset(mmgen):
    state, io = mmgen
    moved = {
        name: array + 1 if "weight_embedding.weight" in name else array
        for name, array in state.items()
    }
    _assert_golden(import_mmgeneration(moved, gain_offset=0), io, BGR)


def test_mmgeneration_at_64_pixels_is_refused(monkeypatch):
    """Its discriminator halves more often, which the names do not show."""
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


def test_weights_to_train_on_keep_spectral_normalization(studiogan):
    generator_state, discriminator_state, io = studiogan
    generator, discriminator = import_studiogan(
        generator_state, discriminator_state, spectral_normalization=True
    )
    dense = generator.get_layer("dense")
    assert isinstance(dense, SpectralNormalization)
    order = np.arange(512).reshape(32, 4, 4).transpose(1, 2, 0).ravel()
    np.testing.assert_array_equal(
        dense.layer.kernel, generator_state["linear0.weight_orig"][order].T
    )
    np.testing.assert_array_equal(
        dense.u, generator_state["linear0.weight_u"][order]
    )
    embedding = discriminator.get_layer("embedding")
    np.testing.assert_array_equal(
        embedding.u, discriminator_state["embedding.weight_u"]
    )
    # The stored vectors of this file have converged.
    _assert_golden((generator, discriminator), io)


def test_layers_without_spectral_normalization(mmgen):
    state, io = mmgen
    plain = dict(state)
    for name, array in state.items():
        if name.endswith("weight_orig"):
            base = name.removesuffix("_orig")
            u, v = plain.pop(f"{base}_u"), plain.pop(f"{base}_v")
            matrix = array.reshape(len(u), -1)
            plain[base] = plain.pop(name) / (u @ matrix @ v)
    _assert_golden(import_mmgeneration(plain, epsilon=1e-5), io, BGR)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x/sagan_128_woReLUinplace_noaug_bigGAN.pth", ("bgr", False)),
        ("x/sagan_cifar10_32_woReUinplace_is.pth", ("bgr", False)),
        ("x/sagan_cifar10_32_wReLUinplace_fid.pth", ("bgr", True)),
        ("x/sagan_32_cifar10_convert-studio-rgb_2021.pth", ("rgb", True)),
    ],
)
def test_conventions_by_file_name(mmgen, name, expected):
    state, _ = mmgen
    found = mmgeneration.conventions(name, state)
    assert (found["channel_order"], found["rectified_shortcut"]) == expected
    assert found["averaged"] and found["epsilon"] == 1e-5
    for other in (
        # Tables under spectral normalization, and no such anywhere.
        ("noise2feat.weight_orig", "norm_1.weight_embedding.weight_orig"),
        ("noise2feat.weight", "norm_1.weight_embedding.weight"),
    ):
        other = {f"generator.{name}": None for name in other}
        found = mmgeneration.conventions(name, other)
        assert not found["averaged"] and found["epsilon"] == 1e-4


def _without(state, name):
    return {k: v for k, v in state.items() if k != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda s: _without(s, "generator_ema.noise2feat.weight_orig"),
            r"`noise2feat.weight` is missing: expected shape \(anyxany\), "
            "found none",
        ),
        (
            lambda s: _without(s, "discriminator.decision.bias"),
            r"\(`discriminator.`\).*`decision.bias` is missing: expected "
            r"shape \(1\)",
        ),
        (
            lambda s: {**s, "generator_ema.extra.weight": np.zeros((2, 3))},
            r"`extra.weight` is unexpected: expected none, found shape \(2x3\)",
        ),
        (
            lambda s: {**s, "discriminator.proj_y.weight_u": np.zeros(4)},
            r"`proj_y.weight_u` is of another shape: expected shape \(5\), "
            r"found shape \(4\)",
        ),
        (
            lambda s: {
                k: v for k, v in s.items() if ".conv_blocks.1." not in k
            },
            r"`conv_blocks\.1\.conv_1\.conv\.weight` is missing: expected "
            r"shape \(anyxanyx3x3\)",
        ),
        (
            lambda s: {
                **s,
                "discriminator.decision.weight_v": -s[
                    "discriminator.decision.weight_v"
                ],
            },
            "spectral norm of `decision` must be positive",
        ),
        (lambda s: {}, "`noise2feat.weight` is missing"),
    ],
)
def test_another_architecture_is_named(mmgen, change, message):
    with pytest.raises(ValueError, match=message):
        import_mmgeneration(change(mmgen[0]))


def test_networks_of_two_runs_are_refused(studiogan, mmgen):
    other = pytorch_states.as_studiogan(mmgen[0])
    with pytest.raises(ValueError, match=r"Received: \(32, 10\) and \(128, 5"):
        import_studiogan(studiogan[0], other[1])
    with pytest.raises(ValueError, match="`linear0.weight` is missing"):
        import_studiogan(studiogan[1], studiogan[0])


def test_attention_that_ours_cannot_have_is_refused(studiogan):
    generator_state, discriminator_state, _ = studiogan
    # After the third block, the second of 8 px.
    names = {
        f"blocks.{n}.": f"blocks.{m}." for n, m in ((1, 3), (2, 1), (3, 2))
    }
    moved = {
        names.get(name[:9], name[:9]) + name[9:]: array
        for name, array in discriminator_state.items()
    }
    with pytest.raises(
        ValueError,
        match="`blocks.3.0.conv1x1_theta.weight_orig` is "
        r"unexpected: expected none, found shape \(2x16x1x1\)",
    ):
        import_studiogan(generator_state, moved)
