"""The files around the package agree with each other."""

import configparser
import pathlib
import re

import pytest

from sagan_tf.version import __version__

ROOT = pathlib.Path(__file__).parents[2]
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def test_pre_commit_has_the_ruff_of_the_extra_dev():
    hook = re.search(
        r"ruff-pre-commit\n +rev: v(.+)", read(".pre-commit-config.yaml")
    )
    assert f"\nruff=={hook[1]}" in SETUP["options.extras_require"]["dev"]


def test_citation_has_the_version():
    assert f"\nversion: {__version__}\n" in read("CITATION.cff")


def test_workflow_runs_the_commands_of_ci():
    workflow = read(".github/workflows/test.yml")
    commands = re.findall(r"^make \w+", read(".ci/run"), re.MULTILINE)
    assert sorted(re.findall(r"make \w+", workflow)) == sorted(commands)


def test_workflow_has_the_first_and_the_last_python():
    classifiers = re.findall(
        r":: (3\.\d+)$", SETUP["metadata"]["classifiers"], re.M
    )
    workflow = re.findall(r'python: "(.+)"', read(".github/workflows/test.yml"))
    assert workflow == [classifiers[0], classifiers[-1]]


@pytest.mark.parametrize(
    "path", sorted((ROOT / "configs").glob("*.py")), ids=lambda path: path.stem
)
def test_package_has_the_configurations(path):
    assert (ROOT / "sagan_tf" / "configs" / path.name).samefile(path)
    pattern = SETUP["options.package_data"]["sagan_tf"]
    assert path in {
        found.resolve() for found in (ROOT / "sagan_tf").glob(pattern)
    }
