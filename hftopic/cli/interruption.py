"""Interruptions of training: it ends after the current epoch, or leaves a checkpoint to go on from."""

import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from hftopic.cli.signals import tell
from hftopic.cli.terminal import note

NOTE = "\nInterrupted: the model is saved after this epoch; interrupt again to stop at once without it\n"


class EndOfEpoch:
    """Callback of ``fit`` that ends training after SIGINT (Ctrl-C) or SIGTERM; use it as a context manager.

    Attributes
    ----------
    received : int or None
        Number of the signal that was received.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for sent in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(sent) is not signal.SIG_IGN:  # as in a background job of a script
                self._before[sent] = signal.signal(sent, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for sent, handler in self._before.items():
            signal.signal(sent, handler)

    def __call__(self, record: Mapping[str, float]) -> bool:  # noqa: ARG002
        return self.received is not None

    @property
    def exit_code(self) -> int:
        """Exit code of the program: 130 after SIGINT, 143 after SIGTERM, else 0."""
        return 0 if self.received is None else 128 + self.received

    def _receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.received is None:
            self.received = number
            tell(NOTE)
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            sys.exit(128 + number)


class Kept:
    """Context of a ``fit`` with a checkpoint, which tells where training goes on and where it was left.

    Parameters
    ----------
    folder : Path, optional
        Folder of the checkpoint; without one nothing is told.
    minutes : float
    quiet : bool
        Whether only the end is told.
    """

    def __init__(self, folder: Path | None, minutes: float, quiet: bool) -> None:
        self.folder, self.minutes, self.quiet = folder, minutes, quiet

    @property
    def arguments(self) -> dict[str, Any]:
        """Arguments of ``fit``."""
        return {"checkpoint": self.folder, "checkpoint_minutes": self.minutes}

    def __enter__(self) -> Self:
        place = self._place()
        if place and not self.quiet:
            note(f"Checkpoint: {self.folder} was written {place}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from hftopic._processes import ProcessLostError

        ended = isinstance(error, SystemExit | KeyboardInterrupt | OSError | ProcessLostError)
        if not ended or self.folder is None:
            return
        place = self._place()
        if place:
            note(f"{self.folder} was written {place}; repeat the command to go on from there")
        elif not isinstance(error, OSError):
            note(f"{self.folder} has no checkpoint yet; the same command begins anew")

    def _place(self) -> str:
        """Where training was when the checkpoint was written; empty if there is none that can be read."""
        if self.folder is None:
            return ""
        from hftopic.models.checkpoints import place_in

        return place_in(self.folder)
