"""Checkpoints of processes that fit one model together: all go on, with the same bytes."""

import hashlib
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hftopic import ProdLDA, TrainingStopped, make_correlated_topics, open_corpus, write_corpus
from hftopic.data import streams
from hftopic.objective import FactorVAE
from hftopic.training import Checkpoint, Trainer
from hftopic.training.checkpoint import AGREE_EVERY

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.together import ROOT, ended, results, start

CORPUS = make_correlated_topics(61, groups=(2, 2), n_words=20, random_state=0).corpus
SMALL: dict[str, Any] = {"max_iter": 3, "batch_size": 32, "hidden": (6,), "random_state": 0}
MODELS = {
    "learned groups": lambda: ProdLDA((2, 2), **SMALL),
    "a discriminator": lambda: ProdLDA((2, 2), objective=FactorVAE(hidden=(5,)), **SMALL),
    "documents on disk": lambda: ProdLDA((2, 2), **SMALL),
    "early stopping": lambda: ProdLDA((2, 2), validation_fraction=0.2, **{**SMALL, "random_state": None}),
}
DOCUMENTS: dict[str, Any] = {}
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs gloo and signals")


class Ended(BaseException):
    """The end of a process, for tests in one process."""


def digest(model: Any) -> str:
    """Hash of the weights and the history."""
    found = hashlib.sha256(model.history_.to_numpy().tobytes())
    for name, value in sorted(model._network.state_dict().items()):
        found.update(name.encode() + value.numpy().tobytes())
    return found.hexdigest()


def fitted(name: str, **arguments: Any) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return digest(MODELS[name]().fit(DOCUMENTS.get(name, CORPUS), **arguments))


def ended_after_each_write(room: str, name: str) -> list[str]:
    """Fits that go on after each checkpoint, and at first one that was not ended."""
    write, writes, found = Checkpoint._write, {"n": 0, "after": -1}, []

    def written(checkpoint: Checkpoint, *arguments: Any) -> None:
        write(checkpoint, *arguments)
        writes["n"] += 1
        if writes["n"] == writes["after"]:
            raise Ended

    Checkpoint._write = written  # type: ignore[method-assign]
    found.append(fitted(name, checkpoint=f"{room}/whole", checkpoint_minutes=0))
    n_writes = writes["n"]
    if MODELS[name]().random_state is not None:
        found.append(fitted(name))
    for after in range(1, n_writes):
        folder = f"{room}/{after}"
        writes |= {"n": 0, "after": after}
        try:
            fitted(name, checkpoint=folder, checkpoint_minutes=0)
        except Ended:
            found.append(fitted(name, checkpoint=folder, checkpoint_minutes=0))
    return found


def all_models(room: str) -> dict[str, list[str]]:
    found = {}
    for name in MODELS:
        if name == "documents on disk":  # in blocks of 7, two of which are shuffled together
            streams.BLOCK, streams.WINDOW = 7, 2
            DOCUMENTS[name] = open_corpus(f"{room}/shards")
        found[name] = ended_after_each_write(f"{room}/{name}", name)
    return found


@pytest.mark.slow
def test_all_processes_go_on_from_every_step(tmp_path: Path) -> None:
    for name in MODELS:
        (tmp_path / name).mkdir()
    write_corpus(CORPUS, tmp_path / "shards", format="shards")
    one, other = results(__file__, "all_models", room=str(tmp_path))
    for name in MODELS:
        assert one[name] == other[name]
        assert len(one[name]) >= 6
        assert len(set(one[name])) == 1 or MODELS[name]().random_state is None


