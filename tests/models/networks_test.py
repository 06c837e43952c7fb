"""Tests of build_generator and build_discriminator."""

import keras
import numpy as np
import pytest

from sagan_tf import layers, models
from sagan_tf.models import architecture, blocks


def _trainable(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


@pytest.mark.parametrize(
    ("arguments", "generator", "discriminator"),
    [
        ({"attention_resolutions": (32,)}, 42_078_852, 39_463_618),
        ({"attention_resolutions": (64,)}, 42_017_412, 39_448_258),
        (
            {
                "image_size": 32,
                "num_classes": 10,
                "attention_resolutions": (16,),
            },
            4_386_308,
            1_075_586,
        ),
    ],
    ids=["128px-attention32", "128px-attention64", "32px"],
)
def test_parameter_counts_of_the_published_networks(
    arguments, generator, discriminator
):
    assert _trainable(models.build_generator(**arguments)) == generator
    assert _trainable(models.build_discriminator(**arguments)) == discriminator


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


def test_auxiliary_classifier(random):
    arguments = {
        "image_size": 32,
        "base_channels": 2,
        "attention_resolutions": (),
        "conditioning": "auxiliary_classifier",
    }
    network = models.build_discriminator(num_classes=3, **arguments)
    logits, class_logits = network(np.zeros((2, 32, 32, 3), "float32"))
    assert logits.shape == (2, 1) and class_logits.shape == (2, 3)
    names = [layer.name for layer in network.layers]
    assert "embedding" not in names
    unconditional = models.build_discriminator(num_classes=None, **arguments)
    assert len(unconditional.outputs) == len(unconditional.inputs) == 1


@pytest.mark.parametrize("image_size", architecture.IMAGE_SIZES)
@pytest.mark.parametrize("num_classes", [None, 1, 3])
def test_shapes_and_ranges(random, image_size, num_classes):
    common = {
        "image_size": image_size,
        "base_channels": 2,
        "num_classes": num_classes,
        "attention_resolutions": (8, 16),
    }
    generator = models.build_generator(latent_dim=8, **common)
    discriminator = models.build_discriminator(**common)
    latents = random.normal(0, 100, (2, 8)).astype("float32")
    labels = np.zeros(2, "int32")
    images = np.array(
        generator(latents if num_classes is None else [latents, labels])
    )
    assert images.shape == (2, image_size, image_size, 3)
    assert np.abs(images).max() <= 1
    logits = discriminator(images if num_classes is None else [images, labels])
    assert logits.shape == (2, 1)
    names = [tensor.name for tensor in generator.inputs]
    assert names == ["latents", "labels"][: len(generator.inputs)]
    assert (len(names) == 1) == (num_classes is None)


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


def test_discriminator_has_no_batch_statistics(random):
    """Each image's logit in training is the same alone and in a batch."""
    model = models.build_discriminator(32, 4, 3, attention_resolutions=(16,))
    weights = model.get_weights()
    images = random.uniform(-1, 1, (3, 32, 32, 3)).astype("float32")
    labels = np.array([0, 1, 2])
    together = model([images, labels], training=True)
    for index in range(3):
        alone = slice(index, index + 1)
        model.set_weights(weights)
        logit = model([images[alone], labels[alone]], training=True)
        np.testing.assert_allclose(logit, together[alone], atol=1e-5)


def test_projection_and_sum_pooling(random):
    """The logit from the features before the head, by the definition."""
    model = models.build_discriminator(
        32, 4, 3, attention_resolutions=(16,), spectral_normalization=False
    )
    images = random.uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    labels = np.array([2, 0])
    last = [
        layer for layer in model.layers if isinstance(layer, keras.layers.ReLU)
    ][-1]
    features = np.array(
        keras.Model(model.inputs, last.output)([images, labels])
    ).sum((1, 2))
    weight, bias = model.get_layer("linear").get_weights()
    (table,) = model.get_layer("embedding").get_weights()
    expected = features @ weight + bias
    expected += (features * table[labels]).sum(-1, keepdims=True)
    np.testing.assert_allclose(
        model([images, labels]), expected, rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image_size": 100}, r"`image_size` must be one of \(32, 64, 128"),
        ({"base_channels": 0}, "`base_channels` must be an integer"),
        ({"num_classes": 0}, "`num_classes` must be an integer"),
        ({"attention_resolutions": (7,)}, "`attention_resolutions` must be"),
        ({"attention_variant": "x"}, "`attention_variant` must be one of"),
        ({"method": "x"}, "`method` must be one of"),
        ({"residual_resolutions": (7,)}, "`residual_resolutions` must be amo"),
        ({"residual_resolutions": (32,)}, "`residual_resolutions` must not"),
    ],
)
@pytest.mark.parametrize(
    "build", [models.build_generator, models.build_discriminator]
)
def test_bad_arguments(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        build(**{"base_channels": 2, "num_classes": 3, **arguments})


def test_bad_conditioning():
    with pytest.raises(ValueError, match="`conditioning` must be one of"):
        models.build_discriminator(conditioning="concatenation")


def test_bad_latent_dim():
    with pytest.raises(ValueError, match="`latent_dim` must be an integer"):
        models.build_generator(latent_dim=0)
