"""Loops compiled by numba, for the parts of a training step where PyTorch passes over memory again and again.

They are the extra ``fast``. Without numba, or where PyTorch has other threads than those of GNU OpenMP,
PyTorch computes the same; so it does on a GPU, and in other precisions than float32 and float64.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec

import torch
from torch import Tensor

SWITCH = "HFTOPIC_COMPILED"
TYPES = (torch.float32, torch.float64)
LEAST_WORK = 2**18  # powers of 2; for fewer, it does not pay to load numba
_switch = {"off": 0}


def usable(work: int, *tensors: Tensor) -> bool:
    """Whether compiled loops are to compute with these tensors.

    They have to be contiguous, on the CPU, and of one precision.

    Parameters
    ----------
    work : int
        Number of powers of 2 that the loop computes.
    *tensors : Tensor
    """
    first = tensors[0]
    return (
        work >= LEAST_WORK
        and first.dtype in TYPES
        and all(t.device.type == "cpu" and t.dtype == first.dtype and t.is_contiguous() for t in tensors)
        and not _switch["off"]
        and why_not() is None
    )


@cache
def why_not() -> str | None:
    """Why there are no compiled loops in this process; None if there are."""
    if os.environ.get(SWITCH) == "0":
        return f"{SWITCH} is 0"
    if find_spec("numba") is None:
        return "numba is not installed: pip install hftopic[fast]"
    if os.environ.get("NUMBA_DISABLE_JIT") == "1":
        return "NUMBA_DISABLE_JIT is 1"
    from hftopic._compiled.threads import openmp

    if openmp() is None:
        return "this PyTorch does not use the threads of GNU OpenMP"
    try:
        from hftopic._compiled.loops import compiled

        for loop in ("runs", "mixtures", "rows", "scores", "tiles"):
            compiled(loop, torch.float32)
    except Exception as error:  # of a version of numba that cannot compile them, for example
        return f"numba cannot compile them here: {type(error).__name__}: {error}"
    return None


@contextmanager
def switched_off() -> Iterator[None]:
    """Context in which PyTorch computes everything."""
    _switch["off"] += 1
    try:
        yield
    finally:
        _switch["off"] -= 1
