"""Tests of protocols."""

import pytest

from sagan_tf.evaluation import PRESETS, Protocol, protocols


def test_presets():
    for name in ("paper", "heusel"):
        protocol = protocols.get(name, "cifar10")
        assert protocol.split == "train"
        assert protocol.generated_images == 50_000
    assert protocols.get("paper", "cifar10").real_images == 50_000
    assert protocols.get("heusel", "cifar10").real_images == 0
    for dataset, split, count in (
        ("cifar10", "test", 10_000),
        ("imagenet2012:5.1.0", "validation", 50_000),
    ):  # fmt: skip
        protocol = protocols.get("studiogan", dataset)
        assert protocol.split == split
        assert protocol.real_images == protocol.generated_images == count
        assert not protocol.quantize and protocol.score_splits == 1
    assert set(PRESETS) == {"paper", "studiogan", "heusel"}
    with pytest.raises(ValueError, match="`preset` must be one of"):
        protocols.get("mine", "cifar10")


def test_batch_statistics_follow_from_the_batches():
    assert Protocol().to_dict()["batch_statistics"] == "moving"
    standing = Protocol(standing_batches=2).to_dict()
    assert standing["batch_statistics"] == "standing"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"generated_images": 9}, "`generated_images` must be at least `score"),
        ({"real_images": -1}, "`real_images` must be at least 0"),
        ({"resize": "nearest"}, "`resize` must be one of"),
        ({"labels": "balanced"}, "`labels` must be one of"),
        ({"truncation": -0.5}, "`truncation` must be at least 0"),
        ({"truncation": float("nan")}, "`truncation` .* finite"),
        ({"truncation": float("inf")}, "`truncation` .* finite"),
        ({"manifold_images": 1}, "`manifold_images` must be at least 2"),
        ({"score_splits": 0}, "`score_splits` must be at least 1"),
        ({"standing_batches": -1}, "`standing_batches` must be at least 0"),
    ],
)
def test_out_of_range(fields, message):
    with pytest.raises(ValueError, match=message):
        Protocol(**fields)
