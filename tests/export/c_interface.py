"""Runs a SavedModel by TensorFlow's C library alone.

    python c_interface.py TENSORFLOW_DIR SAVED_MODEL FETCHED INPUTS.npz OUTPUT

FETCHED is the tensor of the output, `operation:index`.
"""

import ctypes
import os
import sys

import numpy as np

_FLOAT, _INT32 = 1, 3


class _Output(ctypes.Structure):
    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


def _library(folder):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    ctypes.CDLL(
        os.path.join(folder, "libtensorflow_framework.so.2"), ctypes.RTLD_GLOBAL
    )
    library = ctypes.CDLL(os.path.join(folder, "libtensorflow_cc.so.2"))
    for name in (
        "TF_NewStatus", "TF_NewGraph", "TF_NewSessionOptions", "TF_NewBuffer",
        "TF_LoadSessionFromSavedModel", "TF_GraphOperationByName",
        "TF_AllocateTensor", "TF_TensorData",
    ):  # fmt: skip
        getattr(library, name).restype = ctypes.c_void_p
    library.TF_Message.restype = ctypes.c_char_p
    library.TF_Dim.restype = ctypes.c_int64
    library.TF_TensorByteSize.restype = ctypes.c_size_t
    return library


def main(folder, path, fetched, inputs, output):
    library = _library(folder)
    status = ctypes.c_void_p(library.TF_NewStatus())

    def check():
        if library.TF_GetCode(status):
            sys.exit(library.TF_Message(status).decode())

    graph = ctypes.c_void_p(library.TF_NewGraph())
    tags = (ctypes.c_char_p * 1)(b"serve")
    session = ctypes.c_void_p(
        library.TF_LoadSessionFromSavedModel(
            ctypes.c_void_p(library.TF_NewSessionOptions()), None,
            path.encode(), tags, 1, graph, None, status,
        )
    )  # fmt: skip
    check()

    def operation(name, index=0):
        found = library.TF_GraphOperationByName(graph, name.encode())
        if not found:
            sys.exit(f"no operation {name}")
        return _Output(found, index)

    def tensor(array, kind):
        array = np.ascontiguousarray(array)
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        made = ctypes.c_void_p(
            library.TF_AllocateTensor(
                kind, shape, array.ndim, ctypes.c_size_t(array.nbytes)
            )
        )
        target = library.TF_TensorData(made)
        ctypes.memmove(target, array.ctypes.data, array.nbytes)
        return made

    arrays = np.load(inputs)
    # The names that `saved_model_cli show` gives for serving_default.
    feeds = (_Output * 2)(
        operation("serving_default_latents"),
        operation("serving_default_labels"),
    )
    values = (ctypes.c_void_p * 2)(
        tensor(arrays["latents"].astype("float32"), _FLOAT),
        tensor(arrays["labels"].astype("int32"), _INT32),
    )
    name, index = fetched.split(":")
    fetches = (_Output * 1)(operation(name, int(index)))
    results = (ctypes.c_void_p * 1)()
    library.TF_SessionRun(
        session, None, feeds, values, 2, fetches, results, 1, None, 0, None,
        status,
    )  # fmt: skip
    check()
    result = ctypes.c_void_p(results[0])
    shape = [library.TF_Dim(result, axis) for axis in range(4)]
    size = library.TF_TensorByteSize(result)
    raw = ctypes.string_at(library.TF_TensorData(result), size)
    np.save(output, np.frombuffer(raw, "uint8").reshape(shape))
    if {"tensorflow", "keras"} & set(sys.modules):
        sys.exit("TensorFlow's Python was imported")


if __name__ == "__main__":
    main(*sys.argv[1:])
