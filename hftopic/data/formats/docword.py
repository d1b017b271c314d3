"""UCI bag of words: ``docword.NAME.txt``, a header with three sizes, and one entry per line."""

import re
from pathlib import Path
from typing import IO

import numpy as np

from hftopic.data.corpus import Corpus
from hftopic.data.formats.beside import words_beside, written_with_lists
from hftopic.data.formats.counts import Counts, check_plausible, summed, whole_counts
from hftopic.data.formats.entries import DIGITS, Columns, declared_entries, read_entries, shown
from hftopic.data.formats.lines import FormatError, compressed, opened
from hftopic.data.formats.request import Request

_BLOCK = 200_000  # lines written at once
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
        columns = Columns(("document", "word", "count"), (n_documents, n_words), DIGITS)
        blocks = declared_entries(path, read_entries(path, stream, 4, columns), n_entries, 3)
    check_plausible(path, n_documents, n_entries, 1)
    document, word, count = np.concatenate([np.zeros((0, 3), dtype=np.int64), *blocks]).T
    return Counts(summed(path, document - 1, word - 1, count, (n_documents, n_words)))


def _header(path: Path, stream: IO[bytes], line: int) -> int:
    text = stream.readline(1000).removeprefix(b"\xef\xbb\xbf" if line == 1 else b"").strip()
    if not re.fullmatch(rb"[0-9]{1,18}", text):
        raise FormatError(f"expected the number of {_HEADER[line - 1]}, got {shown(text)}", path, line)
    return int(text)


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
