"""benchmarks/RESULTS.md is what the recorded results say."""

import importlib
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PROGRAMS = {path.stem for path in (ROOT / "benchmarks").glob("*.py")}


@pytest.fixture
def report(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    yield importlib.import_module("benchmarks.harness.report")
    for name in [*sys.modules]:
        if name.split(".")[0] == "benchmarks":
            del sys.modules[name]


def test_results_are_generated(report):
    written = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    assert written == report.document(report.read()), "Run `make bench-report`."


def test_records_name_their_program(report):
    for name, record in report.read().items():
        # Without a command, the record says how it was measured.
        if record["command"]:
            program = record["command"].split()[1]
            assert (ROOT / program).is_file(), name
        else:
            assert record["settings"]["how"], name
        assert record["children"] and record["date"] and record["machine"]


def test_at_most_eight_programs():
    assert len(PROGRAMS) <= 8
