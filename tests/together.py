"""Functions of test modules, run in several processes of a gloo group at once.

The processes are forked, so that they need not import PyTorch again.
"""

import importlib.util
import multiprocessing
import os
import pickle
import sys
import tempfile
import time
import warnings
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
LIMIT = 300  # seconds


def start(path: Path, function: str, n: int, folder: Path, **given: Any) -> list[BaseProcess]:
    """Processes that call a function of the module at ``path`` with the arguments ``given``."""
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system has no fork")
    (folder / "given").write_bytes(pickle.dumps(given))
    forking = multiprocessing.get_context("fork")
    processes = [forking.Process(target=_run, args=(path, function, rank, n, folder)) for rank in range(n)]
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


def results(path: Path | str, function: str, n: int = 2, **given: Any) -> list[Any]:
    """What the function returns in each process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        codes = ended(start(Path(path), function, n, folder, **given))
        assert codes == [0] * n, [(folder / f"errors{rank}").read_text() for rank in range(n)]
        return [pickle.loads((folder / f"result{rank}").read_bytes()) for rank in range(n)]


def _run(path: Path, function: str, rank: int, n: int, folder: Path) -> None:
    import torch
    from torch import distributed

    sys.stderr = open(folder / f"errors{rank}", "w", encoding="utf-8")  # noqa: SIM115
    os.dup2(sys.stderr.fileno(), 2)
    warnings.simplefilter("default")  # not those of the test
    spec = importlib.util.spec_from_file_location("of_test", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["of_test"] = module
    spec.loader.exec_module(module)
    given: Mapping[str, Any] = pickle.loads((folder / "given").read_bytes())
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=n)
    try:
        result = getattr(module, function)(**given)
    finally:
        distributed.destroy_process_group()
    (folder / f"result{rank}").write_bytes(pickle.dumps(result))
