"""Errors of training."""

import signal
from typing import Any


class TrainingDivergedError(RuntimeError):
    """Training diverged: a term is NaN, infinite or too large.

    The estimator keeps the weights of the last good epoch.

    Attributes
    ----------
    term : str
        The term of the objective that diverged first.
    epoch : int
        The epoch in which it diverged, counted from 1.
    """

    def __init__(self, term: str, epoch: int, kept_epoch: int, learning_rate: float) -> None:
        super().__init__(
            f"training diverged in epoch {epoch}: the term {term!r} is NaN, infinite or too large. "
            f"Lower learning_rate (now {learning_rate:g}), lower the weight of that term, or increase "
            f"warm_up. The model keeps the weights of epoch {kept_epoch}"
        )
        self.term, self.epoch = term, epoch
        self.arguments = (term, epoch, kept_epoch, learning_rate)

    def __reduce__(self) -> tuple[Any, ...]:
        """Arguments for unpickling, so that a worker process can report the error."""
        return type(self), self.arguments


class CheckpointError(ValueError):
    """A checkpoint is damaged, or no checkpoint of this version."""


class TrainingStopped(SystemExit):
    """Training was stopped by a signal, and is in the checkpoint; the same call of ``fit`` goes on.

    Attributes
    ----------
    code : int
        Exit code of the program, 128 + the number of the signal: 143 after SIGTERM.
    place : str
        Folder of the checkpoint.
    """

    code: int

    def __init__(self, number: int, place: str) -> None:
        super().__init__(128 + number)
        self.place = place
        self._arguments = (number, place)

    def __str__(self) -> str:
        return f"training was stopped by {signal.Signals(self.code - 128).name}; {self.place} has all of it"

    def __reduce__(self) -> tuple[Any, ...]:
        """Arguments for unpickling, so that a worker process can report it."""
        return type(self), self._arguments
