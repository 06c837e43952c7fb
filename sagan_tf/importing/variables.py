"""Another program's variables, read by name and checked by shape."""

import numpy as np


class Variables:
    """Named arrays, each of which must be read at least once.

    Args:
        arrays: Mapping of names to arrays.
        origin: String that says where the arrays come from, for errors.
    """

    def __init__(self, arrays, origin):
        self._arrays = dict(arrays)
        # Nothing depends on PyTorch's count of batches.
        self._unread = dict.fromkeys(
            name for name in arrays if not name.endswith("num_batches_tracked")
        )
        self.origin = origin

    def __contains__(self, name):
        return name in self._arrays

    def names(self):
        """Returns the names, in the order of the source."""
        return list(self._arrays)

    def shape(self, name, expected):
        """Returns the shape of a variable.

        Args:
            name: String.
            expected: Tuple of the sizes that the shape must have; None stands
                for any size.

        Raises:
            ValueError: If there is no such variable, or its shape differs.
        """
        if name not in self._arrays:
            raise self.missing(name, expected)
        found = np.shape(self._arrays[name])
        if len(found) != len(expected) or any(
            size not in (None, other)
            for size, other in zip(expected, found, strict=True)
        ):
            raise self._error(
                name, f"has another shape: {_expected(expected)}", found
            )
        return found

    def rank(self, name):
        """Returns the number of axes of a variable; 0 if it is missing."""
        return np.ndim(self._arrays.get(name, 0))

    def take(self, name, shape):
        """Returns a variable as float32, and notes that it was read.

        Raises:
            ValueError: If the variable is missing, has another shape, or
                holds a value that is not finite.
        """
        self.shape(name, shape)
        self._unread.pop(name, None)
        array = np.asarray(self._arrays[name], "float32")
        if not np.isfinite(array).all():
            raise ValueError(
                f"{self.origin}: variable `{name}` has values that are not "
                "finite"
            )
        return array

    def check_all_read(self):
        """Raises a `ValueError` if a variable was not read."""
        if self._unread:
            raise self.unexpected(next(iter(self._unread)))

    def missing(self, name, expected):
        """Returns the `ValueError` for a variable that is not there."""
        return self._error(name, f"is missing: {_expected(expected)}")

    def unexpected(self, name):
        """Returns the `ValueError` for a variable that our networks lack."""
        found = np.shape(self._arrays[name])
        return self._error(name, "is unexpected: expected none", found)

    def _error(self, name, problem, found=None):
        found = "none" if found is None else f"shape ({_joined(found)})"
        return ValueError(
            f"{self.origin} has another architecture: variable `{name}` "
            f"{problem}, found {found}"
        )


def _expected(shape):
    return f"expected shape ({_joined(shape)})"


def _joined(shape):
    return "x".join("any" if size is None else str(size) for size in shape)


def check_pair(generator, discriminator):
    """Raises a `ValueError` if two networks are not made for each other."""
    embedding = discriminator.get_layer("embedding")
    embedding = getattr(embedding, "layer", embedding)
    found = [
        (
            generator.outputs[0].shape[1],
            generator.get_layer("block1_normalization1").num_classes,
        ),
        (discriminator.inputs[0].shape[1], embedding.input_dim),
    ]
    if found[0] != found[1]:
        raise ValueError(
            "Generator and discriminator must have the same image size and "
            f"number of classes. Received: {found[0]} and {found[1]}"
        )
