"""Tests of the networks' shapes, sizes and arguments."""

import numpy as np
import pytest

from sagan_tf import models
from sagan_tf.models import architecture


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


def test_bad_latent_dim():
    with pytest.raises(ValueError, match="`latent_dim` must be an integer"):
        models.build_generator(latent_dim=0)
