"""Times help texts, imports, and the way to the first training step.

    python benchmarks/startup.py

Each row is measured in `--pairs` fresh processes, from their start. The help
is that of train.py, eval.py and each installed command. The first step is that
of the 128 px network, base 64, batch 8, on random images. The program also
says which large libraries `from sagan_tf import SAGAN` imports: the project
imports them where it needs them, Keras imports some if they are installed.

The result is benchmarks/results/startup.json.
"""

import importlib.metadata
import pathlib
import subprocess
import sys
import time

from absl import app, flags
from harness import ROOT, pairs, record, workloads

_ROWS = flags.DEFINE_multi_string(
    "row", [], "A row to measure; all by default."
)
flags.set_default(pairs.PAIRS, 3)

_STEP = "first training step"
_NETWORKS = "from sagan_tf import SAGAN"
_LIBRARIES = (
    "tensorflow_gan",
    "tensorflow_datasets",
    "matplotlib",
    "sklearn",
    "tensorflow_probability",
)


def _commands():
    """Returns the arguments of each row's process, by its name."""
    found = {
        f"{name} --help": [sys.executable, name, "--help"]
        for name in ("train.py", "eval.py")
    }
    scripts = pathlib.Path(sys.executable).parent
    for entry in importlib.metadata.distribution("sagan_tf").entry_points:
        path = scripts / entry.name
        found[f"{entry.name} --help"] = [str(path), "--help"]
    for code in ("import keras", "import sagan_tf", _NETWORKS):
        found[code] = [sys.executable, "-c", code]
    return found


def _run(arguments):
    result = subprocess.run(
        arguments,
        cwd=ROOT,
        env=pairs.environment(),
        capture_output=True,
        text=True,
    )
    # The help ends with an exit code of 1, but writes no error.
    if result.returncode and result.stderr:
        raise RuntimeError(result.stderr)
    return result.stdout


def _seconds(name, commands):
    if name == _STEP:
        arguments = {"image_size": 128}
        with pairs.Child(pairs.Case(_STEP, "training_step", arguments)) as step:
            return step.first_seconds
    start = time.perf_counter()
    _run(commands[name])
    return time.perf_counter() - start


def _imported(code):
    """Returns the names of the modules that are imported after `code`."""
    code += "; import sys; print(*sys.modules)"
    return set(_run([sys.executable, "-c", code]).split())


def _imported_by(library, by_keras, by_us):
    if library in by_keras:
        return "keras"
    return "sagan_tf" if library in by_us else None


def main():
    commands = _commands()
    names = [
        name
        for name in (*commands, _STEP)
        if not _ROWS.value or name in _ROWS.value
    ]
    seconds = {name: [] for name in names}
    for _ in range(pairs.PAIRS.value):
        for name in names:
            seconds[name].append(_seconds(name, commands))
    rows = [{"name": name, **record.times(seconds[name])} for name in names]
    modules = _imported("import keras"), _imported(_NETWORKS)
    imported = {name: _imported_by(name, *modules) for name in _LIBRARIES}
    record.write("startup", rows, imported_by=imported)
    record.print_rows("startup", rows)


if __name__ == "__main__":
    app.run(lambda _: pairs.run([workloads.training_step], main))
