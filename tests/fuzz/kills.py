"""Writers that are killed or interrupted, and readers beside them: the old or the new whole thing, each time.

A target is written again and again with two contents, A and B. Whatever happens to the writer, a reader gets
A or B (or nothing, where nothing was there before), the next write succeeds, and after it the folder has the
files of a clean write and no other.

- ``steps``: SIGKILL before the k-th change of a file or folder, for every k; and KeyboardInterrupt there.
- ``kills``: SIGKILL at a random time of a write.
- ``interrupts``: KeyboardInterrupt at a random time, between two instructions of Python.
- ``readers``: readers while one or two processes write.

``python -m tests.fuzz.kills --kills 300 --interrupts 300`` runs many; ``--only NAME`` some of the targets.
"""

import argparse
import atexit
import contextlib
import io
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from hftopic import Corpus, ProdLDA, load, make_correlated_topics, read_corpus, write_corpus
from hftopic.report import page, write_report
from tests.forks import forked, heard
from tests.fuzz.runner import single_threaded

# What changes files: events of sys.audit, whose first argument is a path.
CHANGES = {
    "open",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.remove",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
}


@dataclass(frozen=True)
class Target:
    """Something that is written: ``write(path, which)``, and the ``identity`` of what a reader finds."""

    name: str
    file: str
    write: Callable[[Path, int], None]
    identity: Callable[[Path], Any]
    slow: bool = False

    def state(self, room: Path) -> str:
        """ "A", "B", "none", or what is wrong."""
        path = room / self.file
        try:
            found = self.identity(path)
        except Exception as error:  # the reader refuses
            told = f"{type(error).__name__}: {error}"
            shown = [
                file for file in _listing(room) if not any(part.startswith(".") for part in Path(file).parts)
            ]
            return f"unreadable: {told}" if shown else "none"
        for which, name in enumerate("AB"):
            if found == clean(self, which)[0]:
                return name
        return "a mixture"


@dataclass
class Tally:
    """Runs of each kind, and those that failed."""

    runs: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def note(self, kind: str, target: Target, state: str, *, wrong: str = "") -> None:
        self.runs[kind] += 1
        self.states[f"{kind}: {state.partition(':')[0]}"] += 1
        if wrong:
            self.failures.append(f"{kind}, {target.name}: {wrong}")


@cache
def clean(target: Target, which: int) -> tuple[Any, frozenset[str]]:
    """Identity and files of a clean write."""
    with new_room() as room:
        target.write(room / target.file, which)
        return target.identity(room / target.file), _listing(room)


def _listing(room: Path) -> frozenset[str]:
    return frozenset(str(path.relative_to(room)) for path in room.rglob("*"))


@contextlib.contextmanager
def new_room() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="kills-", ignore_cleanup_errors=True) as room:
        yield Path(room)


# What is written


@cache
def corpora() -> tuple[Corpus, Corpus]:
    """Two corpora that no reader can take for each other, nor a mixture of the two for one of them."""
    found = []
    for seed, n in ((0, 30), (1, 41)):
        made = make_correlated_topics(n, groups=(2, 2), n_words=20, random_state=seed).corpus
        vocabulary = [f"{word}{'xy'[seed]}" for word in made.vocabulary]
        documents = [
            [vocabulary[j] for j in row.nonzero()[0] for _ in range(int(row[j]))]
            for row in made.counts.toarray()
        ]
        splits = ["train" if row % 3 else "test" for row in range(n)]
        labels, names = (
            [f"{'xy'[seed]}{row % 2}" for row in range(n)],
            [f"{'xy'[seed]} {row}" for row in range(n)],
        )
        vectors = np.arange(3 * n).reshape(n, 3) + 1000 * seed
        found.append(Corpus(made.counts, vocabulary, labels, names, documents, splits, embeddings=vectors))
    return found[0], found[1]


def corpus_identity(path: Path, **arguments: Any) -> tuple[Any, ...]:
    corpus = read_corpus(path, **arguments)
    parts = (corpus.vocabulary, corpus.labels, corpus.names, corpus.splits)
    held = (None if part is None else tuple(part.tolist()) for part in parts)
    return corpus.sha256(), *held, str(None if corpus.embeddings is None else corpus.embeddings.tolist())


