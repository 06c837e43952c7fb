"""The files, names, flags and links in README and docs/ exist."""

import dataclasses
import importlib
import pathlib
import re

import pytest

from sagan_tf import Config
from sagan_tf.evaluation.protocols import Protocol

ROOT = pathlib.Path(__file__).parents[2]
DOCUMENTS = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "RELEASING.md",
        ROOT / "CHANGELOG.md",
        *sorted((ROOT / "docs").glob("*.md")),
    )
}
OUR_COMMAND = re.compile(r"train\.py|eval\.py|sagan-[a-z]+|benchmarks/\w+\.py")
# `--help`, flags of other programs, and the flags of eval.py that are made
# from the fields of a protocol.
OTHER_FLAGS = {
    "help",
    "requeue",
    "enable_batching",
    *(name for name, *_ in Protocol.describe()),
}

each_document = pytest.mark.parametrize("name", DOCUMENTS)


def anchors(text):
    """Returns the names that GitHub gives to a document's headings."""
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)", text, re.MULTILINE)
    }


@each_document
def test_links(name):
    links = re.findall(r"\]\(([^()\s]*)\)", DOCUMENTS[name])
    for link in links:
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = ROOT / name if not path else (ROOT / name).parent / path
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target.read_text("utf-8")), link


@each_document
def test_paths(name):
    for path, _, tests in re.findall(
        r"\b((?:sagan_tf|tests|configs|docs|benchmarks|examples)(?:/[\w.]+)+)"
        r"/?(`?((?:[, `]*::\w+)*))",
        re.sub(r"https://\S+", "", DOCUMENTS[name]),
    ):
        path = ROOT / path.rstrip(".")
        assert path.exists(), path
        for test in re.findall(r"::(\w+)", tests):
            assert f"def {test}(" in path.read_text("utf-8"), (path, test)


@each_document
def test_names(name):
    for dotted in re.findall(r"\bsagan_tf(?:\.[A-Za-z_]\w*)+", DOCUMENTS[name]):
        parts = dotted.split(".")
        value = importlib.import_module(parts[0])
        for index, part in enumerate(parts[1:], start=2):
            if not hasattr(value, part):
                importlib.import_module(".".join(parts[:index]))
            value = getattr(value, part)


@each_document
def test_fields(name):
    fields = {field.name for field in dataclasses.fields(Config)}
    assert set(re.findall(r"--config\.([a-z]\w*)", DOCUMENTS[name])) <= fields


@each_document
def test_flags(name):
    sources = "".join(
        path.read_text("utf-8")
        for pattern in ("*.py", "sagan_tf/commands/*.py", "benchmarks/**/*.py")
        for path in sorted(ROOT.glob(pattern))
    )
    text = DOCUMENTS[name].replace("\\\n", " ")
    code = [line for line in text.splitlines() if OUR_COMMAND.search(line)]
    code += re.findall(r"`(--[^`]*)`", text)
    for flag in re.findall(r"--([a-z_]+)\b(?!\.)", "\n".join(code)):
        known = f'"{flag}"' in sources or f'"{flag[2:]}"' in sources
        assert known or flag in OTHER_FLAGS, flag
