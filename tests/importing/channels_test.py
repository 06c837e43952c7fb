"""Tests of networks for BGR images."""

import numpy as np
import pytest

from sagan_tf.importing import import_mmgeneration, import_studiogan


def test_bgr_and_rgb(mmgeneration_golden, studiogan, assert_golden):
    """Each program with the order that is not its default."""
    state, io = mmgeneration_golden
    assert_golden(import_mmgeneration(state, channel_order="rgb"), io)
    *states, io = studiogan
    networks = import_studiogan(*states, channel_order="bgr")
    assert_golden(networks, io, bgr=True)


def test_with_spectral_normalization(studiogan):
    *states, io = studiogan
    rgb, bgr = (
        import_studiogan(
            *states, channel_order=order, spectral_normalization=True
        )
        for order in ("rgb", "bgr")
    )
    labels = io["labels"].astype("int32")
    images = [np.array(network([io["z"], labels])) for network, _ in (rgb, bgr)]
    np.testing.assert_allclose(images[0], images[1][..., ::-1], atol=1e-6)
    logits = [rgb[1]([images[0], labels]), bgr[1]([images[1], labels])]
    np.testing.assert_allclose(*logits, atol=1e-5)


def test_other_orders(studiogan):
    with pytest.raises(ValueError, match="`channel_order` must be one of"):
        import_studiogan(*studiogan[:2], channel_order="gbr")
