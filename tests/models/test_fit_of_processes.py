"""`fit` in two processes: both end with the same model, and an error in one is an error in both."""

import os
import re
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from hftopic import (
    ETM,
    NVDM,
    NVLDA,
    Concrete,
    Corpus,
    FactorVAE,
    ProcessLostError,
    ProdLDA,
    _waiting,
    make_correlated_topics,
    open_corpus,
    write_corpus,
)
from hftopic._processes import ALONE, of_the_job
from hftopic.data import streams
from hftopic.data.documents import BagsOfWords
from hftopic.data.shards import ShardedCorpus, writing
from hftopic.models import description
from hftopic.models.base import BaseTopicModel
from hftopic.objective import VAE
from tests.together import ended, results, start

pytestmark = pytest.mark.slow
FEW = {"max_iter": 4, "batch_size": 32}
MODELS: dict[str, BaseTopicModel] = {
    "groups and a prior that are learned": ProdLDA((3, 3), max_iter=12, batch_size=50, random_state=0),
    "no seed, and a validation": ProdLDA((3, 3), validation_fraction=0.2, patience=1, **FEW),
    "several starts": NVDM((3, 3), marginals="hfvae", partners=7, n_init=2, n_jobs=2, random_state=0, **FEW),
    "classes": ProdLDA((3, Concrete(3)), marginals="mss", encoder_norm="shift", random_state=0, **FEW),
    "a discriminator": ProdLDA(4, objective=FactorVAE(hidden=(16,)), random_state=0, **FEW),
    "full marginals": NVDM((2, 2), marginals="full", random_state=0, **FEW),
}


def counts(seed: int = 0) -> NDArray[np.float32]:
    return make_correlated_topics(203, groups=(3, 3), random_state=seed).corpus.counts.toarray()


def state(model: BaseTopicModel) -> list[bytes]:
    """All that was learned, as bytes."""
    tensors = [tensor.numpy().tobytes() for tensor in model._network.state_dict().values()]
    return [*tensors, model.history_.to_csv().encode(), model.losses_.tobytes(), model.topic_word_.tobytes()]


def fitted(models: dict[str, BaseTopicModel]) -> dict[str, list[bytes]]:
    return {name: state(model.fit(counts())) for name, model in models.items()}


def one_after_the_other(models: dict[str, BaseTopicModel]) -> dict[str, Any]:
    """What several functions of this module return in one job."""
    functions = {"described": described, "failures": failures, "called back": called_back}
    return {"fitted": fitted(models), **{name: function() for name, function in functions.items()}}


@pytest.fixture(scope="module")
def found() -> list[dict[str, Any]]:
    """What they return in each of two processes."""
    return results(one_after_the_other, models=MODELS)


def test_all_processes_end_with_the_same_model(found: list[dict[str, Any]]) -> None:
    one, other = (of["fitted"] for of in found)
    assert set(one) == set(MODELS)
    for name in MODELS:
        assert one[name] == other[name], name


def described() -> list[NDArray[np.float32]]:
    """Words of the topics, described by all processes and by this one alone."""
    documents, found = BagsOfWords(sp.csr_array(counts())), []
    for kind in (ProdLDA, NVDM, NVLDA, ETM):
        model = kind((3, 3), random_state=0, **FEW)
        with of_the_job() as processes:
            network = model.fit(counts())._network  # alone, because it is in the context of a job already
            for each in (processes, ALONE):
                description.describe(network, documents, each)
                found.append(network.usage.poles.numpy().copy())
    return found


def test_processes_describe_the_topics_together(found: list[dict[str, Any]]) -> None:
    for of in found:
        for together, alone in zip(of["described"][::2], of["described"][1::2], strict=True):
            np.testing.assert_allclose(together, alone, rtol=1e-3, atol=1e-7)


def in_shards(seed: int) -> ShardedCorpus:
    folder = Path(tempfile.mkdtemp()) / f"shards{seed}"
    corpus = make_correlated_topics(203, groups=(3, 3), random_state=seed).corpus
    write_corpus(corpus, folder, format="shards")
    return open_corpus(folder)


