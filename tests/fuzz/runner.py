"""Isolated runs of a case, in a forked worker with limits of time and memory, whose death is a result too.

A fuzzer is a function of ``(seed, number, folder)`` that returns an `Outcome`; the same numbers give the same
case. ``python -m tests.fuzz.corpora --n 20000 --seed 0`` and its neighbours call `main`. So do the tests, in
a process of their own, so that no thread of the test suite is forked.
"""

import argparse
import json
import os
import resource
import select
import shutil
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

SECONDS = 10.0
MEMORY = 500 * 2**20  # bytes that one case may add to the process
ADDRESSES = 2**30  # and addresses it may reserve beyond those of the worker at its start
RENEWED = 2000  # cases after which a worker is replaced, so that what it holds is not mistaken for a leak


@dataclass(frozen=True)
class Outcome:
    """What a case came to.

    ``kind`` is "refused", "same", or "tolerated: …" with the name of a documented tolerance; anything else is
    a failure. ``case`` tells the files and the mutations, ``detail`` the message.
    """

    kind: str
    case: str = ""
    detail: str = ""

    @property
    def failed(self) -> bool:
        return self.kind not in ("refused", "same") and not self.kind.startswith("tolerated")


Fuzzer = Callable[[int, int, Path], Outcome]


class Worker:
    """A forked process that runs the cases it is told, one at a time."""

    def __init__(self, fuzzer: Fuzzer, seed: int, folder: Path) -> None:
        self.folder = folder
        told, self._tell = os.pipe()
        self._hear, answers = os.pipe()
        self.pid = os.fork()
        self.cases = 0
        if self.pid == 0:
            os.close(self._tell)
            os.close(self._hear)
            _serve(fuzzer, seed, folder, told, answers)
        os.close(told)
        os.close(answers)

    def run(self, number: int) -> tuple[Outcome, bool]:
        """The outcome of a case, and whether the worker is still there."""
        self.cases += 1
        os.write(self._tell, struct.pack("<q", number))
        text, until = b"", time.monotonic() + SECONDS
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([self._hear], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                return Outcome("hung", self._case(), f"no answer in {SECONDS:g} s"), self.end() is None
            part = os.read(self._hear, 1 << 16)
            if not part:
                return Outcome("died", self._case(), _cause(self.end())), False
            text += part
        return Outcome(**json.loads(text)), True

    def end(self) -> int | None:
        """Kill the process and wait for it: its status."""
        if not self.pid:
            return None
        os.close(self._tell)
        os.close(self._hear)
        # One that is dying already keeps its own signal.
        ended, status = os.waitpid(self.pid, os.WNOHANG)
        for _ in range(20):
            if ended:
                break
            time.sleep(0.05)
            ended, status = os.waitpid(self.pid, os.WNOHANG)
        if not ended:
            os.kill(self.pid, signal.SIGKILL)
            _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return status

    def _case(self) -> str:
        note = self.folder / "case.txt"
        return note.read_text(encoding="utf-8", errors="replace") if note.is_file() else ""


def _cause(status: int | None) -> str:
    if status is not None and os.WIFSIGNALED(status):
        return f"ended by {signal.Signals(os.WTERMSIG(status)).name}"
    return f"ended with status {status}"


def _serve(fuzzer: Fuzzer, seed: int, folder: Path, told: int, answers: int) -> None:
    """The worker's loop; never returns."""
    code = 1
    try:
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 2)  # what libraries print about broken files
        _limit_addresses()
        while number := os.read(told, 8):
            outcome = _measured(fuzzer, seed, struct.unpack("<q", number)[0], folder)
            os.write(answers, json.dumps(asdict(outcome)).encode() + b"\n")
        code = 0
    finally:
        os._exit(code)


