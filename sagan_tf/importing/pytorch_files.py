"""Reads files of PyTorch without running code that they may hold."""

import os
import re
import warnings
import zipfile
from collections.abc import Mapping

import numpy as np


def read(source):
    """Reads a checkpoint.

    Args:
        source: Path of a file that `torch.save` wrote; or a state dictionary,
            a mapping of names to arrays or tensors.

    Returns:
        A dictionary of names to NumPy arrays, a dictionary of the file's
        other entries, and a string that names the source.

    Raises:
        ImportError: If the source is a path and torch is not installed.
        ValueError: If there is no such file, if the file is truncated or not
            a file of PyTorch, if reading it would run code, or if it has no
            state dictionary.
    """
    if isinstance(source, Mapping):
        return _arrays(source), {}, "The mapping"
    path = os.fspath(source)
    if not os.path.isfile(path):
        raise ValueError(f"{path}: there is no such file")
    checkpoint = _load(path)
    state = checkpoint
    if isinstance(checkpoint, Mapping):
        state = checkpoint.get("state_dict", checkpoint)
    arrays = _arrays(state) if isinstance(state, Mapping) else {}
    if not arrays:
        raise ValueError(f"{path} holds no state dictionary of tensors")
    return arrays, {} if state is checkpoint else checkpoint, path


def torch_to_read(path):
    """Returns the module torch; the `ImportError` says how to install it."""
    try:
        import torch
    except ImportError:
        raise ImportError(
            f"torch is needed to read {path} and is not installed: install "
            "the extra `import`, pip install -e '.[import]' (torch>=2.6)"
        ) from None
    return torch


def _load(path):
    torch = torch_to_read(path)
    # NumPy scalars are harmless, and StudioGAN's files hold their best score
    # as one. Their constructor has different names in NumPy 1 and NumPy 2.
    constructor = np.float64(0).__reduce__()[0]
    types = [type(np.dtype(code)) for code in np.typecodes["AllInteger"]]
    types += [type(np.dtype(code)) for code in np.typecodes["Float"] + "?"]
    plain = [np.dtype, constructor, *types] + [
        (constructor, f"numpy.{core}.multiarray.scalar")
        for core in ("core", "_core")
    ]
    try:
        with warnings.catch_warnings(), torch.serialization.safe_globals(plain):
            warnings.simplefilter("ignore")
            return torch.load(
                path,
                map_location="cpu",
                weights_only=True,
                # What nobody reads, such as Adam's averages, takes no memory.
                # Files from before PyTorch 1.6 are no zip archives.
                mmap=zipfile.is_zipfile(path),
            )
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # Which exception a broken file raises depends on where it breaks.
        refused = re.search(r"GLOBAL ([\w.]+)", str(error))
        if refused:
            raise ValueError(
                f"{path} is refused: reading it would run {refused[1]}. A "
                "file of weights needs only tensors and plain values"
            ) from None
        reason = (str(error).splitlines() or [""])[0][:80]
        raise ValueError(
            f"{path} is truncated, or not a file that PyTorch wrote "
            f"({type(error).__name__}: {reason})"
        ) from None


def _arrays(state):
    return {
        # PyTorch's DataParallel puts a prefix before every name.
        str(name).removeprefix("module."): _array(value)
        for name, value in state.items()
        if hasattr(value, "shape")
    }


def _array(value):
    if hasattr(value, "detach"):
        # NumPy has no bfloat16.
        value = value.detach().cpu().float()
    return np.asarray(value)
