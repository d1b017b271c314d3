"""Functions of test modules, run in several processes of a gloo group at once."""

import importlib.util
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LIMIT = 300  # seconds


def start(path: Path, function: str, n: int, folder: Path, **given: Any) -> list[subprocess.Popen[bytes]]:
    """Processes that call a function of the module at ``path`` with the arguments ``given``."""
    (folder / "given").write_bytes(pickle.dumps(given))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    processes = []
    for rank in range(n):
        command = [sys.executable, __file__, str(path), function, str(rank), str(n), str(folder)]
        with open(folder / f"errors{rank}", "wb") as errors:
            processes.append(subprocess.Popen(command, env=environment, stderr=errors))
    return processes


def ended(processes: list[subprocess.Popen[bytes]], limit: float = LIMIT) -> list[int]:
    """Exit codes of the processes; none is left after the limit, in seconds."""
    end = time.monotonic() + limit
    try:
        return [process.wait(max(0.1, end - time.monotonic())) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def results(path: Path | str, function: str, n: int = 2, **given: Any) -> list[Any]:
    """What the function returns in each process."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        codes = ended(start(Path(path), function, n, folder, **given))
        assert not any(codes), [(folder / f"errors{rank}").read_text() for rank in range(n)]
        return [pickle.loads((folder / f"result{rank}").read_bytes()) for rank in range(n)]


def _run(path: str, function: str, rank: int, n: int, folder: Path) -> None:
    import torch
    from torch import distributed

    sys.path.insert(0, str(Path(path).parent))
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


if __name__ == "__main__":
    _, path, function, rank, n, folder = sys.argv
    _run(path, function, int(rank), int(n), Path(folder))
