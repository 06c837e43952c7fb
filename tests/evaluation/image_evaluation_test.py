"""Tests of any images beside any others."""

import json

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf import evaluation, export
from sagan_tf.evaluation.sets import generated

COUNT = 60


@pytest.fixture
def evaluate(make_extractor, cache):
    def evaluate(*sets, **options):
        options.setdefault("extractor", make_extractor())
        return evaluation.evaluate_images(*sets, **options)

    return evaluate


@pytest.fixture
def digits():
    """The images and labels of the test split, uint8 and int32."""
    from sagan_tf import data

    source = data.open_source("digits", split="test")
    images, labels, _ = next(iter(data.ordered_dataset(source, 32, 360)))
    return images.numpy(), labels.numpy()


def _assert_equal(first, second):
    for kind in ("metrics", "floor"):
        assert first[kind].keys() == second[kind].keys()
        for name, value in first[kind].items():
            assert value == pytest.approx(second[kind][name], rel=1e-6), name


def test_the_same_images_in_any_form(
    evaluate, digits, run_copy, tmp_path, save_pictures
):
    """A run, its export, a folder, files of arrays, arrays, a data set."""
    _, workdir = run_copy
    export.export_run(workdir, tmp_path / "export")
    options = {"num_images": COUNT, "seed": 3}
    images = generated.of_run(workdir, COUNT, seed=3)
    pictures, labels = next(images.batches(None, COUNT))
    save_pictures(tmp_path / "folder", pictures, labels)
    np.savez(tmp_path / "a.npz", images=pictures, labels=labels)
    floats = pictures[::-1].astype("float32") / 255
    np.savez(tmp_path / "b.npz", images=floats, labels=labels[::-1])
    batches = tf.data.Dataset.from_tensor_slices((pictures, labels)).batch(7)
    real = evaluate("digits:test", "digits:train")
    expected = evaluate(str(workdir), "digits:test", **options)
    assert len(expected["metrics"]) == 9
    for given, extra in (
        (tmp_path / "export", options),
        (tmp_path / "folder", {}),
        (tmp_path / "a.npz", {}),
        (tmp_path / "b.npz", {"generated_range": (0, 1)}),
        ((pictures, labels), {}),
        (batches, {}),
    ):
        found = evaluate(given, "digits:test", **extra)
        _assert_equal(found, expected)
    _assert_equal(evaluate(digits, "digits:train"), real)
    _assert_equal(evaluate("digits:test", digits), evaluate(digits, digits))


def test_result(evaluate, digits, tmp_path):
    path = tmp_path / "results" / "a.json"
    result = evaluate(digits, "digits:train", output=path)
    assert json.loads(path.read_text()) == json.loads(json.dumps(result))
    protocol = result["protocol"]
    assert (protocol["generated_images"], protocol["real_images"]) == (
        360,
        1437,
    )
    assert protocol["image_size"] == 32 and protocol["extractor_features"] == 32
    table = evaluation.describe_comparison(result).splitlines()
    assert table[0] == "generated: generated (360 images)"
    assert table[1] == "real:      digits:train (1,437 images)"
    (line,) = [x for x in table if x.startswith("frechet custom distance")]
    value = result["metrics"]["frechet_custom_distance"]
    low, high = result["intervals"]["frechet_custom_distance"]
    floor = result["floor"]["frechet_custom_distance"]
    expected = f"\u2193 {value:.4g} {low:.4g} .. {high:.4g} {floor:.4g}"
    assert " ".join(line.split()) == f"frechet custom distance {expected}"
    assert "floor: 360 real images beside 1,077 other real ones." in table


def test_statistics(evaluate, digits, tmp_path):
    images = digits[0].astype("float32")[..., 0] / 127.5 - 1
    features = images.mean(1)
    np.savez(
        tmp_path / "s.npz",
        mu=features.mean(0),
        sigma=np.cov(features, rowvar=False),
    )
    found = evaluate("digits:train", tmp_path / "s.npz")
    whole = evaluate("digits:train", digits)
    assert list(found["metrics"]) == ["frechet_custom_distance"]
    assert found["metrics"]["frechet_custom_distance"] == pytest.approx(
        whole["metrics"]["frechet_custom_distance"], rel=1e-3
    )
    assert "saved statistics" in evaluation.describe_comparison(found)


def test_sizes(evaluate, digits, tmp_path):
    images, labels = digits
    small = images[:, ::2, ::2]
    with pytest.raises(ValueError, match="`image_size` must be given.*of 16"):
        evaluate((small, labels), "digits:train")
    found = evaluate((small, labels), "digits:train", image_size=32)
    assert found["protocol"]["image_size"] == 32


_BAD = {
    "nothing there": (("{tmp}/none", "digits:test"), {}, "does not exist"),
    "a file": (("{tmp}/a.txt", "digits:test"), {}, "must be a folder, an .npy"),
    "empty": (("{tmp}/empty", "digits:test"), {}, "has no pictures"),
    "range": (
        ("digits:test", "digits:train"),
        {"generated_range": (1, 0)},
        "`generated_range` must be two numbers",
    ),
    "size": (("digits:test",) * 2, {"image_size": 0}, "`image_size` must be"),
    "inception": (
        ("digits:test", "digits:train"),
        {"inception": "x"},
        "`inception` must be None with another",
    ),
    "drawn": (
        ("digits:test", "digits:train"),
        {"num_images": 5},
        "`num_images` has no effect unless `generated` or `real` is a run or",
    ),
    "checkpoint": (
        ("digits:test", "digits:train"),
        {"best": True},
        "`best` has no effect unless `generated` or `real` is a run. ",
    ),
    "range of a data set": (
        ("digits:test", "digits:train"),
        {"real_range": (0, 1)},
        "`real_range` has no effect except on .npy",
    ),
    "metrics": (("digits:test",) * 2, {"metrics": ["ppl"]}, "must be some of"),
    "features": (
        ("{tmp}/s.npz", "digits:train"),
        {},
        "must have as many features",
    ),
    "no labels": (
        ("digits:test", "{tmp}/s.npz"),
        {"extractor": "classifier"},
        "needs real images with labels. Received: statistics",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", _BAD)
def test_bad_arguments(evaluate, tmp_path, case):
    sets, options, message = _BAD[case]
    (tmp_path / "a.txt").write_text("text")
    (tmp_path / "empty").mkdir()
    np.savez(tmp_path / "s.npz", mu=np.zeros(3), sigma=np.eye(3))
    sets = [each.replace("{tmp}", str(tmp_path)) for each in sets]
    with pytest.raises(ValueError, match=message):
        evaluate(*sets, **options)
