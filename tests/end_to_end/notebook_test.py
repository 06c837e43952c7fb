"""The cells of examples/sagan.ipynb run, one after the other."""

import json
import pathlib

import matplotlib
import pytest

NOTEBOOK = pathlib.Path(__file__).parents[2] / "examples" / "sagan.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]


@pytest.mark.slow
def test_cells_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = {}
    for index, cell in enumerate(CELLS):
        if cell["cell_type"] == "code":
            source = compile("".join(cell["source"]), f"cell {index}", "exec")
            exec(source, names)
            plt.close("all")
    assert names["generated"].shape == (32, 32, 32, 3)
    assert names["scores"].shape == (16, 16, 8, 8)
    # The classifier learns the four digits. That it recognises more than a
    # quarter of the generated ones shows that the generator learned them too.
    assert names["accuracy"] > 0.9
    assert names["share"] > 0.5


def test_no_outputs_are_committed():
    for cell in CELLS:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
