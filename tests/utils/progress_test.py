"""Tests of progress bars."""

import io
import sys

import pytest

from sagan_tf.utils.progress import progress_bar


class _Terminal(io.StringIO):
    def isatty(self):
        return True


def test_file_gets_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    progress_bar("Images", 8)(4)
    assert not sys.stdout.getvalue()


@pytest.mark.parametrize(("count", "shown"), [(8, "4/8"), (None, "4/Unknown")])
def test_terminal_gets_a_bar(monkeypatch, count, shown):
    monkeypatch.setattr(sys, "stdout", _Terminal())
    progress_bar("Images", count)(4)
    text = sys.stdout.getvalue()
    assert text.startswith("Images:\n")
    assert shown in text and "images/s" in text
