"""Progress of a training where there is no terminal for a bar: one line for each tenth."""

import time
from collections.abc import Mapping

from hftopic.cli.plans import duration
from hftopic.cli.terminal import note

PARTS = 10  # lines of a training


class Lines:
    """Callback of ``fit`` that notes the epoch and the time left.

    Parameters
    ----------
    n_epochs : int
    """

    def __init__(self, n_epochs: int) -> None:
        self.n_epochs = n_epochs
        self._start = time.perf_counter()

    def __call__(self, record: Mapping[str, float]) -> None:
        epoch = int(record["epoch"])
        if epoch * PARTS // self.n_epochs == (epoch - 1) * PARTS // self.n_epochs or epoch == self.n_epochs:
            return
        left = (time.perf_counter() - self._start) / epoch * (self.n_epochs - epoch)
        note(f"Epoch {epoch} of {self.n_epochs}, about {duration(left)} left")
