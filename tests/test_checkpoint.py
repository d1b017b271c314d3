"""Checkpoints: a fit that was ended anywhere and goes on has the bytes of one that was not."""

import os
import shutil
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from hftopic import (
    ETM,
    NVDM,
    NVLDA,
    CheckpointError,
    Concrete,
    ProdLDA,
    TopicPipeline,
    TrainingDivergedError,
    TrainingStopped,
    make_correlated_topics,
    open_corpus,
    write_corpus,
)
from hftopic.models.checkpoints import place_in
from hftopic.objective import BetaTCVAE, FactorVAE
from hftopic.training import Checkpoint, Trainer
from hftopic.training.tensors import read_nested, write_nested
from tests.forks import forked

CORPUS = make_correlated_topics(70, groups=(2, 2), n_words=20, random_state=0).corpus
SMALL: dict[str, Any] = {"max_iter": 3, "batch_size": 32, "hidden": (6,), "random_state": 0}
MODELS: dict[str, Callable[[], Any]] = {
    "learned groups": lambda: ProdLDA((2, 2), **{**SMALL, "max_iter": 4}),
    "fixed groups": lambda: ProdLDA((2, 2), assignment="fixed", **SMALL),
    "a discriminator": lambda: ProdLDA((2, 2), objective=FactorVAE(hidden=(5,)), **SMALL),
    "a mixture": lambda: ProdLDA((2, 2), marginals="mss", objective=BetaTCVAE(2.0), **SMALL),
    "all documents": lambda: ProdLDA((2, 2), marginals="full", **SMALL),
    "nvdm": lambda: NVDM((2, 2), **SMALL),
    "nvlda": lambda: NVLDA((2, 2), **SMALL),
    "etm": lambda: ETM((2, 2), word_vectors=np.eye(20), train_vectors=True, **SMALL),
    "classes": lambda: NVDM((2, Concrete(3)), **SMALL),
    "early stopping": lambda: ProdLDA(
        (2, 2),
        validation_fraction=0.2,
        patience=1,
        warm_up=0,
        **{**SMALL, "max_iter": 6, "learning_rate": 0.3},
    ),
    "seed words": lambda: ProdLDA((2, 2), seed_words={"x": CORPUS.vocabulary[:2].tolist()}, **SMALL),
    "several starts": lambda: ProdLDA((2, 2), n_init=2, **{**SMALL, "max_iter": 2}),
    "a norm of the encoder": lambda: ProdLDA((2, 2), encoder_norm="shift", topic_softmax="group", **SMALL),
}
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX signals here")


class Ended(BaseException):
    """The end of a process, for tests in one process."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Ends the process after the checkpoint with the number ``after``."""
    writes = {"n": 0, "after": -1}
    write = Checkpoint._write

    def written(checkpoint: Checkpoint, *arguments: Any) -> None:
        write(checkpoint, *arguments)
        writes["n"] += 1
        if writes["n"] == writes["after"]:
            raise Ended

    monkeypatch.setattr(Checkpoint, "_write", written)
    return writes


