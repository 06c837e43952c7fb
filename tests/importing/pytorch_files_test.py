"""Tests of reading files of PyTorch."""

import pathlib
import pickle
import sys

import numpy as np
import pytest

from sagan_tf.importing import pytorch_files

torch = pytest.importorskip(
    "torch", reason="torch is an optional extra: pip install -e '.[import]'"
)

STATE = {"a.weight": [[1.0, 2.0]], "a.count": 3}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "weights.pth"


def _state():
    return {name: torch.tensor(value) for name, value in STATE.items()}


@pytest.mark.parametrize(
    "checkpoint",
    [
        lambda: _state(),
        lambda: {"state_dict": _state(), "step": 7, "meta": {"iter": 5}},
        lambda: {"state_dict": {f"module.{k}": v for k, v in _state().items()}},
        lambda: {
            "state_dict": _state(),
            "best": [np.float64(9.5), np.float32(9.5), np.int64(3)],
        },
    ],
    ids=["state", "checkpoint", "DataParallel", "NumPy scalar"],
)
def test_state_dictionary(path, checkpoint):
    torch.save(checkpoint(), path)
    arrays, others, origin = pytorch_files.read(path)
    assert origin == str(path)
    assert list(arrays) == list(STATE)
    np.testing.assert_array_equal(arrays["a.weight"], [[1, 2]])
    assert others.get("step", 7) == 7


def test_tensors_that_need_conversion_for_numpy(path):
    half = torch.tensor([1.5], dtype=torch.bfloat16)
    state = {"half": half, "trained": torch.nn.Parameter(half.float())}
    torch.save(state, path)
    for source in (path, state):
        arrays, _, _ = pytorch_files.read(source)
        assert arrays["half"] == arrays["trained"] == 1.5


class Code:
    def __reduce__(self):
        return (pathlib.Path.touch, (pathlib.Path("ran"),))


@pytest.mark.parametrize("zipped", [True, False])
def test_code_is_refused_and_not_run(path, zipped, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save(
        {"state_dict": _state(), "x": Code()},
        path,
        _use_new_zipfile_serialization=zipped,
    )
    with pytest.raises(
        ValueError, match="weights.pth is refused: reading it would run"
    ):
        pytorch_files.read(path)
    assert not (tmp_path / "ran").exists()


def _truncated():
    torch.save({"state_dict": _state()}, "whole")
    whole = pathlib.Path("whole").read_bytes()
    return whole[: len(whole) // 2]


@pytest.mark.parametrize(
    "content",
    [
        lambda: b"",
        lambda: b"an image, say" * 20,
        lambda: pickle.dumps({"a": 1}),
        lambda: pickle.dumps({"a": Code()}),
        _truncated,
    ],
    ids=["empty", "other", "pickle", "pickle with code", "truncated"],
)
def test_other_files_are_refused(path, content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path.write_bytes(content())
    with pytest.raises(ValueError, match="weights.pth is (truncated|refused)"):
        pytorch_files.read(path)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [{"state_dict": {}}, {"a": 1}, [1, 2]])
def test_file_without_weights(path, content):
    torch.save(content, path)
    with pytest.raises(ValueError, match="weights.pth holds no state dict"):
        pytorch_files.read(path)


def test_missing_file(path):
    with pytest.raises(ValueError, match="weights.pth: there is no such file"):
        pytorch_files.read(path)


def test_missing_torch_names_the_extra(path, monkeypatch):
    torch.save(_state(), path)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match="the extra `import`"):
        pytorch_files.read(path)
