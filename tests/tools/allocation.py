"""How much memory this process has."""

import ctypes
import gc

_LIBRARY = ctypes.CDLL(None)
IS_KNOWN = hasattr(_LIBRARY, "mallinfo2")
REASON = "glibc from 2.33 on says how much memory is in use"


class _Information(ctypes.Structure):
    """`struct mallinfo2` of glibc, malloc.h."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks",
            "fsmblks", "uordblks", "fordblks", "keepcost",
        )
    ]  # fmt: skip


def peak_bytes():
    """Returns the most memory that this process has had resident (Linux).

    `getrusage` would not do: a process inherits its `ru_maxrss` from the
    process that started it.
    """
    with open("/proc/self/status", encoding="ascii") as file:
        (line,) = (line for line in file if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def used_bytes():
    """Returns what the C library says is allocated and not freed, in all."""
    _LIBRARY.mallinfo2.restype = _Information
    gc.collect()
    information = _LIBRARY.mallinfo2()
    return information.uordblks + information.hblkhd
