"""Tests of all metrics of one set of images beside another."""

import dataclasses

import numpy as np
import pytest

from sagan_tf import evaluation
from sagan_tf.evaluation.comparison import compare_sets
from sagan_tf.evaluation.extraction import Extracted, summarized
from sagan_tf.evaluation.protocols import METRICS


def _set(random, count, mean=0.0, scale=1.0, labels=True, classes=4):
    """Features that depend on the class, and logits that tell it."""
    of = np.arange(count) % classes
    centres = np.random.default_rng(7).normal(size=(classes, 6)) * 3
    features = centres[of] + random.normal(mean, scale, (count, 6))
    logits = np.eye(classes)[of] * 9 + random.normal(size=(count, classes))
    return summarized(
        "a set",
        features.astype("float32"),
        logits.astype("float32"),
        of if labels else None,
        tuple("abcd"[:classes]) if labels else (),
    )


@pytest.fixture
def classifier(make_extractor):
    return dataclasses.replace(
        make_extractor(), metric_prefix="classifier", predicts_labels=True
    )


@pytest.fixture
def sets(random):
    return _set(random, 1200, 0.3), _set(random, 3000)


def test_each_metric(sets, classifier):
    generated, real = sets
    found = compare_sets(generated, real, classifier)
    first, second = real.features, generated.features
    precision, recall = evaluation.precision_recall(first, second)
    density, coverage = evaluation.density_coverage(first, second)
    by_class = evaluation.intra_frechet_distance(
        first, real.labels, second, generated.labels
    )
    at_infinity, _ = evaluation.extrapolated_frechet_distance(
        real.mean, real.covariance, second
    )
    expected = {
        "frechet_classifier_distance": evaluation.frechet_distance(
            first, second
        ),
        "frechet_classifier_distance_at_infinity": at_infinity,
        "kernel_classifier_distance": evaluation.kernel_distance(first, second),
        "classifier_score_mean": evaluation.inception_score(generated.logits)[
            0
        ],
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
        "intra_frechet_classifier_distance": np.mean(list(by_class.values())),
        "asked_for_class_share": np.mean(
            generated.logits.argmax(1) == generated.labels
        ),
    }
    diversity = found["metrics"].pop("diversity_within_classes")
    assert diversity == pytest.approx(1, abs=0.05)
    assert list(found["metrics"]) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(
            found["metrics"][name], value, rtol=1e-4, err_msg=name
        )
        low, high = found["intervals"][name]
        assert low <= found["metrics"][name] <= high
    assert found["floor_images"] == [1200, 1800]
    # The generated images are shifted.
    for name in ("frechet_classifier_distance", "kernel_classifier_distance"):
        assert found["floor"][name] < found["intervals"][name][0]
    assert len(found["warnings"]) == 2


def test_copies_of_each_other_have_no_diversity(random, classifier):
    real = _set(random, 1000)
    alike = _set(random, 1000, scale=0.05)
    found = compare_sets(alike, real, classifier, ["diversity", "fid"])
    assert found["metrics"]["diversity_within_classes"] == pytest.approx(
        0.05, rel=0.05
    )
    (remark,) = found["remarks"]
    assert remark.startswith("diversity within classes 0.05 beside a floor of")


def test_remarks(random, classifier):
    real = _set(random, 1000)
    alike = _set(random, 500, scale=0.05)
    remarks = compare_sets(alike, real, classifier)["remarks"]
    assert [remark.split()[0] for remark in remarks] == [
        "recall",
        "coverage",
        "diversity",
    ]
    # The first half of the real images themselves.
    copies = real.rows(slice(500))
    remarks = compare_sets(copies, real, classifier)["remarks"]
    assert len(remarks) == 1 and "copies of real ones" in remarks[0]
    assert compare_sets(_set(random, 500), real, classifier)["remarks"] == []
    # The floor is of fewer images than these, so it is too high for them.
    assert compare_sets(_set(random, 2000), real, classifier)["remarks"] == []


