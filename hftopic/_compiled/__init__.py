"""Loops compiled by numba, for the parts of a training step where PyTorch passes over memory again and again.

The encoder of a trained model uses them too, in a process that has loaded them.

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
        and all(tensor.dtype == first.dtype for tensor in tensors)
        and _readable(*tensors)
        and why_not() is None
    )


def at_hand(*tensors: Tensor) -> bool:
    """Whether loops that this process has loaded already are to compute with these tensors.

    So a single document does not wait for numba. That is only for answers that are the same with and without
    loops, as those of the encoder are.
    """
    return why_not.cache_info().currsize > 0 and why_not() is None and _readable(*tensors)


def _readable(*tensors: Tensor) -> bool:
    """Whether loops can read these tensors, unless they are switched off."""
    return not _switch["off"] and all(
        tensor.device.type == "cpu" and tensor.is_contiguous() for tensor in tensors
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
        for loop in ("entries", "layers"):
            compiled(loop, torch.float64)
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
