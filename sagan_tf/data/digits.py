"""Scikit-learn's handwritten digits."""

import hashlib

import numpy as np
import tensorflow as tf

from sagan_tf.data.resizing import prepare_tensor
from sagan_tf.data.source import Source


def open_digits(split="train"):
    """Opens scikit-learn's handwritten digits: 1,797 images of 8x8 pixels.

    The images are resized bilinearly to 32x32, the size of the smallest
    network.

    Args:
        split: "train", four fifths of the images, or "test", the other fifth.
            Both have the same proportions of classes.

    Returns:
        A `Source` of grey images, 10 classes.

    Raises:
        ValueError: If `split` is neither.

    Reference:
        - Alpaydin and Kaynak, Optical Recognition of Handwritten Digits,
          UCI repository, https://doi.org/10.24432/C50P49.
    """
    # Imported here because most runs do not need it.
    import sklearn.datasets
    import sklearn.model_selection

    if split not in ("train", "test"):
        raise ValueError(
            "`split` of digits must be 'train' or 'test'. "
            f"Received: split={split!r}"
        )
    data = sklearn.datasets.load_digits()
    pixels = np.round(data.images * (255 / 16)).astype(np.uint8)
    parts = sklearn.model_selection.train_test_split(
        np.repeat(pixels[..., None], 3, axis=-1),
        data.target.astype(np.int32),
        test_size=0.2,
        stratify=data.target,
        random_state=0,
    )
    images, labels = parts[split == "test" :: 2]
    fingerprint = hashlib.sha256(images.tobytes()).hexdigest()
    images = tf.cast(tf.round(tf.image.resize(images, (32, 32))), tf.uint8)
    return Source(
        name=f"digits, {split} split",
        records=tf.data.Dataset.from_tensor_slices((images, labels)),
        prepare=prepare_tensor,
        size=len(labels),
        class_names=tuple(str(digit) for digit in range(10)),
        shuffle_buffer=len(labels),
        fingerprint=fingerprint,
        identity=fingerprint,
    )
