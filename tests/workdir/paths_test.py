"""Tests of which directory can be a run's."""

import dataclasses

import pytest

from sagan_tf.workdir import Workdir


def test_directory_with_other_files(small_run, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ValueError, match="files that are not .*thesis.tex"):
        Workdir(tmp_path).claim(small_run)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_file(small_run, tmp_path):
    (tmp_path / "file").write_text("text")
    with pytest.raises(ValueError, match="is not a directory"):
        Workdir(tmp_path / "file").claim(small_run)


def test_run_that_was_killed_while_it_started(small_run, tmp_path):
    (tmp_path / "config.json.tmp").write_text("{")
    Workdir(tmp_path).claim(small_run)
    assert [path.name for path in tmp_path.iterdir()] == ["config.json"]


def test_changed_fields(small_run, tmp_path):
    workdir = Workdir(tmp_path)
    workdir.claim(small_run)
    workdir.claim(dataclasses.replace(small_run, steps=9, data_dir="/x"))
    changed = dataclasses.replace(small_run, batch_size=6, seed=9)
    with pytest.raises(ValueError) as error:
        workdir.claim(changed)
    before = small_run.batch_size
    assert f"batch_size: {before} there, 6 now; seed: 0 there, 9 now" in str(
        error.value
    )


def test_class_names_are_kept(small_run, tmp_path):
    workdir = Workdir(tmp_path)
    assert workdir.class_names() == []
    # A run of an earlier version has no names until it resumes.
    workdir.claim(small_run)
    assert workdir.class_names() == []
    workdir.claim(small_run, ("cat", "dog"))
    assert workdir.class_names() == ["cat", "dog"]
    workdir.claim(small_run, ("cat", "dog"))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("cat", "cow"), r"\(not in the data: dog; new: cow\)"),
        (("cat",), r"\(not in the data: dog\)"),
        (("cat", "dog", "owl"), r"\(new: owl\)"),
        (("dog", "cat"), "the same in another order"),
    ],
)
def test_run_of_other_classes(small_run, tmp_path, names, message):
    workdir = Workdir(tmp_path)
    workdir.claim(small_run, ("cat", "dog"))
    with pytest.raises(ValueError, match=message):
        workdir.claim(small_run, names)
    assert workdir.class_names() == ["cat", "dog"]


@pytest.mark.parametrize("text", ["{", "{}", "3"])
def test_damaged_class_names(small_run, tmp_path, text):
    workdir = Workdir(tmp_path)
    workdir.claim(small_run, ("cat", "dog"))
    workdir.classes.write_text(text)
    with pytest.raises(ValueError, match="classes.json is not"):
        workdir.class_names()
