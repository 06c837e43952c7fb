"""`import_studiogan` beside StudioGAN's tensors."""

import numpy as np
import pytest
import pytorch_states

from sagan_tf.importing import import_studiogan
from sagan_tf.layers import SpectralNormalization


@pytest.mark.parametrize(
    "method",
    ["auto", pytest.param("winograd", marks=pytest.mark.slow), "direct"],
)
def test_images_and_logits(studiogan, assert_golden, method):
    *states, io = studiogan
    assert_golden(import_studiogan(*states, method=method), io)


def test_names_of_before_2022(mmgeneration_golden):
    """Gains and biases are embeddings in them, (classes, channels)."""
    generator, discriminator = pytorch_states.as_studiogan(
        mmgeneration_golden[0]
    )
    earlier = {
        name.replace(".gain.", ".embed0.").replace(
            ".bias.weight", ".embed1.weight"
        ): array.T if ".gain." in name or ".bias.weight" in name else array
        for name, array in generator.items()
    }
    assert any("bn2.embed1.weight" in name for name in earlier)
    io = mmgeneration_golden[1]
    inputs = [io["z"], io["labels"].astype("int32")]
    images = [
        import_studiogan(state, discriminator)[0](inputs)
        for state in (generator, earlier)
    ]
    np.testing.assert_array_equal(*images)


def test_spectral_normalization_can_stay(studiogan, assert_golden):
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
    # The images agree too, because the stored vectors have converged.
    assert_golden((generator, discriminator), io)


def test_networks_of_two_runs_are_refused(studiogan, mmgeneration_golden):
    other = pytorch_states.as_studiogan(mmgeneration_golden[0])
    with pytest.raises(ValueError, match=r"Received: \(32, 10\) and \(128, 5"):
        import_studiogan(studiogan[0], other[1])
    with pytest.raises(ValueError, match="`linear0.weight` is missing"):
        import_studiogan(studiogan[1], studiogan[0])
