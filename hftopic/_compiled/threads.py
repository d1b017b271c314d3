"""The threads of PyTorch, which compiled loops share.

A second pool of threads would wait for the first: after each operation, PyTorch's threads spin for some
milliseconds on the cores that the others need. So loops are handed to the OpenMP that PyTorch has loaded.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

LIBRARY = "libtorch_cpu.so"
FUNCTION = "GOMP_parallel"  # runs a function in all threads of a team; of GNU OpenMP, since GCC 4.9


@cache
def openmp() -> Any:
    """``GOMP_parallel`` of the OpenMP that PyTorch computes with; None if it is another."""
    try:
        # A symbol of a library is looked for in the libraries that it was linked to, too.
        library = ctypes.CDLL(str(Path(torch.__file__).with_name("lib") / LIBRARY))
        function = getattr(library, FUNCTION)
    except (OSError, AttributeError):
        return None
    function.restype = None
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
    return function


def run(loop: Any, n_tasks: int, *arguments: Tensor | NDArray[Any] | int | float) -> None:
    """Run a loop of :func:`hftopic._compiled.loops.compiled` with the threads that PyTorch may use.

    Parameters
    ----------
    loop : object
    n_tasks : int
        Number of tasks; each thread takes the next one that no other has taken.
    *arguments : Tensor, array, int or float
        What the loop reads and writes. Tensors and arrays must be contiguous.
    """
    numbers = np.empty(2 + len(arguments), dtype=np.int64)
    numbers[0], numbers[1] = 0, n_tasks
    for place, argument in enumerate(arguments, 2):
        if isinstance(argument, Tensor):
            if not argument.is_contiguous():
                raise ValueError(f"a loop cannot read a tensor with strides {argument.stride()}")
            numbers[place] = argument.data_ptr()
        elif isinstance(argument, np.ndarray):
            numbers[place] = argument.ctypes.data
        elif isinstance(argument, float):
            numbers[place : place + 1].view(np.float64)[0] = argument
        else:
            numbers[place] = argument
    n_threads = max(1, min(torch.get_num_threads(), n_tasks))
    openmp()(loop.address, numbers.ctypes.data, n_threads, 0)