def fit_slowly(run: str, seconds: float) -> str:
    """A fit whose steps take some time."""
    step = Trainer._step

    def slowly(trainer: Trainer[Any], *arguments: Any) -> Any:
        time.sleep(seconds)
        return step(trainer, *arguments)

    Trainer._step = slowly  # type: ignore[method-assign]
    return fitted("learned groups", checkpoint=run, checkpoint_minutes=0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Checkpoint of a fit that was not ended, and its hash in each process."""
    run = tmp_path_factory.mktemp("whole") / "run"
    return run, results(__file__, "fit_slowly", run=str(run), seconds=0)


@pytest.mark.slow
def test_a_process_that_is_killed_ends_all_and_the_checkpoint_stands(
    tmp_path: Path, whole: tuple[Path, list[str]]
) -> None:
    run, room = tmp_path / "run", tmp_path / "room"
    room.mkdir()
    processes = start(Path(__file__), "fit_slowly", 2, room, run=str(run), seconds=0.5)
    while not any(run.glob("start-*")) and all(process.poll() is None for process in processes):
        time.sleep(0.05)
    processes[1].kill()
    codes = ended(processes)
    assert codes[1] == -signal.SIGKILL
    assert codes[0] not in (0, -signal.SIGKILL)
    assert "ProcessLostError" in (room / "errors0").read_text()
    assert results(__file__, "fit_slowly", run=str(run), seconds=0) == whole[1]


def stopped(run: str) -> Any:
    """Where a fit was stopped by a signal to one of the processes; and the fit that goes on."""
    step, steps = Trainer._step, [0]

    def stepping(trainer: Trainer[Any], *arguments: Any) -> Any:
        steps[0] += 1
        if steps[0] == 3 and trainer.processes.rank == 1:
            signal.raise_signal(signal.SIGTERM)
        return step(trainer, *arguments)

    Trainer._step = stepping  # type: ignore[method-assign]
    try:
        fitted("learned groups", checkpoint=run)
    except TrainingStopped as error:
        n_steps = steps[0]
        return error.code, n_steps, fitted("learned groups", checkpoint=run)
    return None


@pytest.mark.slow
def test_a_signal_to_one_process_stops_all(tmp_path: Path, whole: tuple[Path, list[str]]) -> None:
    one, other = results(__file__, "stopped", run=str(tmp_path / "run"))
    assert one == other == (143, one[1], whole[1][0])
    assert 3 <= one[1] <= 3 + AGREE_EVERY


def ended_in_an_epoch(run: str) -> None:
    """A fit that ends after the first of the two steps of the second epoch."""
    write, n = Checkpoint._write, [0]

    def written(checkpoint: Checkpoint, *arguments: Any) -> None:
        write(checkpoint, *arguments)
        n[0] += 1
        if n[0] == 3:
            raise Ended

    Checkpoint._write = written  # type: ignore[method-assign]
    with pytest.raises(Ended):
        fitted("learned groups", checkpoint=run, checkpoint_minutes=0)


@pytest.mark.slow
def test_another_number_of_processes_goes_on_with_other_noise(tmp_path: Path) -> None:
    """The record of the epoch has all of its documents, half of them from before."""
    results(__file__, "ended_in_an_epoch", run=str(tmp_path / "run"))
    with pytest.warns(UserWarning, match="was written by 2 processes, and 1 go on"):
        model = MODELS["learned groups"]().fit(CORPUS, checkpoint=tmp_path / "run")
    assert model.n_iter_ == 3
    alone = MODELS["learned groups"]().fit(CORPUS).history_["reconstruction"]
    np.testing.assert_allclose(model.history_["reconstruction"], alone, rtol=0.1)


ELASTIC = """
import os, signal, sys
import torch
from torch import distributed
from torch.distributed.rendezvous import rendezvous
sys.path.insert(0, {tests!r})
from test_checkpoint_of_processes import Trainer, fitted
torch.set_num_threads(1)
# After a restart the store of the launcher still has the addresses of the processes that ended.
store, rank, size = next(rendezvous("env://"))
store = distributed.PrefixStore(os.environ["TORCHELASTIC_RESTART_COUNT"], store)
distributed.init_process_group("gloo", store=store, rank=rank, world_size=size)
rank, restarts = distributed.get_rank(), int(os.environ["TORCHELASTIC_RESTART_COUNT"])
step, steps = Trainer._step, [0]
def stepping(trainer, *arguments):
    steps[0] += 1
    if steps[0] == 4 and rank == 1 and restarts == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(trainer, *arguments)
Trainer._step = stepping
found = fitted("learned groups", checkpoint={run!r}, checkpoint_minutes=0)
# torchrun's processes are unbuffered, so that print would write each value by itself
sys.stdout.write(" ".join(map(str, ("found", rank, restarts, steps[0], found))) + "\\n")
distributed.destroy_process_group()
"""


@pytest.mark.slow
def test_the_elastic_restart_of_torchrun_goes_on(tmp_path: Path, whole: tuple[Path, list[str]]) -> None:
    script = tmp_path / "job.py"
    script.write_text(ELASTIC.format(tests=str(Path(__file__).parent), run=str(tmp_path / "run")))
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, "--max-restarts=1", str(script)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    told = sorted(line.split()[1:] for line in done.stdout.splitlines() if line.startswith("found"))
    assert told == [[str(rank), "1", told[0][2], whole[1][0]] for rank in range(2)]
    assert int(told[0][2]) < 3 * 2  # the rest of the steps