def failures() -> dict[str, str]:
    """Messages of the errors that this process gets, by what is wrong."""
    rank, good = torch.distributed.get_rank(), counts()

    def interrupted(_: Any) -> None:
        raise KeyboardInterrupt

    def fails_in_one(_: Any) -> None:
        raise OSError("the disk is full")

    class Untold(VAE):
        def fingerprint(self) -> str:
            if rank:
                raise OSError("it cannot be read")
            return "same"

    attempts: dict[str, Any] = {
        "fingerprint": lambda: ProdLDA((2, 2), objective=Untold(), **FEW).fit(good),
        "documents": lambda: ProdLDA((2, 2), **FEW).fit(counts(rank)),
        "shards": lambda: ProdLDA((2, 2), **FEW).fit(in_shards(rank)),
        "groups": lambda: ProdLDA((2, 2 + rank), **FEW).fit(good),
        "seeds": lambda: ProdLDA((2, 2), random_state=rank, **FEW).fit(good),
        "invalid": lambda: ProdLDA((2, 2), **FEW).fit(good - rank),
        "parameter": lambda: ProdLDA((2, 2), max_iter=-rank or 3).fit(good),
        "few": lambda: ProdLDA((2, 2), max_iter=1, batch_size=2).fit(good[:1]),
        "callback": lambda: ProdLDA((2, 2), **FEW).fit(good, callbacks=[fails_in_one]),
        "interrupted": lambda: ProdLDA((2, 2), **FEW).fit(good, callbacks=[interrupted]),
        "partial_fit": lambda: ProdLDA((2, 2), **FEW).partial_fit(good),
    }
    told = {}
    for name, attempt in attempts.items():
        try:
            attempt()
            told[name] = ""
        except (Exception, KeyboardInterrupt) as error:
            told[name] = f"{type(error).__name__}: {error}"
    ProdLDA((2, 2), **FEW).fit(good)  # after all that, processes can fit together
    return told


def test_what_is_wrong_in_one_process_is_told_in_all(found: list[dict[str, Any]]) -> None:
    one, other = (of["failures"] for of in found)
    assert one["documents"] == other["documents"]
    assert one["documents"] == (
        "ValueError: all processes of a fit need the same documents: process 0 has 203 documents with words, "
        "process 1 has 203 documents with words, which are not the same"
    )
    assert re.search(
        r"process 0 has 203 documents of \S+shards0, process 1 has 203 documents of \S+shards1$",
        one["shards"],
    )
    assert one["groups"] == other["groups"]
    assert "the same groups: process 0 has (2, 2), process 1 has (2, 3)" in one["groups"]
    assert "the same random_state: process 0 has 0, process 1 has 1" in one["seeds"]
    assert other["invalid"].startswith("ValueError: Negative values in data")
    assert one["invalid"].startswith(
        "ProcessLostError: process 1 failed: ValueError: Negative values in data"
    )
    assert "max_iter" in other["parameter"]
    assert "process 1 failed" in one["parameter"]
    assert other["fingerprint"] == "OSError: it cannot be read"
    assert one["fingerprint"] == "ProcessLostError: process 1 failed: OSError: it cannot be read"
    assert "at least 2" in one["few"]
    assert one["callback"] == "OSError: the disk is full"
    assert other["callback"] == "ProcessLostError: process 0 failed: OSError: the disk is full"
    assert one["interrupted"].startswith("KeyboardInterrupt")
    assert other["interrupted"] == "ProcessLostError: process 0 failed: KeyboardInterrupt: "


def scanned(place: str) -> dict[str, Any]:
    """What the processes know of shards that they scan together, and who reads them or finds damage."""
    streams.BLOCK, streams.AT_ONCE = 16, 2  # seven pieces of 32
    rank, read = torch.distributed.get_rank(), []
    before = ShardedCorpus.read

    def reading(corpus: ShardedCorpus, start: int, stop: int) -> Any:
        read.append((start, stop))
        return before(corpus, start, stop)

    ShardedCorpus.read = reading  # type: ignore[method-assign]
    found: dict[str, Any] = {}
    attempts = {"sound": "shards", "others": f"shards{rank}", "damaged": "damaged"}
    for name, shards in attempts.items():
        with of_the_job() as processes:
            assert processes.size == 2
            try:
                scan = streams.Scan.of(open_corpus(Path(place) / shards))
                found[name] = scan.filled.tolist(), scan.tokens.tolist(), read.copy()
            except (ValueError, ProcessLostError) as error:
                found[name] = f"{type(error).__name__}: {error}"
    return found


