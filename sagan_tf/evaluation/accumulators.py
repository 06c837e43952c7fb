"""Activations of many images, collected batch by batch, and their checks."""

import numpy as np


class Activations:
    """An array that is filled batch by batch, without a second copy.

    Args:
        size: Integer, number of rows.
        order: Permutation, the place of each row. None: the order in which
            rows are added.
    """

    def __init__(self, size, order=None):
        self.size = size
        self.order = np.arange(size) if order is None else order
        self.count = 0
        self.array = None

    def add(self, rows):
        """Adds rows. Rows beyond `size` are dropped."""
        rows = rows[: self.size - self.count]
        if self.array is None:
            self.array = np.empty((self.size, *rows.shape[1:]), rows.dtype)
        places = self.order[self.count : self.count + len(rows)]
        self.array[places] = rows
        self.count += len(rows)


def row_blocks(count, size=500):
    """Yields slices of at most `size` rows, which together are `count` rows.

    What is computed in float64, or of chosen rows, is computed block by block,
    so that no copy of all rows is in memory.
    """
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))


def as_rows(array):
    """Returns an array, or `Rows` as they are: not copied."""
    return array if isinstance(array, Rows) else np.asarray(array)


class Rows:
    """Some rows of an array, which are copied only when they are read.

    Args:
        array: Array, or `Rows`.
        chosen: Integers, the rows, or a slice.
    """

    def __init__(self, array, chosen):
        self._array = array
        self._chosen = np.arange(len(array))[chosen]
        self.shape = (len(self._chosen), *array.shape[1:])

    def __len__(self):
        return len(self._chosen)

    def __getitem__(self, rows):
        return self._array[self._chosen[rows]]

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self[:], dtype)


class Statistics:
    """Mean and covariance of rows, in float64, without the rows."""

    def __init__(self):
        self._count = 0
        self._sum = 0.0
        self._products = 0.0
        self._shift = None

    def add(self, rows, where):
        """Adds rows of features.

        Args:
            rows: (count, features) array.
            where: String for errors, which says what the rows are.

        Raises:
            ValueError: If a value is not finite.
        """
        rows = np.asarray(rows, np.float64)
        if not np.isfinite(rows).all():
            raise ValueError(f"Activations of {where} are not finite")
        if self._shift is None:
            # Sums of values near zero lose fewer digits.
            self._shift = rows.mean(0)
        rows = rows - self._shift
        self._count += len(rows)
        self._sum = self._sum + rows.sum(0)
        self._products += rows.T @ rows

    def result(self):
        """Returns the mean and the unbiased covariance.

        Raises:
            ValueError: If fewer than 2 rows were added.
        """
        if self._count < 2:
            raise ValueError(
                "The Frechet distance needs at least 2 real and 2 generated "
                "images. "
                f"Received: {self._count}"
            )
        mean = self._sum / self._count
        # In place, because there may be thousands of features.
        covariance = np.outer(-self._count * mean, mean)
        covariance += self._products
        covariance /= self._count - 1
        return mean + self._shift, covariance


def checked(name, array, start=0, least=2):
    """Returns an array as float32, whose first row has the number `start`.

    Raises:
        ValueError: If the array is not (count, features) with at least
            `least` rows, or not finite.
    """
    array = np.asarray(array, np.float32)
    check_shape(name, array, least)
    if not np.isfinite(array).all():
        row = start + int(np.argmin(np.isfinite(array).all(axis=1)))
        raise ValueError(f"`{name}` must be finite. Row {row} is not")
    return array


def check_shape(name, array, least=2):
    """Raises a `ValueError` unless there are that many rows of features."""
    shape = array.shape
    if len(shape) != 2 or shape[0] < least:
        raise ValueError(
            f"`{name}` must be of shape (count, features) with at least "
            f"{least} rows. Received: {shape}"
        )


def check_features(real_activations, fake_activations):
    """Raises a `ValueError` if the numbers of features differ."""
    if real_activations.shape[1] != fake_activations.shape[1]:
        raise ValueError(
            "`fake_activations` must have as many features as "
            f"`real_activations`. Received: {fake_activations.shape} and "
            f"{real_activations.shape}"
        )
