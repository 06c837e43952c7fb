"""docs/tour.md names lines that hold what it says they hold."""

import pathlib
import runpy

import pytest

ROOT = pathlib.Path(__file__).parents[2]
TOUR = runpy.run_path(str(ROOT / "docs" / "tour.py"))
DOCUMENT = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")

SOURCE = '''"""A module."""

RATE = 1


class Layer:
    units: int = 2

    def call(self, inputs):
        outputs = 2 * inputs
        return outputs


def call(inputs):
    return inputs
'''


def test_lines_are_those_of_the_code():
    corrected = TOUR["corrected"](DOCUMENT)
    wrong = [
        f"written: {written}\ncorrect: {right}"
        for written, right in zip(
            DOCUMENT.splitlines(), corrected.splitlines(), strict=True
        )
        if written != right
    ]
    assert not wrong, "Run `python docs/tour.py`.\n" + "\n".join(wrong)


def test_every_link_to_a_line_is_checked():
    assert DOCUMENT.count("#L") == len(TOUR["_CODE"].findall(DOCUMENT)) > 25


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("RATE", 3),
        ("Layer", 6),
        ("Layer.units", 7),
        ("Layer.call", 9),
        ("Layer.call: outputs", 10),
        ("Layer.call: return", 11),
        ("call", 14),
    ],
)
def test_line_of_a_name(name, line):
    assert TOUR["line_of"](SOURCE, name) == line


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Layer.build", "`Layer.build` is not defined"),
        ("call: outputs", "`call` has no line with 'outputs'"),
    ],
)
def test_what_is_gone_is_named(name, reason):
    with pytest.raises(ValueError, match=reason):
        TOUR["line_of"](SOURCE, name)


def test_numbers_are_corrected(tmp_path):
    (tmp_path / "layer.py").write_text(SOURCE)
    document = (
        "| `Layer.call` [it.py:1](layer.py#L1) | `RATE`\n[it.py:9](layer.py#L2)"
        "\n| [it.py](layer.py) | 1 |\n| [all](.) | 1,000 | x |\n"
        "| together | 1 | |\n"
    )
    assert TOUR["corrected"](document, tmp_path) == (
        "| `Layer.call` [it.py:9](layer.py#L9) | `RATE`\n[it.py:3](layer.py#L3)"
        "\n| [it.py](layer.py) | 15 |\n| [all](.) | 15 | x |\n"
        "| together | 30 | |\n"
    )
    with pytest.raises(ValueError, match="layer.py: `Layer.build` is not"):
        TOUR["corrected"]("`Layer.build` [it.py:1](layer.py#L1)", tmp_path)
