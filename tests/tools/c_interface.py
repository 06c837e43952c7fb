"""Runs a SavedModel with TensorFlow's C library, without its Python.

    python c_interface.py TENSORFLOW_DIR SAVED_MODEL JOBS.json

Each job has `inputs`, an `.npz` file; `feeds`, a dictionary from the names in
that file to tensors of the graph; `fetch`, the tensor of an output; and
`output`, the path, without `.npy`, of the file to write.
"""

import ctypes
import json
import os
import sys

import numpy as np

# NumPy's types as TF_DataType.
_TYPES = {"float32": 1, "int32": 3, "uint8": 4, "int64": 9}
_STRING, _STRING_BYTES = 7, 24
_NAMES = {number: name for name, number in _TYPES.items()}


class _Output(ctypes.Structure):
    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


def _library(folder):
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    ctypes.CDLL(
        os.path.join(folder, "libtensorflow_framework.so.2"), ctypes.RTLD_GLOBAL
    )
    library = ctypes.CDLL(os.path.join(folder, "libtensorflow_cc.so.2"))
    for name in (
        "TF_NewStatus", "TF_NewGraph", "TF_NewSessionOptions",
        "TF_LoadSessionFromSavedModel", "TF_GraphOperationByName",
        "TF_AllocateTensor", "TF_TensorData", "TF_StringGetDataPointer",
    ):  # fmt: skip
        getattr(library, name).restype = ctypes.c_void_p
    library.TF_Message.restype = ctypes.c_char_p
    library.TF_Dim.restype = ctypes.c_int64
    library.TF_TensorByteSize.restype = ctypes.c_size_t
    library.TF_StringGetSize.restype = ctypes.c_size_t
    return library


class _Session:
    """A loaded SavedModel."""

    def __init__(self, folder, path):
        self.library = _library(folder)
        self.status = ctypes.c_void_p(self.library.TF_NewStatus())
        self.graph = ctypes.c_void_p(self.library.TF_NewGraph())
        tags = (ctypes.c_char_p * 1)(b"serve")
        self.session = ctypes.c_void_p(
            self.library.TF_LoadSessionFromSavedModel(
                ctypes.c_void_p(self.library.TF_NewSessionOptions()), None,
                path.encode(), tags, 1, self.graph, None, self.status,
            )
        )  # fmt: skip
        self.check()

    def check(self):
        if self.library.TF_GetCode(self.status):
            sys.exit(self.library.TF_Message(self.status).decode())

    def tensor_of_graph(self, name):
        operation, index = name.split(":")
        found = self.library.TF_GraphOperationByName(
            self.graph, operation.encode()
        )
        if not found:
            sys.exit(f"no operation {operation}")
        return _Output(found, int(index))

    def tensor(self, array):
        # `ascontiguousarray` would make a vector from a scalar.
        array = np.ascontiguousarray(array) if array.ndim else array
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        made = ctypes.c_void_p(
            self.library.TF_AllocateTensor(
                _TYPES[array.dtype.name], shape, array.ndim,
                ctypes.c_size_t(array.nbytes),
            )
        )  # fmt: skip
        target = self.library.TF_TensorData(made)
        ctypes.memmove(target, array.ctypes.data, array.nbytes)
        return made

    def run(self, feeds, fetch):
        places = [self.tensor_of_graph(name) for name in feeds]
        values = [self.tensor(array) for array in feeds.values()]
        count = len(feeds)
        results = (ctypes.c_void_p * 1)()
        self.library.TF_SessionRun(
            self.session, None, (_Output * count)(*places),
            (ctypes.c_void_p * count)(*values), count,
            (_Output * 1)(self.tensor_of_graph(fetch)), results, 1, None, 0,
            None, self.status,
        )  # fmt: skip
        self.check()
        result = ctypes.c_void_p(results[0])
        shape = [
            self.library.TF_Dim(result, axis)
            for axis in range(self.library.TF_NumDims(result))
        ]
        kind = self.library.TF_TensorType(result)
        if kind == _STRING:
            return np.array(list(self.strings(result, shape[0])))
        size = self.library.TF_TensorByteSize(result)
        raw = ctypes.string_at(self.library.TF_TensorData(result), size)
        return np.frombuffer(raw, _NAMES[kind]).reshape(shape)

    def strings(self, tensor, count):
        start = self.library.TF_TensorData(tensor)
        for index in range(count):
            place = ctypes.c_void_p(start + _STRING_BYTES * index)
            size = self.library.TF_StringGetSize(place)
            data = self.library.TF_StringGetDataPointer(place)
            yield ctypes.string_at(data, size)


def main(folder, path, jobs):
    session = _Session(folder, path)
    with open(jobs, encoding="utf-8") as file:
        jobs = json.load(file)
    for job in jobs:
        with np.load(job["inputs"]) as arrays:
            feeds = {
                tensor: arrays[name] for name, tensor in job["feeds"].items()
            }
        np.save(job["output"], session.run(feeds, job["fetch"]))
    if {"tensorflow", "keras"} & set(sys.modules):
        sys.exit("TensorFlow's Python package was imported")


if __name__ == "__main__":
    main(*sys.argv[1:])
