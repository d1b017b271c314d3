"""Lines of numbers, read in blocks: the entries of docword and Matrix Market files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from hftopic._cached import cached_property
from hftopic.data.formats.limits import BLANK_LINES, longest_line, too_long
from hftopic.data.formats.lines import FormatError, warn_of_cut
from hftopic.data.validation import LARGEST_COUNT

_BLOCK = 2**22  # bytes
_BLANK = rb"[ \t\r\f\v]"
DIGITS = rb"[0-9]{1,18}+"
WHOLE = rb"\+?+" + DIGITS
REAL = rb"\+?+(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:[eE][-+]?+[0-9]++)?+"


@dataclass(frozen=True)
class Columns:
    """Numbers of a line: ids, and a count unless every entry counts once.

    Parameters
    ----------
    names : tuple of str
        What the numbers are, for messages.
    ids : tuple of int
        For each id, the largest one; ids start at 1.
    count : bytes or None
        Regular expression of a count: `DIGITS`, `WHOLE` or `REAL`.
    triangle : bool
        Whether the first id is never smaller than the second, as in a symmetric matrix.
    """

    names: tuple[str, ...]
    ids: tuple[int, ...]
    count: bytes | None
    triangle: bool = False

    def line(self, start: bytes, between: bytes, end: bytes) -> bytes:
        """Regular expression of a line without its newline, with the spaces that are allowed."""
        fields = [DIGITS] * len(self.ids) + ([] if self.count is None else [self.count])
        return start + between.join(fields) + end

    @cached_property
    def spaced(self) -> bytes:
        """Regular expression of a line with any spaces."""
        return self.line(_BLANK + rb"*+", _BLANK + rb"++", _BLANK + rb"*+")

    @cached_property
    def blocks(self) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
        """Regular expressions of lines: as programs write them, which is faster; and with any spaces."""
        plain = rb"(?:" + self.line(b"", b" ", b"") + rb"\n)*+"
        return re.compile(plain), re.compile(rb"(?:" + self.spaced + rb"\n|" + _BLANK + rb"*+\n)*+")


def read_entries(path: Path, stream: IO[bytes], line: int, columns: Columns) -> Iterator[np.ndarray]:
    """Blocks of entries, each of shape (n_lines, n_columns): ids as in the file, and counts.

    Every line is checked before it is converted. Blank lines are ignored. A last line without an end is read
    with a warning: it may have been cut off.

    Parameters
    ----------
    path : Path
    stream : binary stream
        It has been read up to the first entry.
    line : int
        Number of the line that comes next.
    columns : Columns

    Raises
    ------
    FormatError
        A line has another form, an id is out of range, a count is above 2**24, or a line is too long.
    """
    rest = b""
    while text := stream.read(_BLOCK):
        end = text.rfind(b"\n") + 1
        if end:
            block = rest + text[:end]
            yield _entries(path, block, line, columns)
            line += block.count(b"\n")
        rest = text[end:] if end else rest + text
        if len(rest) > longest_line():
            raise FormatError(str(too_long()), path, line)
    if rest.strip():
        yield _entries(path, rest + b"\n", line, columns)
        warn_of_cut(path, line)


def _entries(path: Path, block: bytes, line: int, columns: Columns) -> np.ndarray:
    n_columns, kind = len(columns.names), np.float64 if columns.count == REAL else np.int64
    if not any(form.fullmatch(block) for form in columns.blocks):
        _blame_line(path, block, line, columns)
    if not block.strip():
        if block.count(b"\n") > BLANK_LINES:
            raise FormatError(f"more than {BLANK_LINES:,} blank lines in sequence", path, line)
        return np.zeros((0, n_columns), kind)
    entries = np.fromstring(block, dtype=kind, sep=" ").reshape(-1, n_columns)
    for column, limit in enumerate(columns.ids):
        ids = entries[:, column]
        wrong = np.flatnonzero((ids < 1) | (ids > limit))
        if wrong.size:
            told = f"{columns.names[column]} id {ids[wrong[0]]:.0f} is not from 1 to {limit:,}"
            raise FormatError(told, path, _line_of(block, line, wrong[0]))
    if columns.triangle:
        wrong = np.flatnonzero(entries[:, 0] < entries[:, 1])
        if wrong.size:
            told = "is above the diagonal; of a symmetric matrix, only the entries below it are stored"
            raise FormatError(told, path, _line_of(block, line, wrong[0]))
    if columns.count is not None:
        wrong = np.flatnonzero(entries[:, -1] > LARGEST_COUNT)
        if wrong.size:
            told = f"the count {entries[wrong[0], -1]:.15g} is above {LARGEST_COUNT:,}, the largest allowed"
            raise FormatError(told, path, _line_of(block, line, wrong[0]))
    return entries


def _line_of(block: bytes, line: int, row: int) -> int:
    """Number of the line with an entry; blank lines are counted too."""
    filled = (number for number, text in enumerate(block.split(b"\n"), start=line) if text.strip())
    return next(number for place, number in enumerate(filled) if place == row)


def _blame_line(path: Path, block: bytes, line: int, columns: Columns) -> None:
    form = re.compile(columns.spaced)
    for number, text in enumerate(block.split(b"\n"), start=line):
        if text.strip() and not form.fullmatch(text):
            kind = "" if columns.count is None else " with counts >= 0"
            whole = " that are whole numbers" if columns.count in (DIGITS, WHOLE) else ""
            told = f"expected '{' '.join(columns.names)}'{kind}{whole}, got {shown(text)}"
            raise FormatError(told, path, number)
    raise AssertionError("every line has the right form")


def shown(text: bytes) -> str:
    """Start of a line, for messages."""
    return repr(text.strip()[:40].decode("utf-8", "backslashreplace"))


def declared_entries(path: Path, blocks: Iterator[np.ndarray], declared: int, line: int) -> list[np.ndarray]:
    """The blocks, of which reading stops if they have more entries than the file declares on ``line``.

    Raises
    ------
    FormatError
        The number of entries is not the declared one.
    """
    held, found = [], 0
    for block in blocks:
        held.append(block)
        found += len(block)
        if found > declared:
            raise FormatError(f"declares {declared:,} entries but contains more", path, line)
    if found < declared:
        told = f"declares {declared:,} entries but contains {found:,}: is the file truncated?"
        raise FormatError(told, path, line)
    return held
