"""Results of functions, of which a thread computes the next one meanwhile."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

ValueT = TypeVar("ValueT")


def read_ahead(readings: Iterable[Callable[[], ValueT]]) -> Iterator[ValueT]:
    """Results of functions one after the other; a thread computes the next one meanwhile."""
    with ThreadPoolExecutor(1, thread_name_prefix="hftopic-reader") as thread:
        waiting = iter(readings)
        futures = [thread.submit(reading) for reading in [next(waiting, None)] if reading is not None]
        while futures:
            result = [futures.pop().result()]
            futures += [thread.submit(reading) for reading in [next(waiting, None)] if reading is not None]
            yield result.pop()  # held by the caller alone