def _limit_addresses() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    if pages:
        limit = pages * resource.getpagesize() + ADDRESSES
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def _measured(fuzzer: Fuzzer, seed: int, number: int, folder: Path) -> Outcome:
    folder.mkdir()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        outcome = fuzzer(seed, number, folder)
    except BaseException as error:  # the fuzzer itself is wrong, and that is told like everything else
        import traceback

        told = "".join(traceback.format_exception(error))[-2000:]
        outcome = Outcome("fuzzer", "", told)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    if grown > MEMORY and not outcome.failed:
        outcome = Outcome("memory", outcome.case, f"{grown / 2**20:.0f} MB; {outcome.kind}")
    if not outcome.failed:
        shutil.rmtree(folder)
    return outcome


def run_cases(
    fuzzer: Fuzzer, numbers: Sequence[int], seed: int, keep: Path | None = None, progress: bool = False
) -> list[tuple[int, Outcome]]:
    """Outcomes of all cases; the files of those that failed are copied into ``keep``."""
    outcomes, worker = [], None
    with tempfile.TemporaryDirectory(prefix="fuzz-", ignore_cleanup_errors=True) as room:
        folder = Path(room) / "case"
        for number in numbers:
            if worker is None:
                worker = Worker(fuzzer, seed, folder)
            outcome, lives = worker.run(number)
            outcomes.append((number, outcome))
            if outcome.failed and folder.exists():
                if keep is not None:
                    shutil.copytree(folder, keep / f"{seed}-{number}", dirs_exist_ok=True, symlinks=True)
                shutil.rmtree(folder)
            if progress and len(outcomes) % 1000 == 0:
                failures = sum(outcome.failed for _, outcome in outcomes)
                print(
                    f"{len(outcomes)} of {len(numbers)} cases, {failures} failures",
                    file=sys.stderr,
                    flush=True,
                )
            if not lives or worker.cases >= RENEWED:
                worker.end()
                worker = None
        if worker is not None:
            worker.end()
    return outcomes


def single_threaded(module: str) -> None:
    """Start the program again with one thread: only a process without other threads is forked safely."""
    wanted = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.environ.update(wanted)
        os.execv(sys.executable, [sys.executable, "-m", module, *sys.argv[1:]])


def where(error: BaseException, package: str) -> str:
    """Message of an error, and the last lines in the package and at all that it went through."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(package)][-1:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.line}" for frame in [*own, frames[-1]]]
    return f"{type(error).__name__}: {str(error)[:400]} at {' → '.join(places)}"


def main(fuzzer: Fuzzer, what: str) -> None:
    """Run cases from the command line; the status is 1 if one failed."""
    parser = argparse.ArgumentParser(description=f"Mutated {what}, each read in a process of its own.")
    parser.add_argument("--n", type=int, default=1000, help="number of cases")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--case", type=int, help="only the case of this number")
    parser.add_argument("--keep", type=Path, help="folder for the files of cases that fail")
    parser.add_argument("--shown", type=int, default=3, help="number of failures shown of each kind")
    given = parser.parse_args()
    start = time.monotonic()
    numbers = range(given.n) if given.case is None else [given.case]
    outcomes = run_cases(fuzzer, numbers, given.seed, given.keep, progress=True)
    kinds = Counter(outcome.kind for _, outcome in outcomes)
    failures = [(number, outcome) for number, outcome in outcomes if outcome.failed]
    print(f"{len(outcomes)} {what}, seed {given.seed}, {time.monotonic() - start:.0f} s")
    for kind, times in kinds.most_common():
        print(f"{times:8d} {kind}")
    shown = Counter[str]()
    for number, outcome in failures:
        shown[outcome.kind] += 1
        if shown[outcome.kind] > given.shown:
            continue
        print(f"\n--seed {given.seed} --case {number}: {outcome.kind}")
        print(f"  {outcome.case}\n  {_short(outcome.detail)}")
    if given.case is not None:
        print(outcomes[0][1])
    sys.exit(1 if failures else 0)


def _short(text: Any) -> str:
    return str(text) if len(str(text)) < 1000 else f"{str(text)[:300]} … {str(text)[-700:]}"
