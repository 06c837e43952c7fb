"""Tests of all metrics of a protocol."""

import dataclasses
import sys
import warnings
from unittest import mock

import numpy as np
import pytest

from sagan_tf import evaluation
from sagan_tf.evaluation.accumulators import Statistics
from sagan_tf.evaluation.measures import Generated, measure
from sagan_tf.evaluation.nearest_neighbours import manifold_metrics
from sagan_tf.evaluation.references import Reference

PROTOCOL = evaluation.Protocol(generated_images=40, score_splits=2)


@pytest.fixture
def activations(random, make_extractor):
    """Arguments of `measure`: 60 real and 40 generated images, 12 classes."""
    real, fake = random.normal(size=(60, 6)), random.normal(1, 1, (40, 6))
    statistics = Statistics()
    statistics.add(fake, "generated images")
    return {
        "real": Reference(
            60,
            real.mean(0),
            np.cov(real, rowvar=False),
            real.astype("float32"),
            np.arange(60) % 12,
            "made up",
        ),
        "generated": Generated(
            statistics,
            fake.astype("float32"),
            random.normal(size=(40, 12)),
            np.arange(40) % 12,
        ),
        "extractor": make_extractor(),
        "protocol": PROTOCOL,
        "num_classes": 12,
    }


def test_each_metric(activations):
    real, fake = activations["real"], activations["generated"]
    metrics, classes, found_warnings = measure(**activations)
    assert found_warnings == []
    mean, deviation = evaluation.inception_score(fake.logits, 2)
    by_class = evaluation.intra_frechet_distance(
        real.features, real.labels, fake.features, fake.labels
    )
    precision, recall = evaluation.precision_recall(
        real.features, fake.features
    )
    density, coverage = evaluation.density_coverage(
        real.features, fake.features
    )
    expected = {
        "frechet_custom_distance": evaluation.frechet_distance(
            real.features, fake.features
        ),
        "custom_score_mean": mean,
        "custom_score_standard_deviation": deviation,
        "custom_score_without_splits": evaluation.inception_score(
            fake.logits, 1
        )[0],
        "kernel_custom_distance": evaluation.kernel_distance(
            real.features, fake.features
        ),
        "precision": precision,
        "recall": recall,
        "density": density,
        "coverage": coverage,
        "asked_for_class_share": np.mean(fake.logits.argmax(1) == fake.labels),
        "intra_frechet_custom_distance": np.mean(list(by_class.values())),
    }
    assert list(metrics) == list(expected)
    for name, value in expected.items():
        np.testing.assert_allclose(
            metrics[name], value, rtol=1e-4, err_msg=name
        )
    ordered = sorted(by_class, key=by_class.get)
    assert list(classes["best"]) == ordered[:10]
    assert list(classes["worst"]) == ordered[::-1][:10]


def test_without_classes(activations):
    activations["generated"].labels = None
    metrics, classes, _ = measure(**{**activations, "num_classes": None})
    assert classes == {}
    assert not {"asked_for_class_share", "intra_frechet_custom_distance"} & {
        *metrics
    }


def test_class_accuracy_needs_logits_of_the_classes(activations):
    def names(extractor, num_classes):
        return measure(
            **{
                **activations,
                "extractor": extractor,
                "num_classes": num_classes,
            }
        )[0]

    custom = activations["extractor"]
    assert "asked_for_class_share" in names(custom, 12)
    assert "asked_for_class_share" not in names(custom, 13)
    inception = dataclasses.replace(custom, metric_prefix="inception")
    assert "asked_for_class_share" not in names(inception, 12)
    assert "inception_score_mean" in names(inception, 12)
    classifier = dataclasses.replace(inception, predicts_labels=True)
    assert "asked_for_class_share" in names(classifier, 12)


def test_metrics_that_need_more_images_give_warnings(activations):
    generated = activations["generated"]
    generated.features = generated.features[:1]
    generated.logits = generated.logits[:2]
    generated.labels = generated.labels[:1]
    activations["num_classes"] = 13
    metrics, classes, found_warnings = measure(**activations)
    assert [name for name in metrics if "score" not in name] == [
        "frechet_custom_distance"
    ]
    assert classes == {}
    assert len(found_warnings) == 3
    assert all(each.startswith("Not computed: ") for each in found_warnings)
    assert "needs 2 images of each class" in found_warnings[2]


def test_prdc_agrees(random):
    """The authors' program of density and coverage."""
    prdc = pytest.importorskip("prdc", reason="make slow installs it")
    real = random.normal(size=(400, 16)).astype("float32")
    fake = random.normal(0.3, 0.8, size=(300, 16)).astype("float32")
    for k in (3, 5):
        expected = prdc.compute_prdc(real, fake, k)
        found = manifold_metrics(real, fake, k, k)
        assert found == pytest.approx(expected, rel=1e-3)


def test_torch_fidelity_agrees(random, monkeypatch):
    """Both compute the same metrics from the same arrays."""
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    # torch-fidelity imports torchvision, which these functions do not use.
    for name in (
        "torchvision", "torchvision.transforms",
        "torchvision.transforms.functional", "torchvision.models",
        "torchvision.datasets", "torchvision.models.feature_extraction",
    ):  # fmt: skip
        monkeypatch.setitem(sys.modules, name, mock.MagicMock())
    pytest.importorskip("torch_fidelity", reason="make slow installs it")
    from torch_fidelity import metric_fid, metric_isc, metric_kid, metric_prc

    real = random.normal(size=(400, 16)).astype("float32")
    fake = random.normal(0.3, 1.1, size=(300, 16)).astype("float32")
    tensors = torch.from_numpy(real), torch.from_numpy(fake)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        statistics = [
            metric_fid.fid_features_to_statistics(tensor) for tensor in tensors
        ]
        found = {
            **metric_fid.fid_statistics_to_metric(*statistics, verbose=False),
            **metric_kid.kid_features_to_metric(
                tensors[0][:300],
                tensors[1],
                kid_subsets=1,
                kid_subset_size=300,
                verbose=False,
            ),
            # Its generated activations come first.
            **metric_prc.prc_features_to_metric(*tensors[::-1], verbose=False),
            **metric_isc.isc_features_to_metric(
                tensors[1], splits=3, shuffle=False
            ),
        }
    np.testing.assert_allclose(
        evaluation.frechet_distance(real, fake),
        found["frechet_inception_distance"],
        rtol=1e-4,
    )
    mean, deviation = evaluation.inception_score(fake, splits=3)
    np.testing.assert_allclose(
        [mean, deviation],
        [found["inception_score_mean"], found["inception_score_std"]],
        rtol=1e-4,
    )
    np.testing.assert_allclose(
        evaluation.precision_recall(real, fake),
        [found["precision"], found["recall"]],
        atol=1e-6,
    )
    np.testing.assert_allclose(
        evaluation.kernel_distance(real[:300], fake),
        found["kernel_inception_distance_mean"],
        rtol=1e-3,
    )
