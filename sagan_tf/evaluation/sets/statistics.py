"""Means and covariances of features that other programs saved."""

import pathlib
from collections.abc import Mapping

import numpy as np

from sagan_tf.evaluation.extraction import Extracted
from sagan_tf.evaluation.sets.arrays import BROKEN
from sagan_tf.importing.pytorch_files import torch_to_read


def is_statistics_file(path):
    """Returns whether a file holds statistics, as `read_statistics` reads."""
    path = pathlib.Path(path)
    if path.suffix == ".pt":
        return True
    if path.suffix != ".npz" or not path.is_file():
        return False
    try:
        # Opened here, because NumPy does not close a file it cannot read.
        with open(path, "rb") as file, np.load(file) as arrays:
            return "mu" in arrays and "sigma" in arrays
    except BROKEN:
        return False


def read_statistics(path):
    """Reads the mean `mu` and the covariance `sigma` of features.

    Args:
        path: An .npz file, as pytorch-fid and "clean FID" write; or a .pt file,
            as torch-fidelity writes into its cache.

    Returns:
        An `Extracted` without features. Its count is 0, because such files do
        not tell it.

    Raises:
        ValueError: If the file has no such arrays, or if they do not fit.
        ImportError: If the file is of PyTorch, and torch is not installed.
    """
    path = pathlib.Path(path)
    values = _of_torch(path) if path.suffix == ".pt" else _of_numpy(path)
    if not isinstance(values, Mapping) or not {"mu", "sigma"} <= set(values):
        raise ValueError(
            f"{path} must hold arrays of the names `mu` and `sigma`"
        )
    mean = np.asarray(values["mu"], np.float64)
    covariance = np.asarray(values["sigma"], np.float64)
    if mean.ndim != 1 or covariance.shape != (len(mean), len(mean)):
        raise ValueError(
            f"{path} must hold `mu` of shape (features,) and `sigma` of shape "
            f"(features, features). Received: {mean.shape} and "
            f"{covariance.shape}"
        )
    if not (np.isfinite(mean).all() and np.isfinite(covariance).all()):
        raise ValueError(f"`mu` and `sigma` of {path} must be finite")
    return Extracted(str(path), 0, mean, covariance)


def _of_numpy(path):
    try:
        with open(path, "rb") as file, np.load(file) as arrays:
            return dict(arrays)
    except BROKEN as error:
        raise ValueError(f"{path} cannot be read ({error})") from None


def _of_torch(path):
    torch = torch_to_read(path)
    # What builds a NumPy array, under its name in NumPy 1 and NumPy 2.
    build = np.empty(0).__reduce__()[0]
    types = [np.dtype, np.ndarray, type(np.dtype("f8")), type(np.dtype("f4"))]
    types += [
        (build, f"numpy.{core}.multiarray._reconstruct")
        for core in ("core", "_core")
    ]
    try:
        with torch.serialization.safe_globals(types):
            return torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:
        # Which exception a broken file raises depends on where it breaks.
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path} cannot be read ({reason})") from None
