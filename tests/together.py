"""Functions of tests, run in several processes of a gloo group at once.

The processes are forked, so that they need not import PyTorch again.
"""

import multiprocessing
import os
import pickle
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import distributed

ROOT = Path(__file__).parents[1]
LIMIT = 300  # seconds


def start(function: Callable[..., Any], n: int, folder: Path, **given: Any) -> list[BaseProcess]:
    """Processes that call a function with the arguments ``given``; errors and results are in the folder."""
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system has no fork")
    forking = multiprocessing.get_context("fork")
    processes = [forking.Process(target=_run, args=(function, given, rank, n, folder)) for rank in range(n)]
    for process in processes:
        process.start()
    return list(processes)


def ended(processes: list[BaseProcess], limit: float = LIMIT) -> list[int | None]:
    """Exit codes of the processes, None for one that the limit, in seconds, has ended."""
    end = time.monotonic() + limit
    for process in processes:
        process.join(max(0.1, end - time.monotonic()))
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.kill()
        process.join()
    return codes


def results(function: Callable[..., Any], n: int = 2, **given: Any) -> list[Any]:
    """What the function returns in each process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        codes = ended(start(function, n, folder, **given))
        assert codes == [0] * n, [(folder / f"errors{rank}").read_text() for rank in range(n)]
        return [pickle.loads((folder / f"result{rank}").read_bytes()) for rank in range(n)]


def _run(function: Callable[..., Any], given: Mapping[str, Any], rank: int, n: int, folder: Path) -> None:
    sys.stderr = open(folder / f"errors{rank}", "w", encoding="utf-8")  # noqa: SIM115
    os.dup2(sys.stderr.fileno(), 2)
    warnings.simplefilter("default")  # not those of the test
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=n)
    try:
        result = function(**given)
    finally:
        distributed.destroy_process_group()
    (folder / f"result{rank}").write_bytes(pickle.dumps(result))