def fitted(make: Callable[[], Any], **arguments: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make().fit(CORPUS, **arguments)


def content(model: Any) -> dict[str, bytes]:
    """All that a fit leaves: weights, noise, history, losses, summary, and the state for further training."""
    tensors = {**model._network.state_dict(), "noise": model._noise}
    trainer = getattr(model, "_trainer", None)
    if trainer is not None:
        for number, of_parameter in enumerate(trainer.optimiser.state.values()):
            flat = {**of_parameter, **of_parameter.get("rows", {})}
            tensors |= {f"{number}-{name}": value for name, value in flat.items() if name != "rows"}
        tensors |= {"generator": trainer.generator.get_state()}
    return {
        **{name: tensor.detach().numpy().tobytes() for name, tensor in tensors.items()},
        "history": model.history_.to_numpy().tobytes() + repr(list(model.history_)).encode(),
        "losses": model.losses_.tobytes() + repr(model.n_iter_).encode(),
        "summary": model.topic_summary_.to_csv().encode(),
    }


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.mark.parametrize("name", MODELS)
def test_a_fit_goes_on_from_every_step_with_the_same_bytes(
    name: str, tmp_path: Path, ending: dict[str, int]
) -> None:
    make = MODELS[name]
    expected = content(fitted(make))
    whole = fitted(make, checkpoint=tmp_path / "whole", checkpoint_minutes=0)
    assert content(whole) == expected
    n_writes = ending["n"]
    assert n_writes >= 6
    for ends in (range(1, n_writes), [n_writes // 2]):
        found = ended_after(
            ends, ending, lambda: fitted(make, checkpoint=tmp_path / "run", checkpoint_minutes=0)
        )
        assert content(found) == expected
        assert ending["n"] == n_writes  # no step is made twice
        shutil.rmtree(tmp_path / "run")


def ended_after(ends: Iterable[int], ending: dict[str, int], fit: Callable[[], Any]) -> Any:
    """The model of a fit that goes on whenever it was ended after one of these checkpoints."""
    ending["n"] = 0
    for after in ends:
        ending["after"] = after
        with pytest.raises(Ended):
            fit()
    return fit()


def test_what_is_deferred_of_rows_goes_on_too(
    tmp_path: Path, ending: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hftopic.networks.layers.LEAST_OF_ROWS", 0)
    make = MODELS["fixed groups"]
    few_words = np.random.default_rng(0).poisson(0.005, (70, 300)).astype(np.float32)
    monkeypatch.setattr(sys.modules[__name__], "CORPUS", few_words)
    expected = content(fitted(make))
    assert any(name.endswith("-due") for name in expected)
    fitted(make, checkpoint=tmp_path / "whole", checkpoint_minutes=0)
    n_writes = ending["n"]
    for after in range(1, n_writes):
        ending |= {"n": 0, "after": after}
        room = tmp_path / str(after)
        with pytest.raises(Ended):
            fitted(make, checkpoint=room, checkpoint_minutes=0)
        assert content(fitted(make, checkpoint=room, checkpoint_minutes=0)) == expected, after


@pytest.mark.parametrize("n_blocks", [1, 2, 100])
def test_documents_on_disk_go_on_from_every_step(
    tmp_path: Path, ending: dict[str, int], monkeypatch: pytest.MonkeyPatch, n_blocks: int
) -> None:
    """Also where an epoch has several windows, and mini-batches with documents of two of them."""
    monkeypatch.setattr("hftopic.data.streams.BLOCK", 7)
    monkeypatch.setattr("hftopic.data.streams.WINDOW", n_blocks)
    write_corpus(CORPUS, tmp_path / "shards", format="shards")
    corpus = open_corpus(tmp_path / "shards")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        make = MODELS["early stopping"]
        expected = content(make().fit(corpus))
        make().fit(corpus, checkpoint=tmp_path / "whole", checkpoint_minutes=0)
        n_writes = ending["n"]
        for ends in (range(1, n_writes), [n_writes // 2]):
            found = ended_after(
                ends,
                ending,
                lambda: make().fit(
                    open_corpus(tmp_path / "shards"), checkpoint=tmp_path / "run", checkpoint_minutes=0
                ),
            )
            assert content(found) == expected
            shutil.rmtree(tmp_path / "run")
    write_corpus(CORPUS[::-1], tmp_path / "other", format="shards")
    with pytest.raises(ValueError, match="differs: the documents"):
        make().fit(open_corpus(tmp_path / "other"), checkpoint=tmp_path / "whole")


@pytest.mark.slow
def test_parallel_starts_have_checkpoints_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def make() -> ProdLDA:
        return MODELS["several starts"]().set_params(n_jobs=2)

    expected = content(fitted(make))
    assert content(fitted(make, checkpoint=folder, checkpoint_minutes=0)) == expected
    (folder / "start-1.safetensors").unlink()
    assert content(fitted(make, checkpoint=folder)) == expected
    monkeypatch.delattr(Trainer, "run_epoch")
    assert content(fitted(MODELS["several starts"], checkpoint=folder)) == expected


def test_saved_files_are_the_same(folder: Path, tmp_path: Path, ending: dict[str, int]) -> None:
    make = MODELS["learned groups"]
    fitted(make).save(tmp_path / "expected")
    ending |= {"after": 5}
    with pytest.raises(Ended):
        fitted(make, checkpoint=folder, checkpoint_minutes=0)
    fitted(make, checkpoint=folder).save(tmp_path / "found")
    assert files(tmp_path / "found") == files(tmp_path / "expected")


def test_further_training_is_the_same(folder: Path) -> None:
    """The optimiser of a complete fit is in the checkpoint too."""
    make = MODELS["learned groups"]
    expected = fitted(make).partial_fit(CORPUS)
    fitted(make, checkpoint=folder)
    assert content(fitted(make, checkpoint=folder).partial_fit(CORPUS)) == content(expected)


def test_a_complete_fit_is_read_without_training(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for make in (MODELS["learned groups"], MODELS["several starts"]):
        expected = content(fitted(make, checkpoint=folder))
        with monkeypatch.context() as patched:
            patched.delattr(Trainer, "run_epoch")
            assert content(fitted(make, checkpoint=folder)) == expected
        for path in folder.iterdir():
            path.unlink()


def test_callbacks_are_called_for_the_epochs_that_are_left(folder: Path, ending: dict[str, int]) -> None:
    seen: list[float] = []

    def note(record: dict[str, float]) -> None:
        seen.append(record["epoch"])

    make = MODELS["learned groups"]
    ending |= {"after": 5}  # in the second epoch
    with pytest.raises(Ended):
        fitted(make, checkpoint=folder, checkpoint_minutes=0, callbacks=[note])
    fitted(make, checkpoint=folder, callbacks=[note])
    assert seen == [1, 2, 3, 4]


def test_a_callback_that_ended_training_is_not_asked_again(folder: Path) -> None:
    make = MODELS["learned groups"]
    expected = content(fitted(make, checkpoint=folder, callbacks=[lambda record: record["epoch"] == 2]))
    assert content(fitted(make, checkpoint=folder, callbacks=[])) == expected


def test_without_a_random_state_the_seed_is_kept(folder: Path, ending: dict[str, int]) -> None:
    def make() -> ProdLDA:
        return ProdLDA((2, 2), **{**SMALL, "random_state": None})

    ending |= {"after": 3}
    with pytest.raises(Ended):
        fitted(make, checkpoint=folder, checkpoint_minutes=0)
    state = torch.Generator().set_state(read_nested(folder / "start-0.safetensors")["state"]["generator"])
    found = fitted(make, checkpoint=folder)
    assert found._trainer.generator.initial_seed() == state.initial_seed()
    assert content(fitted(make, checkpoint=folder)) == content(found)


def test_a_training_that_diverged_diverges_again_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make() -> ProdLDA:
        return ProdLDA((2, 2), learning_rate=1e30, **SMALL)

    told = []
    for _ in range(2):
        with pytest.raises(TrainingDivergedError) as caught:
            fitted(make, checkpoint=folder)
        told.append((str(caught.value), caught.value.term, caught.value.epoch))
        monkeypatch.delattr(Trainer, "run_epoch", raising=False)
    assert told[0] == told[1]


def test_a_pipeline_passes_it_on(folder: Path) -> None:
    texts = ["the ball hit the net", "the net of the team", "faith and god", "god of the church"] * 10
    fits = [
        TopicPipeline(ProdLDA(2, **SMALL))
        .fit(texts, checkpoint=folder, checkpoint_minutes=0)
        .transform(texts)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*fits)
    with pytest.raises(ValueError, match="What differs: the documents; the vocabulary"):
        TopicPipeline(ProdLDA(2, **SMALL)).fit([*texts, "a new ball and a new net"] * 9, checkpoint=folder)


# Other calls, damaged files


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"gamma": 2.0}, r"gamma \(3.0 then, 2.0 now\)"),
        (
            {"objective": BetaTCVAE(2.0), "gamma": 3.0},
            r"objective \(None then, BetaTCVAE\(beta=2.0.*\) now\)",
        ),
        ({"random_state": 1}, r"random_state \(0 then, 1 now\)"),
        ({"max_iter": 5, "hidden": (7,)}, r"hidden \(\(6,\) then, \(7,\) now\); max_iter \(4 then, 5 now\)"),
        ({"n_init": 2}, "n_init"),
    ],
)
def test_another_call_is_refused_with_its_difference(folder: Path, change: dict[str, Any], told: str) -> None:
    fitted(MODELS["learned groups"], checkpoint=folder)
    before = files(folder)
    with pytest.raises(ValueError, match=told):
        ProdLDA((2, 2), **{**SMALL, "max_iter": 4, **change}).fit(CORPUS, checkpoint=folder)
    assert files(folder) == before


def test_other_documents_and_words_are_refused(folder: Path) -> None:
    make = MODELS["learned groups"]
    fitted(make, checkpoint=folder)
    with pytest.raises(ValueError, match="differs: the documents\\. "):
        make().fit(CORPUS[::-1], checkpoint=folder)
    with pytest.raises(ValueError, match="differs: the vocabulary\\. "):
        make().fit(CORPUS.counts, checkpoint=folder)
    with pytest.raises(ValueError, match="model"):
        NVDM((2, 2), **SMALL).fit(CORPUS, checkpoint=folder)


def test_parameters_without_effect_on_the_result_may_change(folder: Path) -> None:
    make = MODELS["learned groups"]
    expected = content(fitted(make, checkpoint=folder))
    found = fitted(
        lambda: make().set_params(n_jobs=2, device="cpu"), checkpoint=str(folder), checkpoint_minutes=1
    )
    assert content(found) == expected


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a complete fit."""
    folder = tmp_path_factory.mktemp("complete") / "run"
    fitted(MODELS["learned groups"], checkpoint=folder)
    return folder


@given(data=st.data())
def test_a_damaged_checkpoint_is_refused_by_name(complete: Path, data: st.DataObject) -> None:
    folder = complete.with_name("damaged")
    shutil.copytree(complete, folder, dirs_exist_ok=True)
    file = folder / data.draw(st.sampled_from(["start-0.safetensors", "fit.json"]))
    whole = file.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        file.write_bytes(whole[:place])
    else:
        flipped = whole[place] ^ (1 << data.draw(st.integers(0, 7)))
        file.write_bytes(whole[:place] + bytes([flipped]) + whole[place + 1 :])
    with pytest.raises(ValueError, match=r"[Dd]elete") as caught:
        fitted(MODELS["learned groups"], checkpoint=folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("name", ["start-0.safetensors", "fit.json"])
def test_files_of_others_are_refused_with_what_to_do(folder: Path, tmp_path: Path, name: str) -> None:
    make = MODELS["learned groups"]
    fitted(make, checkpoint=folder)
    (folder / name).write_bytes(b'{"other": 1}')
    with pytest.raises(CheckpointError, match="Delete the folder"):
        make().fit(CORPUS, checkpoint=folder)
    other = tmp_path / "other"
    fitted(MODELS["fixed groups"], checkpoint=other)
    (folder / name).write_bytes((other / name).read_bytes())
    with pytest.raises(ValueError, match=r"[Dd]elete"):
        make().fit(CORPUS, checkpoint=folder)


def test_another_version_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = MODELS["learned groups"]
    with monkeypatch.context() as patched:
        patched.setattr("hftopic.models.checkpoints.__version__", "0.0.1")
        fitted(make, checkpoint=folder)
    with pytest.raises(ValueError, match=r"hftopic \('0.0.1' then, "):
        make().fit(CORPUS, checkpoint=folder)
    (folder / "fit.json").write_text('{"format": 0}', encoding="utf-8")
    with pytest.raises(CheckpointError, match="has the format 0"):
        make().fit(CORPUS, checkpoint=folder)


def test_a_folder_with_other_files_is_left_alone(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.tex").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match=r"is no folder of checkpoints: it contains 'thesis\.tex'"):
        fitted(MODELS["learned groups"], checkpoint=folder)
    assert [path.name for path in folder.iterdir()] == ["thesis.tex"]
    with pytest.raises(NotADirectoryError, match="must be a folder"):
        fitted(MODELS["learned groups"], checkpoint=folder / "thesis.tex")


@pytest.mark.parametrize("minutes", [-1, float("nan"), float("inf"), "ten", True, None])
def test_minutes_are_a_number(folder: Path, minutes: Any) -> None:
    with pytest.raises(ValueError, match="checkpoint_minutes must be a number >= 0"):
        fitted(MODELS["learned groups"], checkpoint=folder, checkpoint_minutes=minutes)


@posix
def test_two_processes_do_not_use_the_same_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hftopic.models.checkpoints.WAIT", 0.0)
    make, told = MODELS["learned groups"], []

    def meanwhile(record: Any) -> None:  # noqa: ARG001
        with pytest.raises(ValueError, match="another process is fitting with") as caught:
            fitted(make, checkpoint=folder)
        told.append(caught)

    assert content(fitted(make, checkpoint=folder, callbacks=[meanwhile])) == content(fitted(make))
    assert len(told) == 4


@posix
def test_a_full_disk_ends_training_and_the_last_checkpoint_stands(folder: Path) -> None:
    """In a process of its own, which may not write large files after the second epoch."""
    import resource

    make = MODELS["learned groups"]
    expected = content(fitted(make))

    def body() -> str:
        def limit(record: Any) -> None:
            if record["epoch"] == 2:
                resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            fitted(make, checkpoint=folder, checkpoint_minutes=0, callbacks=[limit])
        except OSError as error:
            return f"OSError {error}"
        return "no error"

    assert answer(body).startswith("OSError")
    assert read_nested(folder / "start-0.safetensors")["state"]["epoch"] == 1
    assert content(fitted(make, checkpoint=folder)) == expected
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "fit.json", "start-0.safetensors"]


# Signals and kills


def answer(body: Callable[[], str]) -> str:
    """What a function returns in a forked process; empty if it is killed."""
    pid, hear = forked(body)
    with os.fdopen(hear, encoding="utf-8") as pipe:
        told = pipe.read()
    os.waitpid(pid, 0)
    return told


@posix
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_writes_a_checkpoint_and_ends_the_program(
    folder: Path, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals, code: int
) -> None:
    make, before = MODELS["learned groups"], signal.getsignal(sent)
    expected = content(fitted(make))
    step, n = Trainer._step, {"steps": 0}

    def stepping(trainer: Trainer[Any], *arguments: Any) -> Any:
        n["steps"] += 1
        if n["steps"] == 4:
            signal.raise_signal(sent)
        return step(trainer, *arguments)

    model = make()
    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "_step", stepping)
        with pytest.raises(TrainingStopped) as caught:
            model.fit(CORPUS, checkpoint=folder, checkpoint_minutes=1000)
    assert caught.value.code == code
    assert str(folder) in str(caught.value)
    assert not hasattr(model, "components_")
    assert signal.getsignal(sent) is before
    held = read_nested(folder / "start-0.safetensors")["state"]
    assert (held["epoch"], held["position"]) == (2, None) or held["position"]["step"] >= 1
    assert n["steps"] == 4
    assert content(fitted(make, checkpoint=folder)) == expected


@posix
def test_a_signal_at_any_step_is_not_lost(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the last step, and while the last checkpoint is written."""
    make = MODELS["learned groups"]
    expected = content(fitted(make))
    write = Checkpoint._write

    def written(checkpoint: Checkpoint, *arguments: Any) -> None:
        write(checkpoint, *arguments)
        if arguments[1].finished:
            signal.raise_signal(signal.SIGTERM)

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoint, "_write", written)
        with pytest.raises(TrainingStopped):
            fitted(make, checkpoint=folder)
    assert content(fitted(make, checkpoint=folder)) == expected


@posix
def test_killed_at_random_moments_it_ends_with_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """Processes are killed, one after the other, until one comes to the end."""

    def make() -> ProdLDA:
        return ProdLDA((2, 2), **{**SMALL, "max_iter": 12})

    start = time.monotonic()
    fitted(make, checkpoint=tmp_path / "clean", checkpoint_minutes=0).save(tmp_path / "expected")
    length = time.monotonic() - start
    rng = np.random.default_rng(0)
    for number in range(6):
        room = folder.with_name(f"run-{number}")

        def body(room: Path = room) -> str:
            fitted(make, checkpoint=room, checkpoint_minutes=0).save(room.with_suffix(".model"))
            return "done"

        for _ in range(2):
            pid, hear = forked(body)
            time.sleep(float(rng.uniform(0, 0.6 * length)))
            os.kill(pid, signal.SIGKILL)
            os.close(hear)
            os.waitpid(pid, 0)
        fitted(make, checkpoint=room, checkpoint_minutes=0).save(room.with_suffix(".model"))
        assert files(room.with_suffix(".model")) == files(tmp_path / "expected")


@posix
def test_a_second_signal_ends_the_program_without_a_word_of_the_checkpoint(tmp_path: Path) -> None:
    checkpoint = Checkpoint(tmp_path / "file", "", 10.0)
    with checkpoint.stopping():
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(SystemExit) as caught:
            signal.raise_signal(signal.SIGTERM)
        checkpoint._signal = None
    assert (type(caught.value), caught.value.code) == (SystemExit, 143)


def test_too_little_memory_is_no_damage(complete: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError("no memory is left")

    monkeypatch.setattr("hftopic.training.checkpoint.resume", full)
    with pytest.raises(torch.OutOfMemoryError):
        fitted(MODELS["learned groups"], checkpoint=complete)


def test_the_place_is_that_of_the_last_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hftopic.models.checkpoints.place_of", lambda path: path.stem)
    assert place_in(tmp_path) == ""
    for name in ("start-x", "start-0"):
        (tmp_path / f"{name}.safetensors").touch()
    assert place_in(tmp_path) == "start-0"
    for name in ("start-2", "start-10"):
        (tmp_path / f"{name}.safetensors").touch()
    assert place_in(tmp_path) == "start-10, in start 11"


# When, and what


def test_checkpoints_after_epochs_take_little_of_the_time(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write takes 1 second here and an epoch 6: one epoch in four is written, and the end."""
    clock = {"now": 0.0, "writes": 0}
    monkeypatch.setattr("hftopic.training.checkpoint.time.monotonic", lambda: clock["now"])

    def slow(path: Path, nested: Any) -> None:
        clock["now"] += 1
        clock["writes"] += 1
        write_nested(path, nested)

    def tick(record: Any) -> None:  # noqa: ARG001
        clock["now"] += 6

    monkeypatch.setattr("hftopic.training.checkpoint.write_nested", slow)
    fitted(lambda: ProdLDA((2, 2), **{**SMALL, "max_iter": 12}), checkpoint=folder, callbacks=[tick])
    assert clock["writes"] == 1 + 2 + 1  # epochs 1, 5 and 9, and the end


@given(st.data())
def test_nested_values_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text())
    numbers = st.sampled_from([0.0, -0.0, 1.5, float("nan"), float("inf")])
    dtypes = st.sampled_from([torch.float32, torch.float64])
    tensors = st.builds(
        lambda held, dtype: torch.tensor(held, dtype=dtype), st.lists(numbers, max_size=2), dtypes
    )
    nested = data.draw(
        st.recursive(
            plain | tensors | st.just(torch.tensor(2.0)),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.tuples(inner, inner)
                | st.dictionaries(st.text() | st.integers(), inner, max_size=3)
            ),
        )
    )
    path = tmp_path_factory.mktemp("nested") / "file"
    write_nested(path, nested)
    seen: list[int] = []
    assert exact(read_nested(path), seen) == exact(nested, [])
    assert len(set(seen)) == len(seen)  # no two tensors share memory


def exact(value: Any, seen: list[int]) -> Any:
    if isinstance(value, torch.Tensor):
        if value.numel():
            seen.append(value.data_ptr())
        return str(value.dtype), value.shape, value.numpy().tobytes()
    if isinstance(value, dict):
        return [(key, exact(held, seen)) for key, held in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [exact(one, seen) for one in value]
    return type(value), value
