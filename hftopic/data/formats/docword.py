"""UCI bag of words: ``docword.NAME.txt``, a header with three sizes, and one entry per line."""

import re
import warnings
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
import scipy.sparse as sp

from hftopic.data.corpus import Corpus
from hftopic.data.formats.counts import (
    Counts,
    Request,
    check_plausible,
    whole_counts,
    words_beside,
    written_with_lists,
)
from hftopic.data.formats.lines import FormatError, compressed, opened

_BLOCK = 200_000  # lines read at once
_ENTRY = re.compile(rb"\s*[0-9]{1,18}\s+[0-9]{1,18}\s+[0-9]{1,18}\s*")
_HEADER = ("documents", "words", "entries")


def read_docword(path: Path, n_words: int, request: Request) -> Counts:  # noqa: ARG001
    """Counts of a docword file. Ids start at 1, repeated entries are added, blank lines are ignored.

    Raises
    ------
    FormatError
        A line is malformed, an id is out of range, or the number of entries is not the declared one.
    """
    with opened(path) as stream:
        n_documents, declared, n_entries = (_header(path, stream, line) for line in (1, 2, 3))
        if declared != n_words:
            raise FormatError(f"declares {declared:,} words but the vocabulary has {n_words:,}", path, 2)
        blocks, found, line = [], 0, 4
        while lines := list(islice(stream, _BLOCK)):
            blocks.append(_entries(path, lines, line, n_documents, n_words))
            found += len(blocks[-1])
            line += len(lines)
            if found > n_entries:
                raise FormatError(f"declares {n_entries:,} entries but contains more", path, 3)
    if found < n_entries:
        raise FormatError(f"ends after {found:,} of the {n_entries:,} entries declared", path, line - 1)
    check_plausible(path, n_documents, n_entries, 1)
    document, word, count = np.concatenate([np.zeros((0, 3), dtype=np.int64), *blocks]).T
    return Counts(sp.coo_array((count, (document - 1, word - 1)), (n_documents, n_words)).tocsr())


def _header(path: Path, stream: IO[bytes], line: int) -> int:
    text = stream.readline(1000).removeprefix(b"\xef\xbb\xbf" if line == 1 else b"").strip()
    if not re.fullmatch(rb"[0-9]{1,18}", text):
        raise FormatError(f"expected the number of {_HEADER[line - 1]}, got {_shown(text)}", path, line)
    return int(text)


def _entries(path: Path, lines: list[bytes], first: int, n_documents: int, n_words: int) -> np.ndarray:
    """Entries of consecutive lines as (document, word, count), with the ids of the file."""
    lines, numbers = _without_blanks(lines, first)
    if not lines:
        return np.zeros((0, 3), dtype=np.int64)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            entries = np.loadtxt(lines, dtype=np.int64, ndmin=2, comments=None)
        well_formed = entries.shape[1] == 3 and entries.min() >= 0
    except (ValueError, Warning):
        well_formed = False
    if not well_formed:
        row = next(row for row, line in enumerate(lines) if not _ENTRY.fullmatch(line))
        raise FormatError(f"expected 'document word count', got {_shown(lines[row])}", path, numbers[row])
    for column, (what, limit) in enumerate((("document", n_documents), ("word", n_words))):
        wrong = np.flatnonzero((entries[:, column] < 1) | (entries[:, column] > limit))
        if wrong.size:
            told = f"{what} id {entries[wrong[0], column]} is not from 1 to {limit:,}"
            raise FormatError(told, path, numbers[wrong[0]])
    return entries


def _without_blanks(lines: list[bytes], first: int) -> tuple[list[bytes], range | list[int]]:
    numbers = range(first, first + len(lines))
    if all(map(bytes.strip, lines)):
        return lines, numbers
    kept = [(line, number) for line, number in zip(lines, numbers, strict=True) if line.strip()]
    return [line for line, _ in kept], [number for _, number in kept]


def _shown(text: bytes) -> str:
    return repr(text.strip()[:40].decode("utf-8", "backslashreplace"))


def write_docword(corpus: Corpus, path: Path) -> None:
    """Write a docword file, with ``vocab.NAME.txt``, labels, names and splits next to it."""
    counts = whole_counts(corpus, "docword")
    document = np.repeat(np.arange(1, len(corpus) + 1), np.diff(corpus.counts.indptr))
    entries = np.column_stack([document, corpus.counts.indices + 1, counts])
    header = f"{corpus.n_documents}\n{corpus.n_words}\n{len(counts)}\n"
    with (
        written_with_lists(corpus, path, vocabulary=words_beside(path)) as draft,
        compressed(draft, path) as stream,
    ):
        stream.write(header.encode())
        for start in range(0, len(entries), _BLOCK):
            columns = entries[start : start + _BLOCK].T.tolist()
            stream.write("".join(map("{} {} {}\n".format, *columns)).encode())