def corpus_target(format: str, file: str, drop: tuple[str, ...] = (), **arguments: Any) -> Target:
    def write(path: Path, which: int) -> None:
        corpus = corpora()[which]
        parts = ("counts", "vocabulary", "labels", "names", "tokens", "splits", "embeddings")
        held = {part: None if part in drop else getattr(corpus, part) for part in parts}
        # The folder of B has no splits, and thereby other files.
        if format == "folder" and which:
            held["splits"] = None
        write_corpus(Corpus(**held), path, format=format)

    return Target(format, file, write, lambda path: corpus_identity(path, **arguments))


@cache
def models() -> tuple[Any, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return tuple(  # type: ignore[return-value]
            ProdLDA(groups=(2, 2), hidden=(8,), max_iter=1, random_state=seed).fit(corpus)
            for seed, corpus in enumerate(corpora())
        )


def model_identity(path: Path) -> tuple[Any, ...]:
    model = load(path)
    return model.components_.tobytes(), tuple(model.vocabulary_), model.random_state


def fit_on_the_command_line(path: Path, which: int) -> None:
    from hftopic.cli import main

    options = [
        "--groups",
        "2,2",
        "--epochs",
        "1",
        "--hidden",
        "8",
        "--seed",
        str(which),
        "--force",
        "--quiet",
    ]
    sys.argv = ["hftopic", "fit", corpus_to_fit(), "--out", str(path), *options]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            main()
    except SystemExit as end:
        if end.code == 128 + signal.SIGINT:
            raise KeyboardInterrupt from end
        if end.code not in (0, None):
            raise RuntimeError(f"hftopic fit ended with {end.code}") from end


@cache
def corpus_to_fit() -> str:
    folder = tempfile.mkdtemp(prefix="kills-corpus-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # not in forked processes, which end at once
    corpus = corpora()[0]
    write_corpus(Corpus(corpus.counts, corpus.vocabulary), f"{folder}/corpus", format="folder")
    return f"{folder}/corpus"


def remembered(function: Callable[..., Any]) -> Callable[..., Any]:
    """What a function returned for the same first argument before, so that a report is only written."""
    held: dict[int, Any] = {}

    def first(model: Any, *arguments: Any, **given: Any) -> Any:
        if id(model) not in held:
            held[id(model)] = function(model, *arguments, **given)
        return held[id(model)]

    return first


def report(path: Path, which: int) -> None:
    model, corpus = models()[which], corpora()[which]
    write_report(model, corpus, path, measures="c_npmi", n_documents=5, n_permutations=9, topics="all")


def targets() -> list[Target]:
    from hftopic import TextOptions

    texts = TextOptions(lowercase=False, stop_words=None, min_df=1, max_df=1.0, token_pattern=r"\S+")
    return [
        Target("model", "model", lambda path, which: models()[which].save(path), model_identity),
        corpus_target("folder", "corpus"),
        corpus_target("shards", "shards"),
        corpus_target("ldac", "small.ldac"),
        corpus_target("docword", "docword.small.txt"),
        corpus_target("matrixmarket", "small.mtx"),
        corpus_target("svmlight", "small.svmlight"),
        corpus_target("npz", "small.npz"),
        corpus_target("octis", "corpus.tsv"),
        corpus_target("txt", "small.txt", text=texts),
        corpus_target("csv", "small.csv.gz", ("embeddings",), text=texts),
        corpus_target("jsonl", "small.jsonl", text=texts),
        corpus_target("parquet", "small.parquet", text=texts),
        Target("report", "report.html", report, Path.read_bytes, slow=True),
        Target("fit", "model", fit_on_the_command_line, model_identity, slow=True),
    ]


# How it is ended


def at_change(number: int, room: Path, action: Callable[[], None]) -> None:
    """Call ``action`` before the change of this number below a folder, counted from 1."""
    seen, own = 0, os.fspath(room)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal seen
        if event not in CHANGES or not arguments or not isinstance(arguments[0], str | bytes | os.PathLike):
            return
        if event == "open" and not (
            isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        ):
            return
        if os.fsdecode(arguments[0]).startswith(own):
            seen += 1
            if seen == number:
                action()

    sys.addaudithook(hook)


def interrupt() -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def interrupted_alone() -> Iterator[None]:
    """Let a KeyboardInterrupt end, or an error that it has led to, such as one of zipfile or an exit."""
    try:
        yield
    except BaseException as error:
        chain: BaseException | None = error
        while chain is not None and not isinstance(chain, KeyboardInterrupt):
            chain = chain.__cause__ or chain.__context__
        if chain is None:
            raise


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def verdict(target: Target, room: Path, allowed: str, next_one: int) -> tuple[str, str]:
    """State after an end, and what is wrong with it or with the next write."""
    state = target.state(room)
    wrong = "" if state in allowed.split() else f"a reader finds {state}, not {allowed}"
    try:
        target.write(room / target.file, next_one)
    except Exception as error:
        return state, wrong or f"the next write fails: {type(error).__name__}: {error}"
    after = target.state(room)
    if not wrong and after != "AB"[next_one]:
        wrong = f"after the next write a reader finds {after}"
    stray = sorted(_listing(room) ^ clean(target, next_one)[1])
    if not wrong and stray:
        wrong = f"after {state} and the next write, other files than a clean write leaves: {stray[:4]}"
    return state, wrong


def steps(target: Target, tally: Tally, every: int, start: int) -> None:
    """Kill, and interrupt, before each change that a write makes, or before some of them."""
    for first in (None, 0):
        number = 1 + start % every
        while True:
            with new_room() as room:
                if first is not None:
                    target.write(room / target.file, first)

                def body(room: Path = room, number: int = number) -> str:
                    at_change(number, room, killed)
                    target.write(room / target.file, 1)
                    return "done"

                told = heard(*forked(body))
                if told is not None:
                    if told != "done":
                        tally.note("kill before a change", target, "error", wrong=told)
                    break
                allowed = "none B" if first is None else "A B"
                state, wrong = verdict(target, room, allowed, number % 2)
                tally.note("kill before a change", target, state, wrong=wrong and f"change {number}: {wrong}")
            with new_room() as room:
                if first is not None:
                    target.write(room / target.file, first)

                def interrupted(room: Path = room, number: int = number, allowed: str = allowed) -> str:
                    at_change(number, room, interrupt)
                    with interrupted_alone():
                        target.write(room / target.file, 1)
                    return "\n".join(verdict(target, room, allowed, number % 2))

                _heard_verdict("interrupt before a change", target, tally, interrupted, f"change {number}: ")
            number += every


def _heard_verdict(kind: str, target: Target, tally: Tally, body: Callable[[], str], where: str) -> None:
    state, _, wrong = (heard(*forked(body)) or "killed\nthe process died").partition("\n")
    if state.startswith(("Traceback", "hangs")):
        state, wrong = "error", f"{state}\n{wrong}"
    tally.note(kind, target, state, wrong=wrong and where + wrong)


def duration(target: Target) -> float:
    """Seconds that a write takes over an old one."""
    with new_room() as room:
        target.write(room / target.file, 0)
        start = time.perf_counter()
        target.write(room / target.file, 1)
        return time.perf_counter() - start


def kills(target: Target, tally: Tally, times: int, rng: np.random.Generator) -> None:
    """Kill a process that writes B and A in turn, at a random time."""
    length = duration(target)
    for number in range(times):
        with new_room() as room:
            target.write(room / target.file, 0)

            def body(room: Path = room) -> str:
                for turn in range(10_000):
                    target.write(room / target.file, 1 - turn % 2)
                return "done"

            pid, hear = forked(body)
            time.sleep(float(rng.uniform(0, 2.5 * length)))
            os.kill(pid, signal.SIGKILL)
            told = heard(pid, hear)
            state, wrong = verdict(target, room, "A B", number % 2)
            tally.note("kill at a random time", target, state, wrong=wrong or (told or ""))


def interrupts(target: Target, tally: Tally, times: int, rng: np.random.Generator) -> None:
    """Raise KeyboardInterrupt in a write, at a random time."""
    length = duration(target)
    for number in range(times):
        with new_room() as room:
            target.write(room / target.file, 0)
            after = float(rng.uniform(0, 1.1 * length)) + 1e-6

            def body(room: Path = room, after: float = after, number: int = number) -> str:
                signal.signal(signal.SIGALRM, lambda *_: interrupt())
                with interrupted_alone():
                    signal.setitimer(signal.ITIMER_REAL, after)
                    target.write(room / target.file, 1)
                    signal.setitimer(signal.ITIMER_REAL, 0)
                signal.setitimer(signal.ITIMER_REAL, 0)
                return "\n".join(verdict(target, room, "A B", number % 2))

            _heard_verdict("interrupt at a random time", target, tally, body, f"after {after / length:.0%}: ")


def readers(target: Target, tally: Tally, seconds: float) -> None:
    """Read while one process, two processes, or a thread write."""
    for kind, writers in (("a process", 1), ("two processes", 2)):
        with new_room() as room:
            target.write(room / target.file, 0)

            def body(room: Path = room) -> str:
                for turn in range(1_000_000):
                    target.write(room / target.file, 1 - turn % 2)
                return "done"

            started = [forked(body) for _ in range(writers)]
            _read_for(target, tally, room, seconds, f"read while {kind} wrote")
            for pid, hear in started:
                os.kill(pid, signal.SIGKILL)
                told = heard(pid, hear)
                if told:
                    tally.note(f"{kind} wrote", target, "error", wrong=told)
            state, wrong = verdict(target, room, "A B", 0)
            tally.note(f"after {kind} wrote", target, state, wrong=wrong)
    with new_room() as room:
        target.write(room / target.file, 0)
        stop, failed = threading.Event(), list[str]()

        def write() -> None:
            turn = 0
            while not stop.is_set():
                turn += 1
                try:
                    target.write(room / target.file, turn % 2)
                except Exception as error:
                    failed.append(f"the writing thread: {type(error).__name__}: {error}")
                    return

        thread = threading.Thread(target=write)
        thread.start()
        _read_for(target, tally, room, seconds, "read while a thread wrote")
        stop.set()
        thread.join()
        if failed:
            tally.note("a thread wrote", target, "error", wrong=failed[0])


def _read_for(target: Target, tally: Tally, room: Path, seconds: float, kind: str) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        state = target.state(room)
        tally.note(kind, target, state, wrong="" if state in ("A", "B") else f"a reader finds {state}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Writers that are killed or interrupted, and readers beside them."
    )
    parser.add_argument(
        "--kills", type=int, default=300, help="number of kills at random times, over all targets"
    )
    parser.add_argument("--interrupts", type=int, default=300, help="number of interrupts at random times")
    parser.add_argument(
        "--every", type=int, default=1, help="kill before every change of this number; 0 for none"
    )
    parser.add_argument(
        "--seconds", type=float, default=1.0, help="seconds of reading for each target and writer"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="names of the targets")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    page.findings, page.sections = remembered(page.findings), remembered(page.sections)
    start, rng, tally = time.monotonic(), np.random.default_rng(given.seed), Tally()
    chosen = [target for target in targets() if not given.only or target.name in given.only]
    for number, target in enumerate(chosen):
        try:
            for which in (0, 1):
                clean(target, which)
        except Exception as error:
            tally.note("clean write", target, "error", wrong=f"{type(error).__name__}: {error}")
            continue
        if given.every:
            steps(target, tally, given.every, number)
        share = [
            given.kills // len(chosen) + (number < given.kills % len(chosen)),
            given.interrupts // len(chosen) + (number < given.interrupts % len(chosen)),
        ]
        kills(target, tally, share[0], rng)
        interrupts(target, tally, share[1], rng)
        if given.seconds and not target.slow:
            readers(target, tally, given.seconds)
        print(
            f"{target.name}: {sum(tally.runs.values())} runs, {len(tally.failures)} failures so far",
            file=sys.stderr,
            flush=True,
        )
    print(f"{sum(tally.runs.values())} runs, seed {given.seed}, {time.monotonic() - start:.0f} s")
    for state, times in sorted(tally.states.items()):
        print(f"{times:8d} {state}")
    shown = Counter[str]()
    for failure in tally.failures:
        shown[failure.partition(": ")[0]] += 1
        if shown[failure.partition(": ")[0]] <= 2:
            print(f"\n{failure}")
    print(f"\n{len(tally.failures)} failures")
    sys.exit(1 if tally.failures else 0)


if __name__ == "__main__":
    single_threaded("tests.fuzz.kills")
    main()
