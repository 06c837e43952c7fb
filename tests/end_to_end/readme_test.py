"""README's examples run, and its commands are those that exist."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = [
    code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    if "runs/" not in code
]  # fmt: skip


@pytest.mark.parametrize("code", EXAMPLES, ids=["layers", "gan"])
def test_example(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(code, {})


def test_ci_runs_the_test_command():
    assert re.search(r"^make test\b", README, re.MULTILINE)
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert "make test" in lines


def test_files_that_readme_names_exist():
    named = re.findall(
        r"configs/\w+\.py|docs/\w+\.png|sagan_tf/\w+\.py", README
    )
    assert len(set(named)) >= 5
    for name in named:
        assert (ROOT / name).exists(), name
