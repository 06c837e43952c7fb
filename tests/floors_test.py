"""Dependencies point down the floors of the house."""

import ast
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).parents[1] / "sagan_tf"

# A module may import from lower floors, and from its own where it says so.
FLOORS = {
    "layers": 0,
    "losses": 0,
    "optimizers": 0,
    "schedules": 0,
    "events": 0,
    "files": 0,
    "interruption": 0,
    "lock": 0,
    "progress": 0,
    "config": 1,
    "version": 0,
    "models": 1,
    "strategies": 1,
    "checkpoints": 1,
    "scripts": 2,
    "data": 2,
    "gan": 2,
    "inference": 2,
    "export": 4,
    "generation": 3,
    "workdir": 3,
    "evaluation": 4,
    "curves": 4,
    "importing": 4,
    "callbacks": 6,
    "training": 7,
    "sampling": 5,
    "demo": 8,
}
# What each of the lower floors may import besides.
EXTERNAL = {
    "layers": {"keras", "math", "numpy"},
    "losses": {"keras"},
    "optimizers": {"keras", "tensorflow"},
    "schedules": {"keras"},
    "interruption": {"contextlib", "os", "signal", "threading"},
    "lock": {
        "absl",
        "contextlib",
        "errno",
        "fcntl",
        "json",
        "os",
        "pathlib",
        "socket",
    },
    "config": {
        "contextlib",
        "dataclasses",
        "json",
        "math",
        "reprlib",
        "typing",
    },
    "events": {"numpy", "tensorflow"},
    "files": {"contextlib", "json", "os"},
    "progress": {"keras", "sys", "time"},
    "version": set(),
    "models": {"keras", "dataclasses"},
    "gan": {"keras", "tensorflow"},
    "inference": {"keras"},
}
# Too slow, or too fragile, to import with the package.
LAZY = {
    "matplotlib",
    "sklearn",
    "tensorflow_datasets",
    "tensorflow_serving",
    "torch",
}


def _imports(path, top_level_only=False):
    """Yields the modules that a file imports."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if top_level_only else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def _room(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


FILES = sorted(
    path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE
    or path.stem != "__init__"
)  # fmt: skip


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_imports_point_down(path):
    room = _room(path)
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] == "sagan_tf":
            if parts[1] in ("SAGAN", "Config"):
                continue
            below = FLOORS[parts[1]] < FLOORS[room]
            assert below or parts[1] == room, f"{path} imports {name}"
        elif room in EXTERNAL:
            assert parts[0] in EXTERNAL[room], f"{path} imports {name}"


@pytest.mark.parametrize(
    "path", FILES, ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_slow_imports_are_made_where_used(path):
    for name in _imports(path, top_level_only=True):
        assert name.split(".")[0] not in LAZY, f"{path} imports {name}"


def test_one_file_imports_tensorflow_gan():
    users = [
        path.name for path in FILES
        if "tensorflow_gan.python" in path.read_text(encoding="utf-8")
    ]  # fmt: skip
    assert users == ["tensorflow_gan_metrics.py"]


def test_every_room_has_a_floor():
    assert {_room(path) for path in FILES} == set(FLOORS)
