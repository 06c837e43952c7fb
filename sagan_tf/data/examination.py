"""What the images of a source are like, and which cannot be read."""

import collections
import dataclasses
import re

import numpy as np
import tensorflow as tf

from sagan_tf.data import pictures
from sagan_tf.data.pipeline import ordered_dataset
from sagan_tf.utils.progress import progress_bar

_PROGRESS_FROM = 2_000


class Examination:
    """What the images of a source are like.

    Attributes:
        bad: Dictionary from the position of an image that cannot be read to
            the reason.
        positions, labels, sides: Integers of the other images; a side is the
            shorter one.
        images: uint8 arrays, if they are kept.
        notes: Numbers of what `pictures.examine` found.
    """

    def __init__(self, source, image_size, examined, keep):
        self.bad, self.notes = {}, collections.Counter()
        self.positions, self.labels, self.sides = [], [], []
        self.images = []
        self.examined = examined
        self._source, self._keep = source, keep
        for position, file in enumerate(source.files):
            try:
                self.notes.update(pictures.examine(file))
            except ValueError as error:
                self.bad[position] = str(error)
        self._read(image_size)

    def _read(self, image_size):
        # What has a bad header is not decoded: it may need gigabytes.
        left = without(self._source, self.bad)
        positions = [n for n in range(self.examined) if n not in self.bad]
        progress = None
        if len(positions) >= _PROGRESS_FROM:
            progress = progress_bar("checked images", len(positions))
        iterator = iter(ordered_dataset(left, image_size))
        for done, position in enumerate(positions, 1):
            try:
                image, label, side = next(iterator)
            except StopIteration:
                raise ValueError(
                    f"{self._source.name} ends after {done - 1} of "
                    f"{len(positions)} images"
                ) from None
            except tf.errors.DataLossError:
                # Not an image but the file that holds many is damaged.
                raise
            except tf.errors.OpError as error:
                # The iterator goes on with the next image.
                self.bad[position] = _reason(error)
            else:
                if self._keep:
                    self.images.append(image.numpy())
                self.labels.append(int(label))
                self.sides.append(int(side))
                self.positions.append(position)
            if progress is not None and (
                done % 100 == 0 or done == len(positions)
            ):
                progress(done)

    def small(self, image_size):
        """Returns the indices of images below `image_size`, smallest first."""
        sides = np.array(self.sides)
        order = np.argsort(sides, kind="stable")
        return [int(index) for index in order if sides[index] < image_size]

    def mostly_large(self, image_size):
        """Returns whether they are large images with few exceptions.

        Published data sets, such as ImageNet, have some small images.
        """
        return not self._source.files and np.median(self.sides) >= image_size


def name_of(source, position):
    """Returns what a message calls the image at a position."""
    if source.files:
        return source.files[position]
    return f"image number {position} of {source.name}"


def _reason(error):
    """Returns why `tf.data` could not decode an image."""
    # Before the reason, tf.data lists its iterators and Python its exception.
    reason = re.sub(r"^.*Iterator::[\w:]+: ", "", error.message)
    return reason.removeprefix("ValueError: ").splitlines()[0]


def without(source, bad):
    """Returns a source without the images at some positions.

    Args:
        source: `Source`.
        bad: Integers, positions that are not all of them.
    """
    if not bad:
        return source
    good = np.ones(source.size, bool)
    good[list(bad)] = False
    keep = tf.constant(good)
    records = source.records.enumerate().filter(lambda index, _: keep[index])
    left_out = ",".join(map(str, sorted(bad)))
    return dataclasses.replace(
        source,
        records=records.map(lambda _, record: record),
        size=int(good.sum()),
        files=tuple(
            file
            for file, is_good in zip(source.files, good, strict=False)
            if is_good
        ),
        fingerprint=f"{source.fingerprint} without {left_out}",
        identity=f"{source.identity} without {left_out}",
    )
