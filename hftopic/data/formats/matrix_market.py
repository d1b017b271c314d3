"""Matrix Market: a matrix as text, with documents in rows."""

import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import scipy.io
import scipy.sparse as sp

from hftopic.data.corpus import Corpus
from hftopic.data.formats.beside import words_beside, written_with_lists
from hftopic.data.formats.counts import Counts, check_plausible, summed, whole_counts
from hftopic.data.formats.entries import REAL, WHOLE, Columns, declared_entries, read_entries, shown
from hftopic.data.formats.limits import BLANK_LINES, longest_line, too_long
from hftopic.data.formats.lines import FormatError, compressed, opened
from hftopic.data.formats.request import Request

BANNER = b"%%MatrixMarket"
_COUNT = {"real": REAL, "double": REAL, "integer": WHOLE, "unsigned-integer": WHOLE, "pattern": None}
"""Regular expression of a count for each field; in a pattern every entry counts once."""


@dataclass(frozen=True)
class _Header:
    dense: bool
    count: bytes | None
    symmetric: bool
    rows: int
    columns: int
    entries: int
    line: int  # the one with the sizes


def read_matrix_market(path: Path, n_words: int, request: Request) -> Counts:  # noqa: ARG001
    """Counts of a Matrix Market file; repeated entries are added, blank lines are ignored.

    Both layouts are read, with real numbers, integers or patterns, general or symmetric. Counts are never
    negative, so skew-symmetric and Hermitian matrices are not read, and a file of integers contains nothing
    but digits.

    Raises
    ------
    FormatError
        The header or a line is malformed, an id is out of range, the number of entries is not the declared
        one, or the number of columns is not the size of the vocabulary.

    Notes
    -----
    Boisvert, Pozo and Remington (1996), *The Matrix Market exchange formats*.
    """
    with opened(path) as stream:
        header = _header(path, stream, n_words)
        check_plausible(path, header.rows, header.entries, header.line)
        read = _dense if header.dense else _sparse
        rows, columns, counts = read(path, stream, header)
    return Counts(summed(path, rows, columns, counts, (header.rows, header.columns)))


_Entries = tuple[np.ndarray, np.ndarray, np.ndarray]


def _sparse(path: Path, stream: IO[bytes], header: _Header) -> _Entries:
    names = ("row", "column", "count")[: 2 if header.count is None else 3]
    form = Columns(names, (header.rows, header.columns), header.count, triangle=header.symmetric)
    blocks = read_entries(path, stream, header.line + 1, form)
    held = declared_entries(path, blocks, header.entries, header.line)
    entries = np.concatenate([np.zeros((0, len(names)), dtype=np.int64), *held])
    rows, columns = entries[:, :2].T.astype(np.int64) - 1
    counts = np.ones(len(entries)) if header.count is None else entries[:, 2]
    if header.symmetric:
        beside = np.flatnonzero(rows != columns)  # each of these stands for two entries
        rows, columns = np.append(rows, columns[beside]), np.append(columns, rows[beside])
        counts = np.append(counts, counts[beside])
    return rows, columns, counts


def _dense(path: Path, stream: IO[bytes], header: _Header) -> _Entries:
    """Entries of a dense matrix, stored column after column; a symmetric one as its lower triangle."""
    form = Columns(("count",), (), header.count)
    blocks = read_entries(path, stream, header.line + 1, form)
    held = declared_entries(path, blocks, header.entries, header.line)
    counts = np.concatenate([np.zeros((0, 1)), *held])[:, 0]
    if not header.symmetric:
        columns, rows = np.divmod(np.arange(len(counts)), max(header.rows, 1))
        return rows, columns, counts
    columns, rows = np.triu_indices(header.rows)
    beside = np.flatnonzero(rows != columns)
    return (
        np.append(rows, columns[beside]),
        np.append(columns, rows[beside]),
        np.append(counts, counts[beside]),
    )


def _header(path: Path, stream: IO[bytes], n_words: int) -> _Header:
    dense, count, symmetric = _banner(path, stream.readline(1000).removeprefix(b"\xef\xbb\xbf"))
    number, text = _first_line(path, stream)
    sizes = [int(part) for part in text.split() if re.fullmatch(rb"[0-9]{1,18}", part)]
    if len(sizes) != len(text.split()) or len(sizes) != (2 if dense else 3):
        what = "rows and columns" if dense else "rows, columns and entries"
        raise FormatError(f"expected the numbers of {what}, got {shown(text)}", path, number)
    rows, columns = sizes[:2]
    if columns != n_words:
        turned = " (it looks transposed: documents go in rows)" if rows == n_words else ""
        told = f"has {columns:,} columns but the vocabulary has {n_words:,} words{turned}"
        raise FormatError(told, path, number)
    if symmetric and rows != columns:
        raise FormatError(f"is symmetric, but has {rows:,} rows and {columns:,} columns", path, number)
    stored = rows * columns if not symmetric else rows * (rows + 1) // 2
    return _Header(dense, count, symmetric, rows, columns, stored if dense else sizes[2], number)


def _banner(path: Path, line: bytes) -> tuple[bool, bytes | None, bool]:
    """Whether the matrix is dense, the regular expression of a count, and whether it is symmetric."""
    if not line.startswith(BANNER):
        raise FormatError(f"a Matrix Market file starts with {BANNER.decode()!r}", path, 1)
    words = line.removeprefix(BANNER).decode("ascii", "backslashreplace").lower().split()
    told = f"expected '{BANNER.decode()} matrix', then a layout, a kind of number and a symmetry"
    if line.split()[0] != BANNER or len(words) != 4 or words[0] != "matrix":
        raise FormatError(f"{told}, got {shown(line)}", path, 1)
    _, layout, field, symmetry = words
    for got, known, what in (
        (layout, ("coordinate", "array"), "layout"),
        (field, tuple(_COUNT), "numbers"),
        (symmetry, ("general", "symmetric"), "symmetry"),
    ):
        if got not in known:
            raise FormatError(f"the {what} must be {' or '.join(known)}, not {got[:40]!r}", path, 1)
    if layout == "array" and field == "pattern":
        raise FormatError("a pattern has no array of numbers", path, 1)
    return layout == "array", _COUNT[field], symmetry == "symmetric"


def _first_line(path: Path, stream: IO[bytes]) -> tuple[int, bytes]:
    """The line with the sizes, after comments and blank lines."""
    for number in range(2, BLANK_LINES):
        text = stream.readline(longest_line())
        if not text.endswith(b"\n") and len(text) == longest_line():
            raise FormatError(str(too_long()), path, number)
        if not text or (text.strip() and not text.startswith(b"%")):
            return number, text
    raise FormatError(f"has {BLANK_LINES:,} lines of comments", path)


def write_matrix_market(corpus: Corpus, path: Path) -> None:
    """Write a Matrix Market file, with ``NAME.vocab.txt``, labels, names and splits next to it."""
    matrix = corpus.counts
    if (matrix.data % 1 == 0).all():
        matrix = sp.csr_array(
            (whole_counts(corpus, ".mtx"), matrix.indices, matrix.indptr), shape=matrix.shape
        )
    with (
        written_with_lists(corpus, path, vocabulary=words_beside(path)) as draft,
        compressed(draft, path) as stream,
    ):
        text = io.BytesIO()  # scipy's writer seeks, which compressed streams do not support
        scipy.io.mmwrite(text, matrix, symmetry="general")
        stream.write(text.getbuffer())
