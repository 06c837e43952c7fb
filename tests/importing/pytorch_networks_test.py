"""Tests of state dictionaries that do not fit our networks."""

import numpy as np
import pytest

from sagan_tf.importing import import_mmgeneration, import_studiogan


def _without(state, part):
    return {k: v for k, v in state.items() if part not in k}


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
            r"`proj_y.weight_u` has another shape: expected shape \(5\), "
            r"found shape \(4\)",
        ),
        (
            lambda s: _without(s, ".conv_blocks.1."),
            r"`conv_blocks\.1\.conv_1\.conv\.weight` is missing: expected "
            r"shape \(anyxanyx3x3\)",
        ),
        (
            lambda s: {
                **s,
                **{
                    f"generator_ema.conv_blocks.{n}.conv_1.conv.weight": (
                        np.zeros((n, 1, 3, 3))
                    )
                    for n in range(6, 10)
                },
            },
            r"`conv_blocks\.\d\.conv_1\.conv\.weight` is unexpected: expected "
            r"none, found shape \(\dx1x3x3\)",
        ),
        (lambda s: {}, "`noise2feat.weight` is missing"),
    ],
    ids=[
        "no weight", "no bias", "surplus", "shape", "no block",
        "too many blocks", "empty",
    ],
)  # fmt: skip
def test_another_architecture_is_named(mmgeneration_golden, change, message):
    with pytest.raises(ValueError, match=message):
        import_mmgeneration(change(mmgeneration_golden[0]))


def test_attention_that_our_network_cannot_have_is_refused(studiogan):
    generator_state, discriminator_state, _ = studiogan
    # After the third block, which is the second block of 8 px.
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
