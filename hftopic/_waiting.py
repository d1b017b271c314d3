"""Waits for other processes in which signals are heard, and which say for what they wait.

Operations of ``torch.distributed`` wait outside of Python: the handler of a signal is called when they end.
"""

import time
import warnings
from collections.abc import Callable
from typing import Any

from hftopic._callers import level_of_the_caller

PATIENCE = 20.0  # seconds, until a warning says for what a process waits
LONGEST_PAUSE = 0.05  # seconds between two looks


def wait_until(done: Callable[[], bool], seconds: float | None = None) -> bool:
    """Wait until something is done, for at most so many seconds; whether it is done."""
    end = None if seconds is None else time.monotonic() + seconds
    pause = 1e-4
    while not done():
        if end is not None and time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
    return True


def wait_for_all(
    store: Any, place: str, rank: int, size: int, told: str, afterwards: Callable[[], None] | None = None
) -> None:
    """Wait until all processes are at this place, which has a name that is new in the store.

    Parameters
    ----------
    store : torch.distributed.Store
    place : str
    rank, size : int
        Number of this process, and of all.
    told : str
        Text of a warning after ``PATIENCE`` seconds; an empty one is not told.
    afterwards : callable, optional
        How to wait after this time; by default as before.

    Raises
    ------
    RuntimeError
        The store cannot be reached.
    """
    store.set(f"{place}/{rank}", "")
    places = [f"{place}/{other}" for other in range(size)]

    def all_here() -> bool:
        return bool(store.check(places))

    late = not wait_until(all_here, PATIENCE)
    if late and told:
        warnings.warn(f"waiting for the other processes: {told}", stacklevel=level_of_the_caller())
    if afterwards is not None:
        afterwards()
    elif late:
        wait_until(all_here)
