"""Memory that was freed, given back to the system."""

import ctypes
import sys


def give_back() -> None:
    """Give memory that was freed back to the system, which glibc otherwise keeps between blocks in use."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
