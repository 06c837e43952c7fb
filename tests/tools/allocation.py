"""How much memory the C library says is allocated."""

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


def used_bytes():
    """Returns what this process has allocated and not freed, in all."""
    _LIBRARY.mallinfo2.restype = _Information
    gc.collect()
    information = _LIBRARY.mallinfo2()
    return information.uordblks + information.hblkhd
