"""The rooms of the house: what imports what, names, and sizes."""

import ast
import importlib
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
PACKAGE = ROOT / "sagan_tf"

# Floors from the ground up. A room imports rooms of lower floors only, and in
# the second list what is needed from its own floor.
FLOORS = [
    {"utils", "version"},
    {"config"},
    {
        "ops",
        "losses",
        "diversity",
        "augmentation",
        "optimizers",
        "latents",
        "images",
        "distribution",
        "batches",
    },
    {"layers"},
    {"models"},
    {"gan", "data"},
    {"workdir"},
    {"export", "importing"},
    {"evaluation"},
    {"sampling"},
    {"training"},
    {"commands"},
]
NEIGHBOURS = {
    # Images of a generator come from drawn latents.
    ("images", "latents"),
    # A batch has labels, whose rules are those of the layers.
    ("batches", "ops"),
    # Gradients are means over a global batch.
    ("optimizers", "batches"),
}
# Rooms that know nothing but these packages and Python's own.
EXTERNAL = {
    "ops": {"keras", "numpy"},
    "losses": {"keras"},
    "diversity": {"keras"},
    "augmentation": {"keras"},
    "layers": {"keras", "numpy", "math"},
    "models": {"keras", "dataclasses"},
    "config": {"dataclasses", "typing"},
    "gan": {"keras", "tensorflow"},
}
# Imports that are slow or may be missing, so they are made where they are
# used.
LAZY = {
    "matplotlib",
    "sklearn",
    "tensorflow_datasets",
    "tensorflow_gan",
    "tensorflow_probability",
    "tensorflow_serving",
    "torch",
}
# SAGAN itself, which is read in one sitting. How a run's configuration gives
# the arguments of its networks is not counted.
SAGAN = ("layers", "models", "gan.py", "losses.py")
MAX_LINES = 300
MAX_FUNCTION = 60


def _python_files(folder):
    return sorted(
        path for path in folder.rglob("*.py") if not path.is_symlink()
    )


FILES = [
    path
    for path in _python_files(PACKAGE)
    if "configs" not in path.parts and path.parent != PACKAGE
    or path.parent == PACKAGE and path.stem != "__init__"
]  # fmt: skip
CODE = [
    *FILES,
    *_python_files(ROOT / "tests"),
    *_python_files(ROOT / "configs"),
    *_python_files(ROOT / "benchmarks"),
    *_python_files(ROOT / "docs"),
    ROOT / "train.py",
    ROOT / "eval.py",
]


def _name(path):
    return str(path.relative_to(ROOT))


def _tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def _imports(path, top_level_only=False):
    """Yields the names that a file imports."""
    nodes = _tree(path).body if top_level_only else ast.walk(_tree(path))
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def _room(path):
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def _floor(room):
    # `from sagan_tf import SAGAN` and the like.
    room = {"SAGAN": "gan", "Config": "config"}.get(room, room)
    return next(n for n, rooms in enumerate(FLOORS) if room in rooms)


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_imports_point_down(path):
    room = _room(path)
    for name in _imports(path):
        package, *parts = name.split(".")
        if package == "sagan_tf":
            down = _floor(parts[0]) < _floor(room) or parts[0] == room
            assert down or (room, parts[0]) in NEIGHBOURS, name
        elif room in EXTERNAL:
            assert package in EXTERNAL[room], name


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_slow_imports_are_made_where_they_are_used(path):
    for name in _imports(path, top_level_only=True):
        assert name.split(".")[0] not in LAZY, name


def test_one_file_imports_tensorflow_gan():
    users = [
        path.name
        for path in FILES
        if "tensorflow_gan.python" in path.read_text(encoding="utf-8")
    ]
    assert users == ["tfgan.py"]


def test_few_rooms():
    rooms = {_room(path) for path in FILES}
    assert rooms == set().union(*FLOORS)
    assert len(list(PACKAGE.glob("*.py"))) <= 11


def test_no_module_has_the_name_of_an_exported_function():
    for init in PACKAGE.rglob("__init__.py"):
        name = ".".join(init.parent.relative_to(ROOT).parts)
        package = importlib.import_module(name)
        for exported in getattr(package, "__all__", ()):
            module = init.parent / f"{exported}.py"
            is_function = callable(getattr(package, exported))
            assert not (is_function and module.exists()), module


def test_tests_mirror_the_package():
    tests = {
        path.relative_to(ROOT / "tests").with_suffix("")
        for path in _python_files(ROOT / "tests")
    }
    modules = {str(path.relative_to(PACKAGE).with_suffix("")) for path in FILES}
    for test in tests:
        inside = test.parts[0] not in ("end_to_end", "hostile", "tools")
        if test.name.endswith("_test") and inside and len(test.parts) > 1:
            # `<module>_test.py`, or `<module>_<subject>_test.py`.
            words = str(test).split("_")[:-1]
            names = {"_".join(words[: n + 1]) for n in range(len(words))}
            assert names & modules, f"{test} has no module"


@pytest.mark.parametrize("path", CODE, ids=_name)
def test_sizes(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MAX_LINES
    for node in ast.walk(_tree(path)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = node.end_lineno - node.lineno + 1
            if ast.get_docstring(node):
                docstring = node.body[0]
                length -= docstring.end_lineno - docstring.lineno + 1
            assert length <= MAX_FUNCTION, f"{node.name}: {length} lines"


def test_sagan_is_read_in_one_sitting():
    paths = [
        path
        for name in SAGAN
        for path in (
            [PACKAGE / name]
            if name.endswith(".py")
            else _python_files(PACKAGE / name)
        )
        if path.name != "from_config.py"
    ]
    lines = sum(len(path.read_text().splitlines()) for path in paths)
    assert lines < 2000
