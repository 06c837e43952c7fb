"""Tests of means and covariances that other programs saved."""

import numpy as np
import pytest

from sagan_tf.evaluation.sets import statistics

MU, SIGMA = np.array([1.0, 2.0]), np.array([[2.0, 0.5], [0.5, 1.0]])


def test_npz(tmp_path):
    """As pytorch-fid and "clean FID" write it."""
    path = tmp_path / "s.npz"
    np.savez(path, mu=MU, sigma=SIGMA)
    assert statistics.is_statistics_file(path)
    found = statistics.read_statistics(path)
    np.testing.assert_array_equal(found.mean, MU)
    np.testing.assert_array_equal(found.covariance, SIGMA)
    assert found.features is None


def test_torch_fidelity(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    path = tmp_path / "s.pt"
    torch.save({"mu": MU, "sigma": SIGMA}, path)
    assert statistics.is_statistics_file(path)
    found = statistics.read_statistics(path)
    np.testing.assert_array_equal(found.covariance, SIGMA)


def test_a_pt_file_with_code_is_refused(tmp_path):
    torch = pytest.importorskip("torch", reason="torch is an optional extra")
    path = tmp_path / "s.pt"
    torch.save({"mu": MU, "sigma": print}, path)
    with pytest.raises(ValueError, match="cannot be read"):
        statistics.read_statistics(path)


def test_other_files_are_none(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((2, 4, 4, 3)))
    (tmp_path / "b.npz").write_bytes(b"broken")
    for name in ("a.npz", "b.npz", "c.npz"):
        assert not statistics.is_statistics_file(tmp_path / name)


@pytest.mark.parametrize(
    ("mu", "sigma", "message"),
    [
        (MU, SIGMA[:1], "of shape"),
        (MU[None], SIGMA, "of shape"),
        (MU * np.nan, SIGMA, "must be finite"),
    ],
)
def test_bad_statistics(tmp_path, mu, sigma, message):
    np.savez(tmp_path / "s.npz", mu=mu, sigma=sigma)
    with pytest.raises(ValueError, match=message):
        statistics.read_statistics(tmp_path / "s.npz")
