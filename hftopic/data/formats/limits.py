"""Limits on what is read, so that a small file cannot fill the memory or keep the process busy.

==================  ==========================================================================================
a line              16 MiB
compressed content  100 times the bytes that it is read from, beyond 4 MiB
arrays of an .npz   30 times the size of the file, beyond 64 MiB; the same for columns of a Parquet file, for
                    an Excel workbook, and for columns that are missing in most lines of JSON
a pipe              1 GiB
blank lines         a million in sequence
==================  ==========================================================================================

``read_corpus(…, max_bytes=)`` replaces all of them, except the one on blank lines, by one number.
"""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import IO, Any

BLANK_LINES = 1_000_000
_LINE = 2**24
_PIPE = 2**30
_FREE, _EXPANSION, _PART, _READ_AHEAD = 2**22, 100, 2**19, 2**17
_ARRAYS, _ARRAY_EXPANSION = 2**26, 30
RAISE = "pass max_bytes= with a larger limit"
_max_bytes: ContextVar[int | None] = ContextVar("max_bytes", default=None)


class TooLargeError(Exception):
    """Content that is beyond a limit; the message names the limit and how to raise it."""


@contextmanager
def allowing(max_bytes: int | None) -> Iterator[None]:
    """Reading with another limit on the bytes of a line, of expanded content and of arrays."""
    # Above the size of an address, no limit can be passed to the readers of a line.
    token = _max_bytes.set(None if max_bytes is None else min(int(max_bytes), sys.maxsize - 1))
    try:
        yield
    finally:
        _max_bytes.reset(token)


def longest_line() -> int:
    """Largest number of bytes of a line."""
    return _max_bytes.get() or _LINE


def too_long() -> TooLargeError:
    """Error for a line that is longer than that."""
    return TooLargeError(f"the line is longer than {longest_line():,} bytes; if it is right, {RAISE}")


def largest_pipe() -> int:
    """Largest number of bytes that are read from a pipe."""
    return _max_bytes.get() or _PIPE


def check_arrays(n_bytes: int, n_packed: int) -> None:
    """Raise TooLargeError if arrays are far larger than the file that they are stored in."""
    limit = _max_bytes.get() or max(_ARRAYS, _ARRAY_EXPANSION * n_packed)
    if n_bytes > limit:
        raise TooLargeError(
            f"expands to {n_bytes:,} bytes, but is only {n_packed:,} bytes large (the limit is {limit:,}); "
            f"if it is right, {RAISE}"
        )


class Unpacked(io.RawIOBase):
    """Decompressed bytes of a stream, as long as they are not far more than the compressed ones.

    Parameters
    ----------
    stream : binary stream
        Decompressed content.
    packed : binary stream
        The file that ``stream`` reads.
    """

    def __init__(self, stream: IO[bytes], packed: IO[bytes]) -> None:
        self._stream: Any = stream
        self._packed = packed
        self._done, self._start, self._packed_start = 0, 0, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        n = int(self._stream.readinto(buffer))
        self._done += n
        limit = _max_bytes.get()
        if limit is not None and self._done > limit:
            raise TooLargeError(f"expands to more than {limit:,} bytes; if it is right, {RAISE}")
        if limit is None and self._done - self._start > _FREE:
            self._check()
        return n

    def _check(self) -> None:
        """Compare with the last 512 KiB of the file, so that a sound beginning pays for no bomb."""
        packed = self._packed.tell()
        if self._done - self._start > _FREE + _EXPANSION * (packed - self._packed_start):
            raise TooLargeError(
                f"expands to more than {_EXPANSION} times its size ({self._done:,} bytes from the first "
                f"{packed:,} bytes); if it is right, {RAISE}"
            )
        if packed - self._packed_start > _PART:
            # The decompressor has read ahead, but has not expanded that yet.
            self._start, self._packed_start = self._done, packed - _READ_AHEAD
