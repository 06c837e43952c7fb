"""Another program's variables, read by name and checked by shape."""

import numpy as np


class Variables:
    """Arrays by name, of which each is to be read.

    Args:
        arrays: Mapping of names to arrays.
        origin: String, where they come from, for messages.
    """

    def __init__(self, arrays, origin):
        self._arrays = dict(arrays)
        self._unread = dict.fromkeys(
            # PyTorch's count of batches, which nothing depends on.
            name
            for name in arrays
            if not name.endswith("num_batches_tracked")
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
            expected: Tuple of the sizes it must have, None where any will do.

        Raises:
            ValueError: If there is no such variable, or its shape differs.
        """
        described = "x".join("any" if n is None else str(n) for n in expected)
        described = f"expected shape ({described})"
        if name not in self._arrays:
            raise ValueError(
                f"{self.origin} is of another architecture: variable `{name}` "
                f"is missing: {described}, found none"
            )
        found = np.shape(self._arrays[name])
        if len(found) != len(expected) or any(
            size not in (None, other)
            for size, other in zip(expected, found, strict=True)
        ):
            raise ValueError(
                f"{self.origin} is of another architecture: variable `{name}` "
                f"is of another shape: {described}, found shape "
                f"({'x'.join(map(str, found))})"
            )
        return found

    def rank(self, name):
        """Returns the number of axes of a variable; 0 if there is none."""
        return np.ndim(self._arrays.get(name, 0))

    def take(self, name, shape):
        """Returns a variable as float32 and notes that it was read.

        Raises:
            ValueError: If it is missing, is not of `shape`, or holds a value
                that is not finite.
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
        for name in self._unread:
            self.reject(name)

    def reject(self, name):
        """Raises a `ValueError` on a variable that ours has no place for."""
        found = "x".join(map(str, np.shape(self._arrays[name])))
        raise ValueError(
            f"{self.origin} is of another architecture: variable `{name}` "
            f"is unexpected: expected none, found shape ({found})"
        )


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
            "Generator and discriminator must be of one image size and "
            f"number of classes. Received: {found[0]} and {found[1]}"
        )
