"""Tests of spectral norms in state dictionaries."""

import pytest

from sagan_tf.importing import import_mmgeneration


def test_layers_without_spectral_normalization(
    mmgeneration_golden, assert_golden
):
    state, io = mmgeneration_golden
    plain = dict(state)
    for name, array in state.items():
        if name.endswith("weight_orig"):
            base = name.removesuffix("_orig")
            u, v = plain.pop(f"{base}_u"), plain.pop(f"{base}_v")
            matrix = array.reshape(len(u), -1)
            plain[base] = plain.pop(name) / (u @ matrix @ v)
    networks = import_mmgeneration(plain, epsilon=1e-5)
    assert_golden(networks, io, bgr=True)


def test_spectral_norm_that_is_not_positive(mmgeneration_golden):
    name = "discriminator.decision.weight_v"
    state = dict(mmgeneration_golden[0])
    state[name] = -state[name]
    with pytest.raises(
        ValueError, match="spectral norm of `decision`.* must be positive"
    ):
        import_mmgeneration(state)
