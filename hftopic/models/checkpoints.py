"""The folder of the checkpoints of a fit: which call it belongs to, and a file for each start."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hftopic import __version__
from hftopic._files import prove_writable, written_whole
from hftopic._locks import Lock, reserved
from hftopic._numbers import is_finite
from hftopic._processes import ProcessLostError, joined
from hftopic.models.calls import HASHED, shown
from hftopic.training.checkpoint import Checkpoint, damaged, place_of
from hftopic.training.errors import CheckpointError

if TYPE_CHECKING:
    from hftopic.models.base import BaseTopicModel

CALL, LOCK, FORMAT = "fit.json", ".lock", 1
WAIT = 2.0  # seconds to wait for a process that is about to end


@dataclass(frozen=True)
class Checkpoints:
    """Checkpoints of all starts of a fit.

    Attributes
    ----------
    seeds : list of int
        Seed of each start.
    folder : Path, optional
        Their folder; without one there are none.
    call : str
        Hash of the call.
    minutes : float
    """

    seeds: list[int]
    folder: Path | None = None
    call: str = ""
    minutes: float = 0.0

    def of_start(self, number: int) -> Checkpoint | None:
        """The checkpoint of one start."""
        if self.folder is None:
            return None
        return Checkpoint(_file(self.folder, number), self.call, self.minutes)


@contextmanager
def checkpoints(
    model: "BaseTopicModel",
    call: dict[str, Any],
    folder: str | os.PathLike[str] | None,
    minutes: Any,
    seeds: list[int],
) -> Iterator[Checkpoints]:
    """Checkpoints of a fit, in a folder that no other process uses meanwhile.

    ``call`` is the answer of :func:`hftopic.models.calls.call_of`. With ``random_state=None`` the seeds of an
    earlier call are used again.

    Raises
    ------
    ValueError
        The folder has checkpoints of another call or other files, or another process is using it.
    CheckpointError
        The folder is damaged, or of another version.
    OSError
        The folder cannot be written.
    """
    if not is_finite(minutes) or minutes < 0:
        raise ValueError(f"checkpoint_minutes must be a number >= 0; got {minutes!r}")
    if folder is None:
        yield Checkpoints(seeds)
        return
    processes, locks = joined(), list[Lock]()
    now = {**call, "hftopic": __version__}
    if isinstance(model.random_state, np.random.RandomState):
        now["random_state"] = seeds
    try:
        yield processes.of_first(lambda: _taken(folder, now, seeds, float(minutes), locks))
    except ProcessLostError as error:
        if processes.rank == 0 and locks and place_in(Path(folder)):
            place = f"{folder} was written {place_in(Path(folder))}"
            error.add_note(f"{place}; repeat the call to go on from there")
        raise
    finally:
        for lock in locks:
            lock.release()


def _taken(
    folder: str | os.PathLike[str], now: dict[str, Any], seeds: list[int], minutes: float, locks: list[Lock]
) -> Checkpoints:
    """The checkpoints of a folder, which is locked."""
    place = _made(folder)
    refusal = f"another process is fitting with {place}; wait for it, or pass another folder"
    locks.append(reserved(place / LOCK, refusal, WAIT))
    then = _read(place)
    if then is None:
        then = {"format": FORMAT, "call": now, "seeds": seeds}
        with written_whole(place / CALL) as draft:
            draft.write_text(json.dumps(then), encoding="utf-8")
    _compare(place, then["call"], now)
    text = json.dumps([then["call"], then["seeds"]])
    return Checkpoints(then["seeds"], place, hashlib.sha256(text.encode()).hexdigest(), minutes)


def place_in(folder: Path) -> str:
    """Where training was when the last checkpoint of a folder was written; empty if there is none."""
    numbers = [path.stem.removeprefix("start-") for path in folder.glob("start-*.safetensors")]
    for number in sorted(map(int, filter(str.isdecimal, numbers)), reverse=True):
        with suppress(OSError, CheckpointError):
            place = place_of(_file(folder, number))
            return f"{place}, in start {number + 1}" if number else place
    return ""


def _file(folder: Path, number: int) -> Path:
    """The file of one start, counted from 0."""
    return folder / f"start-{number}.safetensors"


def _made(folder: str | os.PathLike[str]) -> Path:
    """The folder, made if it does not exist."""
    place = Path(folder)
    if place.exists() and not place.is_dir():
        raise NotADirectoryError(f"checkpoint must be a folder; {place} is a file")
    if place.is_dir():
        names = sorted(os.listdir(place))
        others = [name for name in names if not name.startswith(".hftopic-") and name != LOCK]
        if others and CALL not in others:
            raise ValueError(
                f"{place} is no folder of checkpoints: it contains {others[0]!r}; pass a new folder"
            )
    target = prove_writable(place)
    target.mkdir(exist_ok=True)
    return target


def _read(place: Path) -> Any:
    """What is known of the call that the checkpoints belong to; None if there is none yet."""
    file = place / CALL
    if not file.exists():
        return None
    try:
        held = json.loads(file.read_text(encoding="utf-8"))
        form = held["format"]
        if form == FORMAT and isinstance(held["call"], dict) and isinstance(held["seeds"], list):
            return held
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise damaged(file, f"it is damaged: {error}") from error
    raise damaged(file, f"it has the format {form!r}, and this version of hftopic reads {FORMAT}")


def _compare(place: Path, then: dict[str, Any], now: dict[str, Any]) -> None:
    """Raise ValueError, which names the differences, unless the calls are the same."""
    if then == now:
        return
    told = []
    for name in sorted({*then, *now}):
        old, new = then.get(name), now.get(name)
        if old != new:
            values = f"{name} ({shown(old)} then, {shown(new)} now)"
            told.append(f"the {name}" if name in HASHED else values)
    raise ValueError(
        f"{place} has the checkpoint of another fit. What differs: {'; '.join(told)}. Repeat that call to go "
        f"on with it, pass another folder, or delete {place} to start again"
    )
