"""Locks of folders between processes and threads, and of settings between threads."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows cannot lock folders
    fcntl = None  # type: ignore[assignment]

PATIENCE = 60.0  # seconds to wait for another process


class Lock:
    """Lock of a folder, which ends with the process, or with this object.

    Attributes
    ----------
    works : bool
        Whether folders can be locked at all; Windows and some network file systems cannot.
    """

    def __init__(self, folder: Path) -> None:
        self.works = fcntl is not None
        self.descriptor: int | None = None
        if self.works:
            self.descriptor = os.open(folder, os.O_RDONLY)

    def acquire(self, wait: float = 0.0) -> bool:
        """Lock the folder; False if another process or thread has it, or if it cannot be locked."""
        end = time.monotonic() + wait
        while self.works and self.descriptor is not None:
            try:
                fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if time.monotonic() > end:
                    return False
                time.sleep(0.002)
            except OSError:
                self.works = False
        return False

    def release(self) -> None:
        """Unlock the folder."""
        if self.descriptor is not None:
            if self.works:
                fcntl.flock(self.descriptor, fcntl.LOCK_UN)  # a forked child may hold a copy
            descriptor, self.descriptor = self.descriptor, None
            os.close(descriptor)

    def abandon(self) -> None:
        """Close the lock in a forked process, where unlocking would unlock it for the parent."""
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def __del__(self) -> None:
        self.release()


_held: dict[tuple[int, str], Lock] = {}
"""Locks of the bodies of :func:`locked`, by thread and folder."""


def _in_forked_process() -> None:
    for lock in _held.values():
        lock.abandon()
    _held.clear()


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_in_forked_process)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Only one process or thread at a time is in the body, for each folder; where folders can be locked.

    The body must not lock the same folder again.

    Raises
    ------
    TimeoutError
        Another one has been in the body for :data:`PATIENCE` seconds.
    """
    body = threading.get_ident(), os.path.realpath(folder)
    left = _held.pop(body, None)
    if left is not None:  # an interrupt came between the end of the body and the release of its lock
        left.release()
    lock = Lock(folder)
    _held[body] = lock
    try:
        if not lock.acquire(PATIENCE) and lock.works:
            raise TimeoutError(f"{folder} has been locked by another process for {PATIENCE:g} seconds")
        yield
    finally:
        lock.release()
        if _held.get(body) is lock:
            del _held[body]


def reserved(file: Path, refusal: str, wait: float = 0.0) -> Lock:
    """A lock of a file, which is made if it is not there; no other process or thread has it.

    Raises
    ------
    ValueError
        Another one has it, after so many seconds; ``refusal`` is the message.
    """
    file.touch()
    lock = Lock(file)
    if not lock.acquire(wait) and lock.works:
        lock.release()
        raise ValueError(refusal)
    return lock


class ThreadLock:
    """Lock between threads; it is free in a forked process, which does not have the thread that held it."""

    def __init__(self) -> None:
        self._renew()
        if hasattr(os, "register_at_fork"):  # not on Windows
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._lock = threading.RLock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
