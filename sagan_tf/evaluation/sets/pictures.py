"""Sets of images in folders and data sets."""

import dataclasses
import hashlib
import re

from absl import logging

from sagan_tf import data
from sagan_tf.evaluation.sets.image_set import ImageSet, check_sides
from sagan_tf.utils import files


def of_source(source, name, kind):
    """Makes an `ImageSet` of a `data.Source`."""
    with data.naming_bad_images(source):
        side = int(next(iter(_ordered(source, 1, 1, 0)))[2][0])

    def batches(image_size, batch_size, start=0):
        dataset = _ordered(source, image_size or side, batch_size, start)
        with data.naming_bad_images(source):
            for images, labels, sides in dataset:
                if image_size is None:
                    check_sides(name, side, sides.numpy())
                yield (
                    images.numpy(),
                    labels.numpy() if source.class_names else None,
                )

    content = _content(source)
    return ImageSet(
        name,
        kind,
        source.size,
        side,
        batches,
        content or source.fingerprint,
        content or source.identity,
        tuple(source.class_names),
    )


def _ordered(source, image_size, batch_size, start):
    records = source.records.skip(start)
    source = dataclasses.replace(
        source, records=records, size=source.size - start
    )
    return data.ordered_dataset(source, image_size, batch_size)


def _content(source):
    """Returns a hash of the content of a source's files, or "".

    A folder that was copied or moved has the same hash.
    """
    if not source.files:
        return ""
    digest = hashlib.sha256()
    for file in source.files:
        digest.update(bytes.fromhex(files.sha256(file)))
    return f"{digest.hexdigest()} {source.identity}"


def of_folder(path):
    """Makes an `ImageSet` of a folder of pictures, however deep they are.

    Its folders are the classes, if all pictures are in at least two of them.
    """
    source = data.open_pictures(path)
    for name, reason in source.unusable:
        logging.warning("Left out: %s (%s).", name, reason)
    return of_source(source, str(path), "folder")


def of_data_set(text, data_dir=""):
    """Makes an `ImageSet` of "tfds:NAME:SPLIT" or "digits:SPLIT"."""
    # The last colon that is not within brackets, as in train[:1000].
    found = re.fullmatch(
        r"(.+):((?:[^:\[\]]|\[[^\]]*\])+)", text.removeprefix("tfds:")
    )
    if found is None:
        raise ValueError(
            "A data set must be named tfds:NAME:SPLIT, such as "
            f"tfds:mnist:test, or digits:SPLIT. Received: {text!r}"
        )
    name, split = found.groups()
    return of_source(data.open_source(name, data_dir, split), text, "data set")
