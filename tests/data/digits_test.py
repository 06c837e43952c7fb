"""Tests of the digits."""

import numpy as np
import pytest

from sagan_tf import data


def test_both_splits(examples):
    train, test = (
        data.open_source("digits", split=split) for split in ("train", "test")
    )
    assert (train.size, test.size) == (1437, 360)
    assert train.class_names == tuple("0123456789")
    found = examples(train)
    assert len(found) == 1437
    image, _ = found[0]
    assert image.shape == (32, 32, 3) and image.dtype == np.uint8
    assert image.max() > 200 and (image[..., 0] == image[..., 2]).all()
    held_out = {image.tobytes() for image, _ in examples(test)}
    assert not held_out & {image.tobytes() for image, _ in found}
    counts = np.bincount([label for _, label in found])
    assert len(counts) == 10 and counts.min() > 130
    assert train.identity != test.identity


def test_unknown_split():
    with pytest.raises(ValueError, match="`split` of digits"):
        data.open_source("digits", split="validation")
