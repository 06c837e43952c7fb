"""Tests of which directory can be a run's."""

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
