"""Memory: what was freed is given back to the system, and what is there is not searched for garbage."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def give_back() -> None:
    """Give memory that was freed back to the system, which glibc otherwise keeps between blocks in use."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


@contextmanager
def left_alone() -> Iterator[None]:
    """Context in which the garbage collector passes over the objects that there were before.

    A search of all objects of a program takes a quarter of a second if it has imported much, and the
    objects that training makes and drops call for one every few epochs.
    """
    if gc.get_freeze_count():  # by the program itself, which has its reasons
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
