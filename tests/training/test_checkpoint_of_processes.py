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


def ended_after_each_write(room: str, name: str) -> tuple[int, list[str]]:
    """Number of checkpoints; fits that were not ended, and that go on after each checkpoint and after one."""
    write, writes = Checkpoint._write, {"n": 0, "after": -1}
    found: list[str] = []

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
    for folder, ends in ((f"{room}/all", range(1, n_writes)), (f"{room}/one", [n_writes // 2])):
        writes["n"] = 0
        for after in ends:
            writes["after"] = after
            with pytest.raises(Ended):
                fitted(name, checkpoint=folder, checkpoint_minutes=0)
        found.append(fitted(name, checkpoint=folder, checkpoint_minutes=0))
        assert writes["n"] == n_writes
    return n_writes, found


def all_models(room: str) -> dict[str, tuple[int, list[str]]]:
    found = {}
    for name in MODELS:
        if name == "documents on disk":  # in blocks of 7, two of which are shuffled together
            streams.BLOCK, streams.WINDOW = 7, 2
            DOCUMENTS[name] = open_corpus(f"{room}/shards")
        found[name] = ended_after_each_write(f"{room}/{name}", name)
    return found


def fit_slowly(run: str, seconds: float) -> str:
    """A fit whose steps take some time."""
    step = Trainer._step

    def slowly(trainer: Trainer[Any], *arguments: Any) -> Any:
        time.sleep(seconds)
        return step(trainer, *arguments)

    Trainer._step = slowly  # type: ignore[method-assign]
    return fitted("learned groups", checkpoint=run, checkpoint_minutes=0)


def stopped(run: str) -> Any:
    """Where a fit was stopped by a signal to one of the processes; and the fit that goes on."""
    step, steps = Trainer._step, [0]

    def stepping(trainer: Trainer[Any], *arguments: Any) -> Any:
        steps[0] += 1
        if steps[0] == 3 and trainer.processes.rank == 1:
            signal.raise_signal(signal.SIGTERM)
        return step(trainer, *arguments)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Trainer, "_step", stepping)
        try:
            fitted("learned groups", checkpoint=run)
        except TrainingStopped as error:
            n_steps = steps[0]
            return error.code, n_steps, fitted("learned groups", checkpoint=run)
    return None


def ended_in_an_epoch(run: str) -> None:
    """A fit that ends after the first of the two steps of the second epoch."""
    write, n = Checkpoint._write, [0]

    def written(checkpoint: Checkpoint, *arguments: Any) -> None:
        write(checkpoint, *arguments)
        n[0] += 1
        if n[0] == 3:
            raise Ended

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Checkpoint, "_write", written)
        with pytest.raises(Ended):
            fitted("learned groups", checkpoint=run, checkpoint_minutes=0)


def one_after_the_other(room: str) -> dict[str, Any]:
    """Fits of one job: one that is not ended, one that is stopped, one that ends, and those of every step."""
    whole = fitted("learned groups")
    of_stopped = stopped(f"{room}/stopped")
    ended_in_an_epoch(f"{room}/ended")
    return {"whole": whole, "stopped": of_stopped, "ended": f"{room}/ended", "every step": all_models(room)}


@pytest.fixture(scope="module")
def fits(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each of two processes says of these fits."""
    room = tmp_path_factory.mktemp("fits")
    for name in MODELS:
        (room / name).mkdir()
    write_corpus(CORPUS, room / "shards", format="shards")
    return results(one_after_the_other, room=str(room))


@pytest.mark.slow
def test_all_processes_go_on_from_every_step(fits: list[dict[str, Any]]) -> None:
    one, other = (of["every step"] for of in fits)
    for name in MODELS:
        assert one[name] == other[name]
        n_writes, found = one[name]
        assert n_writes >= 5
        assert len(set(found)) == 1 or MODELS[name]().random_state is None


@pytest.mark.slow
def test_a_process_that_is_killed_ends_all_and_the_checkpoint_stands(
    tmp_path: Path, fits: list[dict[str, Any]]
) -> None:
    run, room = tmp_path / "run", tmp_path / "room"
    room.mkdir()
    processes = start(fit_slowly, 2, room, run=str(run), seconds=0.5)
    while not any(run.glob("start-*")) and all(process.is_alive() for process in processes):
        time.sleep(0.05)
    processes[1].kill()
    codes = ended(processes)
    assert codes[1] == -signal.SIGKILL
    assert codes[0] not in (0, -signal.SIGKILL)
    assert "ProcessLostError" in (room / "errors0").read_text()
    assert results(fit_slowly, run=str(run), seconds=0) == [of["whole"] for of in fits]


@pytest.mark.slow
def test_a_signal_to_one_process_stops_all(fits: list[dict[str, Any]]) -> None:
    one, other = (of["stopped"] for of in fits)
    assert one == other == (143, one[1], fits[0]["whole"])
    assert 3 <= one[1] <= 3 + AGREE_EVERY


@pytest.mark.slow
def test_another_number_of_processes_goes_on_with_other_noise(fits: list[dict[str, Any]]) -> None:
    """The record of the epoch has all of its documents, half of them from before."""
    with pytest.warns(UserWarning, match="was written by 2 processes, and 1 go on"):
        model = MODELS["learned groups"]().fit(CORPUS, checkpoint=fits[0]["ended"])
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
def test_the_elastic_restart_of_torchrun_goes_on(tmp_path: Path, fits: list[dict[str, Any]]) -> None:
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
    assert told == [[str(rank), "1", told[0][2], fits[0]["whole"]] for rank in range(2)]
    assert int(told[0][2]) < 3 * 2  # the rest of the steps
