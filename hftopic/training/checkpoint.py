"""Checkpoints of a training: when one is written, and what happens at a signal to end.

A checkpoint is one file, which is replaced as a whole. It has the state after a step. A training that goes on
from there ends with the same bytes as one that was not ended.
"""

import signal
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from hftopic._files import written_whole
from hftopic.training.errors import CheckpointError, TrainingStopped
from hftopic.training.state import Course, resume, state_of
from hftopic.training.tensors import read_nested, write_nested
from hftopic.training.trainer import Trainer

COST = 0.05  # largest share of the time that writing after epochs takes
AGREE_EVERY = 16  # steps after which several processes agree whether to write


@dataclass
class Checkpoint:
    """The checkpoint of one training.

    Parameters
    ----------
    file : Path
        The file; its folder must exist.
    call : str
        What the file must belong to: the call of ``fit`` with its parameters and documents, as a hash.
    minutes : float
        Minutes after which one is written within an epoch; with 0 after every step.
    """

    file: Path
    call: str
    minutes: float
    _written: float = field(default_factory=lambda: time.monotonic())
    _cost: float = 0.0  # seconds that the last one took
    _signal: int | None = None

    def resumed(self, trainer: Trainer[Any]) -> Course:
        """Bring a new trainer into the state of the file, if there is one; where the training then is.

        Raises
        ------
        CheckpointError
            The file is damaged, or belongs to another call.
        """
        held = trainer.processes.of_first(self._read)
        if held is None:
            return Course()
        before, now = len(held["state"]["of_processes"]), trainer.processes.size
        if before != now and not held["course"]["finished"]:
            warnings.warn(
                f"{self.file.parent} was written by {before} processes, and {now} go on: they draw other "
                "noise, so the model is not that of a training with the same processes throughout",
                UserWarning,
                stacklevel=2,
            )
        try:
            resume(trainer, held["state"])
            return Course(**held["course"])
        except torch.OutOfMemoryError:
            raise
        except (LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
            raise damaged(self.file, f"it does not fit the model: {error}") from error

    def _read(self) -> Any:
        if not self.file.exists():
            return None
        try:
            held = read_nested(self.file)
        except CheckpointError as error:
            raise damaged(self.file, str(error)) from error
        if not isinstance(held, dict) or held.get("call") != self.call:
            raise damaged(self.file, "it is the checkpoint of another fit")
        return held

    def after_step(self, trainer: Trainer[Any], course: Course) -> None:
        """Write if it is time within an epoch, or if a signal came.

        Raises
        ------
        OSError
            The file cannot be written; the one before stands.
        TrainingStopped
            A signal came.
        """
        processes, position = trainer.processes, trainer.position
        step = 0 if position is None else position.step
        if processes.size > 1 and self.minutes and step % AGREE_EVERY:
            return
        self._write_if(trainer, course, time.monotonic() - self._written >= 60 * self.minutes)

    def after_epoch(self, trainer: Trainer[Any], course: Course) -> None:
        """Write if that takes little of the time, or if a signal came; raises as :meth:`after_step`."""
        cheap = time.monotonic() - self._written >= self._cost / COST
        self._write_if(trainer, course, cheap or not self.minutes)

    def after_training(self, trainer: Trainer[Any], course: Course) -> None:
        """Write the last one; raises as :meth:`after_step`."""
        self._write_if(trainer, course, True)

    def _write_if(self, trainer: Trainer[Any], course: Course, due: bool) -> None:
        wanted = trainer.processes.collected((due, self._signal))
        number = next((sent for _, sent in wanted if sent is not None), None)
        if wanted[0][0] or number is not None:
            self._write(trainer, course)
        if number is not None:
            raise TrainingStopped(number, str(self.file.parent))

    def _write(self, trainer: Trainer[Any], course: Course) -> None:
        start = time.monotonic()
        held = {"call": self.call, "course": course.state(), "state": state_of(trainer)}

        def write() -> None:
            with written_whole(self.file) as draft:
                write_nested(draft, held)

        trainer.processes.of_first(write)
        self._written = time.monotonic()
        self._cost = self._written - start

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """In the body SIGTERM and SIGHUP wait for the end of a step; a second one ends the program at once.

        Only in the main thread. A signal that the program ignores stays ignored.
        """
        before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            for sent in _SIGNALS:
                handler = signal.getsignal(sent)
                if handler not in (signal.SIG_IGN, None):
                    before[sent] = handler
                    signal.signal(sent, self._receive)
        try:
            yield
        finally:
            for sent, handler in before.items():
                signal.signal(sent, handler)
        if self._signal is not None:  # it came after the last step
            raise TrainingStopped(self._signal, str(self.file.parent))

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self._signal is not None:
            raise SystemExit(128 + number)
        self._signal = number


_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


def place_of(file: Path) -> str:
    """Where training was when a checkpoint was written, in words; its tensors are not read.

    Raises
    ------
    CheckpointError
        The file is damaged.
    """
    try:
        held = read_nested(file, with_tensors=False)
        state, course, position = held["state"], held["course"], held["state"]["position"]
        if course["finished"]:
            return f"after the last epoch, {state['epoch']}"
        if position is None:
            return f"after epoch {state['epoch']}"
        return f"in epoch {state['epoch'] + 1}, after step {position['step']}"
    except (LookupError, TypeError) as error:
        raise damaged(file, str(error)) from error


def damaged(file: Path, why: str) -> CheckpointError:
    """The error about a file of checkpoints that is useless, with what to do."""
    return CheckpointError(
        f"{file} cannot be continued: {why}. Delete the folder {file.parent} to start again"
    )
