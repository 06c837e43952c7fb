"""Tests of the metrics through tensorflow-gan."""

import importlib
import subprocess
import sys
import warnings
from unittest import mock

import numpy as np
import pytest
import scipy.linalg

from sagan_tf import evaluation
from sagan_tf.evaluation import tfgan


def _frechet(first, second):
    """The definition, in float64, by SciPy's root of a matrix."""
    means = [array.mean(0) for array in (first, second)]
    covariances = [np.cov(array, rowvar=False) for array in (first, second)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    return (
        np.sum((means[0] - means[1]) ** 2)
        + np.trace(covariances[0])
        + np.trace(covariances[1])
        - 2 * np.trace(root.real)
    )


def _statistics(activations):
    return activations.mean(0), np.cov(activations, rowvar=False)


def test_frechet_distance(random):
    first = random.normal(size=(500, 8)) @ random.normal(size=(8, 8))
    second = random.normal(1, 2, size=(400, 8))
    expected = _frechet(first, second)
    distance = evaluation.frechet_distance(first, second)
    np.testing.assert_allclose(distance, expected, rtol=1e-5)
    assert abs(evaluation.frechet_distance(first, first)) < 1e-3
    distance = tfgan.frechet_distance_from_statistics(
        *_statistics(first), *_statistics(second)
    )
    np.testing.assert_allclose(distance, expected, rtol=1e-7)


def test_frechet_distance_of_gaussians(random):
    """Met within its sampling error, which shrinks with the samples."""
    scales, shift = np.array([0.5, 1, 2, 3]), np.array([1, 0, -2, 0.5])
    analytic = np.sum(shift**2) + np.sum((scales - 1) ** 2)
    for count, tolerance in ((1_000, 0.1), (100_000, 0.01)):
        first = random.normal(size=(count, 4))
        second = shift + scales * random.normal(size=(count, 4))
        np.testing.assert_allclose(
            evaluation.frechet_distance(first, second), analytic, rtol=tolerance
        )


def test_torch_fidelity_agrees(random, monkeypatch):
    """On the same arrays, by its arithmetic alone."""
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    # Its package imports torchvision, which the arithmetic does not use.
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
            # Generated ones come first there.
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


def test_frechet_distance_grows_with_noise(random):
    images = random.normal(size=(300, 8))
    distances = [
        evaluation.frechet_distance(
            images, images + random.normal(0, noise, images.shape)
        )
        for noise in (0.1, 0.5, 1.0, 2.0)
    ]
    assert distances == sorted(distances) and distances[0] > 0


def test_inception_score(random):
    logits = random.normal(0, 3, size=(100, 5))
    probabilities = np.exp(logits)
    probabilities /= probabilities.sum(1, keepdims=True)
    scores = []
    for part in np.split(probabilities, 4):
        divergence = part * (np.log(part) - np.log(part.mean(0)))
        scores.append(np.exp(divergence.sum(1).mean()))
    mean, deviation = evaluation.inception_score(logits, splits=4)
    np.testing.assert_allclose(mean, np.mean(scores), rtol=1e-5)
    np.testing.assert_allclose(deviation, np.std(scores), rtol=1e-4)


def test_inception_score_has_its_bounds():
    sure = np.eye(5).repeat(4, 0) * 100
    np.testing.assert_allclose(
        evaluation.inception_score(sure, splits=1)[0], 5, rtol=1e-5
    )
    same = np.zeros((20, 5))
    np.testing.assert_allclose(
        evaluation.inception_score(same, splits=2)[0], 1, rtol=1e-5
    )


def test_kernel_distance(random):
    first, second = random.normal(size=(2, 60, 4))
    second = second + 0.5

    def kernel(a, b):
        return (a @ b.T / 4 + 1) ** 3

    within = [
        (kernel(array, array).sum() - np.trace(kernel(array, array)))
        / (60 * 59)
        for array in (first, second)
    ]
    expected = sum(within) - 2 * kernel(first, second).mean()
    np.testing.assert_allclose(
        evaluation.kernel_distance(first, second), expected, rtol=1e-3
    )


def test_too_few_images_for_the_kernel_distance(random):
    """Their blocks would have one row, and the estimate be no number."""
    real = random.normal(size=(3000, 2))
    with pytest.raises(ValueError, match="needs at least 6 images.* 5 gen"):
        evaluation.kernel_distance(real, real[:5])
    assert np.isfinite(evaluation.kernel_distance(real, real[:6]))


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (np.zeros((5, 3)), np.zeros((5, 4)), "as many features"),
        (np.zeros(5), np.zeros((5, 4)), "`real_activations` must be"),
        (np.zeros((5, 4)), np.zeros((1, 4)), "`fake_activations` must be"),
        (
            np.zeros((5, 4)),
            np.array([[0.0], [0.0], [np.nan]]),
            "`fake_activations` must be finite. Row 2",
        ),
    ],
)
@pytest.mark.parametrize(
    "metric", [evaluation.frechet_distance, evaluation.kernel_distance]
)
def test_bad_activations(metric, first, second, message):
    with pytest.raises(ValueError, match=message):
        metric(first, second)


@pytest.mark.parametrize("splits", [0, 21])
def test_bad_splits(splits):
    with pytest.raises(ValueError, match=r"`splits` must be in \[1, 20\]"):
        evaluation.inception_score(np.zeros((20, 5)), splits)


def test_importing_the_metrics_leaves_nothing_behind():
    evaluation.frechet_distance(np.eye(4), np.eye(4))
    assert not [name for name in sys.modules if "tensorflow_gan" in name[:14]]
    assert importlib.util.find_spec("tensorflow_gan").origin.endswith(
        "__init__.py"
    )


def test_importing_the_package_imports_nothing_slow():
    program = (
        "import sys, sagan_tf, sagan_tf.training, sagan_tf.export\n"
        "slow = {'tensorflow_gan', 'tensorflow_datasets',\n"
        "        'tensorflow_probability'}\n"
        "sys.exit(', '.join(slow & set(sys.modules)) or 0)\n"
    )
    # Keras imports matplotlib and scikit-learn by itself, if installed.
    subprocess.run([sys.executable, "-c", program], check=True)