def test_each_process_scans_its_share_of_the_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MOST_DOCUMENTS", 32)
    matrix, words = counts(), [f"w{place}" for place in range(counts().shape[1])]
    matrix[[0, 40, 41, 200]] = 0
    for name, some in (("shards", 203), ("damaged", 203), ("shards0", 203), ("shards1", 100)):
        write_corpus(Corpus(matrix[:some], words), tmp_path / name, format="shards")
    data = tmp_path / "damaged" / "part-00006.data.npy"
    data.write_bytes(data.read_bytes()[:-1] + b"\7")
    one, other = results(scanned, place=str(tmp_path))
    assert one["sound"][:2] == other["sound"][:2]
    has_words = matrix.sum(axis=1) > 0
    assert one["sound"][0] == [int(has_words[: 16 * block].sum()) for block in range(14)]
    assert one["sound"][1] == matrix.sum(axis=0).tolist()
    assert [of["sound"][2] for of in (one, other)] == [
        [(0, 32), (32, 64), (64, 96)],
        [(96, 128), (128, 160), (160, 192), (192, 203)],
    ]
    assert one["others"] == other["others"]
    assert one["others"].startswith("ValueError: all processes of a fit need the same documents: process 0")
    assert other["damaged"].startswith("FormatError: ")
    assert "part-00006.data.npy" in other["damaged"]
    assert one["damaged"].startswith("ProcessLostError: process 1 failed: FormatError: ")


def called_back() -> tuple[list[int], int, int]:
    """Epochs of the calls, epochs that were trained, and those of a model that a callback fits alone."""
    epochs, inner = [], ProdLDA((2, 2), max_iter=2, random_state=0)

    def callback(record: dict[str, float]) -> bool:
        epochs.append(int(record["epoch"]))
        inner.fit(counts())
        return len(epochs) == 3

    model = ProdLDA((2, 2), random_state=0, max_iter=6).fit(counts(), callbacks=[callback])
    return epochs, model.n_iter_, getattr(inner, "n_iter_", 0)


def test_callbacks_are_called_in_the_first_process_and_stop_all(found: list[dict[str, Any]]) -> None:
    assert [of["called back"] for of in found] == [([1, 2, 3], 3, 2), ([], 3, 0)]


def loses_the_other() -> str:
    """Message of process 0, whose partner is killed in the second epoch."""
    model = ProdLDA((2, 2), batch_size=16, max_iter=10_000, random_state=0)
    if torch.distributed.get_rank() == 1:
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        signal.setitimer(signal.ITIMER_REAL, 1.0)
    try:
        model.fit(counts())
    except ProcessLostError as error:
        return str(error)
    return "no error"


def test_a_killed_process_ends_the_others(tmp_path: Path) -> None:
    assert ended(start(loses_the_other, 2, tmp_path)) == [0, -signal.SIGKILL]
    assert b"another process of this job has ended" in (tmp_path / "result0").read_bytes()


def fits_in_one(seconds: float) -> str:
    """What process 0 is told that calls `fit` alone; the other one ends after some seconds."""
    _waiting.PATIENCE = 0.5
    if torch.distributed.get_rank() == 1:
        time.sleep(seconds)
        os._exit(0)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            ProdLDA((2, 2), **FEW).fit(counts())
        except ProcessLostError as error:
            return f"{told[0].filename}: {told[0].message}; {error}"
    return "no error"


def test_a_fit_in_one_process_alone_says_for_what_it_waits(tmp_path: Path) -> None:
    assert ended(start(fits_in_one, 2, tmp_path, seconds=4.0), 60) == [0, 0]
    text = (tmp_path / "result0").read_bytes()
    assert b"waiting for the other processes: all 2 processes of the group must make the same calls" in text
    assert b"another process of this" in text
    assert Path(__file__).name.encode() in text


def waits_in(place: str, mark: Path) -> str:
    """Process 1, which does not reach the place where process 0 waits before that one is terminated."""
    rank = torch.distributed.get_rank()
    if rank == 0:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        mark.touch()
    if place == "fit" and rank == 0:
        ProdLDA((2, 2), **FEW).fit(counts())
    if place == "together":
        with of_the_job() as processes:
            processes.together(lambda: rank and time.sleep(600))
    time.sleep(600)
    return ""


@pytest.mark.parametrize("place", ["fit", "together"])
def test_a_process_that_waits_for_others_hears_signals(place: str, tmp_path: Path) -> None:
    started = start(waits_in, 2, tmp_path, place=place, mark=tmp_path / "here")
    try:
        assert _waiting.wait_until((tmp_path / "here").exists, 60)
        time.sleep(1)
        started[0].terminate()
        started[0].join(15)
        assert started[0].exitcode == 143  # the other one still sleeps
    finally:
        started[1].kill()
        ended(started)
