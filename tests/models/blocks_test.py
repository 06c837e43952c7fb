"""Tests of the networks' blocks."""

import keras
import numpy as np
import pytest

from sagan_tf import layers, models
from sagan_tf.models import blocks


def _trainable(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


@pytest.mark.parametrize(
    "build", [models.build_generator, models.build_discriminator]
)
@pytest.mark.parametrize("resolution", [8, 64])
def test_residual_block_has_one_parameter_fewer_than_attention(
    build, resolution
):
    arguments = {"base_channels": 8, "num_classes": 2}
    attention, residual = (
        build(
            attention_resolutions=attention,
            residual_resolutions=residual,
            **arguments,
        )
        for attention, residual in (((resolution,), ()), ((), (resolution,)))
    )
    assert _trainable(residual) == _trainable(attention) - 1
    names = {layer.name for layer in residual.layers}
    assert f"residual{resolution}_convolution1" in names
    assert not any("attention" in name for name in names)


def test_residual_block_adds_to_its_input(random):
    inputs = keras.Input((4, 4, 16))
    outputs = blocks.residual_block(inputs, blocks.Parts(), "residual")
    model = keras.Model(inputs, outputs)
    features = random.normal(size=(1, 4, 4, 16)).astype("float32")
    kernels = [
        model.get_layer(f"residual_convolution{n}").normalized_kernel()
        for n in (1, 2)
    ]
    expected = np.maximum(features, 0)
    expected = keras.ops.relu(
        keras.ops.conv(expected, kernels[0], padding="same")
    )
    expected = features + keras.ops.conv(expected, kernels[1])
    np.testing.assert_allclose(model(features), expected, atol=1e-5)


@pytest.mark.parametrize(
    "build", [models.build_generator, models.build_discriminator]
)
def test_attention_stands_after_the_first_block_of_its_resolution(build):
    model = build(32, 2, 3, attention_resolutions=(8, 16))
    found = [
        (layer.name, layer.output.shape[1])
        for layer in model.layers
        if isinstance(layer, layers.SelfAttention)
    ]
    assert sorted(found) == [("attention16", 16), ("attention8", 8)]
    none = build(32, 2, 3, attention_resolutions=())
    assert not any(
        isinstance(layer, layers.SelfAttention) for layer in none.layers
    )


def test_attention_variants():
    released, paper = (
        models.build_generator(
            32, 16, 3, attention_resolutions=(16,), attention_variant=variant
        ).get_layer("attention16")
        for variant in ("released", "paper")
    )
    assert released.pool and not paper.pool
    assert released.value_convolution.layer.filters == 32
    assert paper.value_convolution.layer.filters == 8


@pytest.mark.parametrize(
    "build", [models.build_generator, models.build_discriminator]
)
def test_spectral_normalization_is_everywhere_or_nowhere(build):
    normalized, plain = (
        build(32, 2, 3, attention_resolutions=(16,), spectral_normalization=on)
        for on in (True, False)
    )
    kernels = [
        weight for weight in normalized.trainable_weights
        if weight.name in ("kernel", "embeddings")
    ]  # fmt: skip
    vectors = [w for w in normalized.weights if w.name == "u"]
    assert len(kernels) == len(vectors) > 10
    assert not any(weight.name == "u" for weight in plain.weights)
    assert _trainable(normalized) == _trainable(plain)


@pytest.mark.parametrize(
    "build", [models.build_generator, models.build_discriminator]
)
@pytest.mark.parametrize("method", ["auto", "strided", "winograd"])
def test_method_changes_only_rounding(random, build, method):
    network, plain = (
        build(32, 4, 3, attention_resolutions=(16,), method=each)
        for each in (method, "direct")
    )
    plain.set_weights(network.get_weights())
    inputs = [
        random.uniform(-1, 1, (2, *tensor.shape[1:])).astype(tensor.dtype)
        for tensor in network.inputs
    ]
    np.testing.assert_allclose(network(inputs), plain(inputs), atol=1e-4)
