"""Interruptions of training: the first ends it after the current epoch, the second ends the program."""

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from types import FrameType
from typing import Any, Self

STANDARD_ERROR = 2
NOTE = b"\nInterrupted: the model is saved after this epoch; interrupt again to stop at once without it\n"


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
            with suppress(OSError):
                os.write(STANDARD_ERROR, NOTE)  # printing here could break into other printing
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            sys.exit(128 + number)
