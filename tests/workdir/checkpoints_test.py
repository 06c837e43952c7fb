"""Tests of finding, checking and saving checkpoints."""

import errno
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf

from sagan_tf.workdir import checkpoints


@pytest.fixture
def variables(random):
    return [
        tf.Variable(random.normal(size=shape).astype("float32"))
        for shape in ((40, 30), (7,), ())
    ]


@pytest.fixture
def saved(variables, tmp_path):
    """A manager, with checkpoints of steps 2, 4 and 6."""
    manager = checkpoints.manager(_checkpoint(variables), tmp_path / "run", 3)
    for step in (2, 4, 6):
        checkpoints.save(manager, step)
    return manager


def _checkpoint(variables):
    parts = {str(index): value for index, value in enumerate(variables)}
    return tf.train.Checkpoint(**parts)


def _steps(paths):
    return [checkpoints.step_of(path) for path in paths]


def _flip(path, position, bit=0):
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def _truncate(path):
    path.write_bytes(path.read_bytes()[:-7])


DAMAGE = {
    "data truncated": lambda data, index: _truncate(data),
    "data empty": lambda data, index: data.write_bytes(b""),
    "data deleted": lambda data, index: data.unlink(),
    "data flipped": lambda data, index: _flip(data, 2000),
    "index truncated": lambda data, index: _truncate(index),
    "index empty": lambda data, index: index.write_bytes(b""),
    "index deleted": lambda data, index: index.unlink(),
    "index flipped": lambda data, index: _flip(index, 20),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_newest_intact_checkpoint_is_found(saved, tmp_path, caplog, kind):
    directory = tmp_path / "run"
    assert checkpoints.newest_intact(directory) == str(directory / "ckpt-6")
    assert not caplog.text
    for step in (6, 4, 2):
        DAMAGE[kind](
            directory / f"ckpt-{step}.data-00000-of-00001",
            directory / f"ckpt-{step}.index",
        )
        caplog.clear()
        if step > 2:
            found = checkpoints.newest_intact(directory)
            assert found == str(directory / f"ckpt-{step - 2}")
            assert f"ckpt-{step} is damaged" in caplog.text
        else:
            with pytest.raises(ValueError, match="No checkpoint .* is intact"):
                checkpoints.newest_intact(directory)


def test_no_flipped_bit_changes_what_is_read(
    saved, variables, tmp_path, random
):
    """Each is either found, or in padding that is not read."""
    directory = tmp_path / "run"
    path = str(directory / "ckpt-6")
    reader = tf.train.load_checkpoint(path)
    names = sorted(reader.get_variable_to_shape_map())
    expected = [reader.get_tensor(name) for name in names]
    found = 0
    for part in ("data-00000-of-00001", "index"):
        file = directory / f"ckpt-6.{part}"
        intact = file.read_bytes()
        for position in random.integers(0, len(intact), 100):
            _flip(file, position, bit=int(random.integers(8)))
            if checkpoints.damage(path) is None:
                reader = tf.train.load_checkpoint(path)
                assert sorted(reader.get_variable_to_shape_map()) == names
                for name, value in zip(names, expected, strict=True):
                    np.testing.assert_array_equal(
                        reader.get_tensor(name), value
                    )
            else:
                found += 1
            file.write_bytes(intact)
    assert found > 150


def test_no_checkpoint_at_all(tmp_path):
    assert checkpoints.newest_intact(tmp_path / "none") is None


@pytest.mark.parametrize("record", [None, "", "not a record {"])
def test_lost_record_is_written_again(saved, variables, tmp_path, record):
    """Checkpoints are found without it, and old ones are still deleted."""
    directory = tmp_path / "run"
    (directory / "checkpoint").unlink()
    if record is not None:
        (directory / "checkpoint").write_text(record)
    assert checkpoints.newest_intact(directory).endswith("ckpt-6")
    manager = checkpoints.manager(_checkpoint(variables), directory, 3)
    assert manager.latest_checkpoint.endswith("ckpt-6")
    checkpoints.save(manager, 8)
    assert _steps(checkpoints.listed(directory)) == [4, 6, 8]


def _interrupt(directory, step, index):
    """Makes a save look killed while, or before, it wrote the index."""
    path = directory / f"ckpt-{step}.index"
    if index == "cut short":
        path.write_bytes(path.read_bytes()[:-7])
    else:
        path.unlink()
    (directory / f"ckpt-{step}_temp").mkdir()


@pytest.mark.parametrize("index", ["cut short", "missing"])
def test_interrupted_save_does_not_count(
    saved, variables, tmp_path, caplog, index
):
    """It may be the first save or a later one."""
    directory = tmp_path / "run"
    for step in (4, 6):
        _interrupt(directory, step, index)
    for _ in range(2):
        assert checkpoints.newest_intact(directory).endswith("ckpt-2")
        assert not caplog.text
        checkpoints.manager(_checkpoint(variables), directory, 3)
    _interrupt(directory, 2, index)
    for _ in range(2):
        assert checkpoints.newest_intact(directory) is None
        checkpoints.manager(_checkpoint(variables), directory, 3)
    assert not list(directory.iterdir())


def test_run_in_a_copy_does_not_change_the_original(saved, variables, tmp_path):
    """Even if the copied record was rewritten, with absolute paths."""
    (tmp_path / "run" / "checkpoint").unlink()
    checkpoints.manager(_checkpoint(variables), tmp_path / "run", 3)
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    manager = checkpoints.manager(_checkpoint(variables), tmp_path / "copy", 3)
    checkpoints.save(manager, 8)
    assert _steps(checkpoints.listed(tmp_path / "run")) == [2, 4, 6]
    assert _steps(checkpoints.listed(tmp_path / "copy")) == [4, 6, 8]


@pytest.mark.parametrize("remaining", [0, 8192])
def test_full_disk_does_not_harm_earlier_checkpoints(disk, random, remaining):
    """The disk is full before the save, or becomes full during it."""
    disk = disk("1m")
    value = random.normal(size=(300, 100)).astype("float32")
    variable = tf.Variable(value)
    manager = checkpoints.manager(
        tf.train.Checkpoint(variable=variable), disk / "run", 3
    )
    checkpoints.save(manager, 2)
    with open(disk / "other", "wb", buffering=0) as file:
        with pytest.raises(OSError) as full:
            while True:
                file.write(bytes(4096))
        assert full.value.errno == errno.ENOSPC
        file.truncate(os.path.getsize(disk / "other") - remaining)
    variable.assign(-value)
    before = sorted(path.name for path in (disk / "run").iterdir())
    with pytest.raises(OSError, match=r"ckpt-4 cannot be written .*space"):
        checkpoints.save(manager, 4)
    after = sorted(path.name for path in (disk / "run").iterdir())
    assert after == before
    found = checkpoints.newest_intact(disk / "run")
    assert found == str(disk / "run" / "ckpt-2")
    reader = tf.train.load_checkpoint(found)
    saved = reader.get_tensor("variable/.ATTRIBUTES/VARIABLE_VALUE")
    np.testing.assert_array_equal(saved, value)
    (disk / "other").unlink()
    checkpoints.save(manager, 4)
    assert checkpoints.newest_intact(disk / "run").endswith("ckpt-4")