def test_only_some_metrics(sets, classifier):
    found = compare_sets(*sets, classifier, ["kid", "fid"])
    assert list(found["metrics"]) == [
        "frechet_classifier_distance",
        "kernel_classifier_distance",
    ]
    with pytest.raises(ValueError, match=f"some of {', '.join(METRICS)}"):
        compare_sets(*sets, classifier, ["lpips"])


def test_statistics_have_a_frechet_distance_only(sets, classifier):
    generated, real = sets
    statistics = Extracted("s", 0, real.mean, real.covariance)
    found = compare_sets(generated, statistics, classifier)
    whole = compare_sets(generated, real, classifier, ["fid"])
    name = "frechet_classifier_distance"
    assert list(found["metrics"]) == [name]
    assert found["metrics"][name] == pytest.approx(
        whole["metrics"][name], rel=1e-9
    )
    assert found["floor"] == {}
    with pytest.raises(ValueError, match="kid needs images. Received: stat"):
        compare_sets(generated, statistics, classifier, ["kid"])


def test_without_classes(random, make_extractor):
    sets = [_set(random, 100, labels=False) for _ in range(2)]
    names = set(compare_sets(*sets, make_extractor())["metrics"])
    assert (
        not {"asked_for_class_share", "intra_frechet_custom_distance"} & names
    )
    assert "diversity_within_classes" in names
    with pytest.raises(ValueError, match="intra_fid needs labels, which the"):
        compare_sets(*sets, make_extractor(), ["intra_fid"])


def test_sets_that_cannot_be_compared(random, classifier):
    real = _set(random, 100)
    other = summarized("other", real.features[:, :5], real.logits)
    with pytest.raises(ValueError, match="as many features. Received: other"):
        compare_sets(other, real, classifier)
    renamed = dataclasses.replace(real, name="b", class_names=tuple("wxyz"))
    with pytest.raises(ValueError, match=r"same classes.*4 \(w, x, y, ...\)"):
        compare_sets(renamed, real, classifier)
    # What ignores classes can be compared.
    found = compare_sets(renamed, real, classifier, ["fid", "kid"])
    assert len(found["metrics"]) == 2
    for labels in (np.arange(100) % 5, np.arange(100) % 5 - 1):
        other = dataclasses.replace(real, class_names=(), labels=labels)
        with pytest.raises(ValueError, match="same classes, with labels of at"):
            compare_sets(other, real, classifier)


def test_classes_are_matched_by_their_names(random, classifier):
    real = _set(random, 1000)
    generated = _set(random, 500)
    names = ["intra_fid", "class_share"]
    expected = compare_sets(generated, real, classifier, names)
    turned = dataclasses.replace(
        generated,
        labels=3 - generated.labels,
        class_names=real.class_names[::-1],
    )
    found = compare_sets(turned, real, classifier, names)
    assert found["metrics"] == expected["metrics"]


def test_few_images(random, classifier):
    """No interval from one group, and nothing that is not finite."""
    for count in (2, 3, 5):
        sets = [_set(random, count, classes=1) for _ in range(2)]
        found = compare_sets(*sets, classifier)
        values = [
            *found["metrics"].values(),
            *found["floor"].values(),
            *np.ravel(list(found["intervals"].values())),
        ]
        assert np.isfinite(values).all()
        assert (found["intervals"] == {}) == (count < 4)


def test_diversity_does_not_depend_on_the_number_of_images(random, classifier):
    real = _set(random, 4000)
    ratios = [
        compare_sets(_set(random, 20), real, classifier, ["diversity"])[
            "metrics"
        ]["diversity_within_classes"]
        for _ in range(30)
    ]
    assert np.sqrt(np.mean(np.square(ratios))) == pytest.approx(1, abs=0.05)


def test_share_of_the_classifier_is_its_floor(random, classifier):
    classifier = dataclasses.replace(classifier, accuracy=0.75)
    sets = _set(random, 100), _set(random, 200)
    found = compare_sets(*sets, classifier, ["class_share"])
    assert found["floor"] == {"asked_for_class_share": 0.75}
