"""What the tests of sets of images share."""

import numpy as np


def read_all(images, image_size=None, batch_size=2, start=0):
    """Returns the images, and the labels or None."""
    batches = list(images.batches(image_size, batch_size, start))
    found = np.concatenate([each for each, _ in batches])
    if batches[0][1] is None:
        return found, None
    return found, np.concatenate([labels for _, labels in batches]).tolist()
