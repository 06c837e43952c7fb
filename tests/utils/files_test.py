"""Tests of reading and writing files."""

import errno
import re

import numpy as np
import pytest

from sagan_tf.images import save_png
from sagan_tf.utils import files

_PICTURE = np.random.default_rng(0).integers(0, 256, (99, 99, 3), "uint8")


@pytest.mark.parametrize(
    ("write", "content"),
    [
        (files.write_text, "x" * 9999),
        (files.append_text, "x" * 9999),
        (lambda path, picture: save_png(picture, path), _PICTURE),
    ],
    ids=["write_text", "append_text", "save_png"],
)
def test_full_disk(disk, write, content):
    """The path is named, and nothing half written is left beside it."""
    disk = disk("1m")
    path = disk / "before"
    path.write_text("whole")
    with open(disk / "other", "wb", buffering=0) as file:
        with pytest.raises(OSError, match="No space"):
            while True:
                file.write(bytes(4096))
    with pytest.raises(OSError, match=re.escape(repr(str(path)))) as full:
        write(path, content)
    assert full.value.errno == errno.ENOSPC
    assert sorted(found.name for found in disk.iterdir()) == ["before", "other"]
    assert path.read_text().startswith("whole")
