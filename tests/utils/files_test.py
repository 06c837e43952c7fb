"""Tests of reading and writing files."""

import errno
import hashlib
import pathlib
import re

import numpy as np
import pytest

from sagan_tf.images import save_png
from sagan_tf.utils import files

_IMAGE = np.random.default_rng(0).integers(0, 256, (99, 99, 3), "uint8")


@pytest.mark.parametrize(
    ("write", "content"),
    [
        (files.write_text, "x" * 9999),
        (files.append_text, "x" * 9999),
        (lambda path, image: save_png(image, path), _IMAGE),
    ],
    ids=["write_text", "append_text", "save_png"],
)
def test_full_disk(disk, write, content):
    """The error names the path, and no temporary file is left."""
    disk = disk("1m")
    path = disk / "before"
    path.write_text("whole")
    with (
        open(disk / "other", "wb", buffering=0) as file,
        pytest.raises(OSError, match="No space"),
    ):
        while True:
            file.write(bytes(4096))
    with pytest.raises(OSError, match=re.escape(repr(str(path)))) as full:
        write(path, content)
    assert full.value.errno == errno.ENOSPC
    assert sorted(found.name for found in disk.iterdir()) == ["before", "other"]
    assert path.read_text().startswith("whole")


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file"
    for writer in (files.replacing, files.creating):
        path.write_text("before")
        with (
            pytest.raises(OSError, match="stop"),
            writer(path) as temporary,
        ):
            pathlib.Path(temporary).write_text("half")
            raise OSError("stop")
        assert path.read_text() == "before"
        with writer(path) as temporary:
            pathlib.Path(temporary).write_text("after")
            assert path.read_text() == "before"
        assert path.read_text() == "after"
        assert list(tmp_path.iterdir()) == [path]


def test_a_directory_is_created_whole_or_not_at_all(tmp_path):
    path = tmp_path / "parent" / "folder"
    with (
        pytest.raises(OSError, match="stop"),
        files.creating(path) as temporary,
    ):
        temporary.mkdir()
        (temporary / "half").touch()
        raise OSError("stop")
    assert not list(path.parent.iterdir())
    with files.creating(path) as temporary:
        temporary.mkdir()
        (temporary / "file").touch()
    assert list(path.parent.iterdir()) == [path]
    assert [file.name for file in path.iterdir()] == ["file"]


def test_sha256(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"content")
    assert files.sha256(path) == hashlib.sha256(b"content").hexdigest()


def test_sha256_of_a_tree(tmp_path):
    """It depends on the contents and relative paths of all files."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        (folder / "inside").mkdir(parents=True)
        (folder / "inside" / "a").write_text("content")
    before = files.sha256_of_tree(first)
    assert files.sha256_of_tree(second) == before
    (second / "inside" / "a").write_text("other")
    assert files.sha256_of_tree(second) != before
    (first / "inside" / "a").rename(first / "inside" / "b")
    assert files.sha256_of_tree(first) != before
    file = first / "inside" / "b"
    expected = hashlib.sha256(b".\0content").hexdigest()
    assert files.sha256_of_tree(file) == expected
    with pytest.raises(ValueError, match="is not a local file or directory"):
        files.sha256_of_tree(tmp_path / "missing")


@pytest.mark.parametrize("content", [None, "{", "[" * 10**5])
def test_a_file_that_is_not_json_is_named(tmp_path, content):
    path = tmp_path / "a.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ValueError, match=re.escape(str(path))):
        files.read_json(path)


def test_cache_directory(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert files.cache_directory() == tmp_path / "sagan_tf"
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert files.cache_directory() == tmp_path / ".cache" / "sagan_tf"
