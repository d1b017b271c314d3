"""Matrix Market: a matrix as text, with documents in rows."""

import io
import re
from pathlib import Path
from typing import IO

import scipy.io
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

BANNER = b"%%MatrixMarket"


def read_matrix_market(path: Path, n_words: int, request: Request) -> Counts:  # noqa: ARG001
    """Counts of a Matrix Market file; repeated entries are added.

    The declared size is first compared with the number of lines, because scipy allocates memory of the
    declared size.

    Raises
    ------
    FormatError
        The header or a line is malformed, or the number of columns is not the size of the vocabulary.
    """
    with opened(path) as stream:
        _check_size(path, stream, n_words)
    with opened(path) as stream:
        try:
            matrix = scipy.io.mmread(stream)
        except (ValueError, OverflowError, TypeError) as error:
            told = str(error)
            line = re.match(r"Line (\d+): ", told)
            message = told.removeprefix(line.group()) if line else told
            raise FormatError(message, path, int(line.group(1)) if line else None) from error
    return Counts(sp.csr_array(matrix))


def _check_size(path: Path, stream: IO[bytes], n_words: int) -> None:
    banner = stream.readline(1000)
    if not banner.startswith(BANNER):
        raise FormatError(f"a Matrix Market file starts with {BANNER.decode()!r}", path, 1)
    layout = banner.split()[2:3]
    number, text = 2, stream.readline()
    while text.startswith(b"%") or (text and not text.strip()):
        number, text = number + 1, stream.readline()
    parts = text.split()
    if len(parts) != (2 if layout == [b"array"] else 3) or not all(
        re.fullmatch(rb"\d{1,18}", part) for part in parts
    ):
        raise FormatError("expected the numbers of rows, columns and entries", path, number)
    rows, columns, *entries = map(int, parts)
    if columns != n_words:
        turned = " (it looks transposed: documents go in rows)" if rows == n_words else ""
        raise FormatError(
            f"has {columns:,} columns but the vocabulary has {n_words:,} words{turned}", path, number
        )
    declared = entries[0] if entries else rows * columns
    found = sum(1 for line in stream if line.strip())
    if found != declared and not _is_half(banner, declared, found):
        raise FormatError(
            f"declares {declared:,} entries but contains {found:,}: is the file truncated?", path, number
        )
    check_plausible(path, rows, declared, number)


def _is_half(banner: bytes, declared: int, found: int) -> bool:
    """Whether this is a symmetric dense matrix, which is stored as one triangle."""
    return b"array" in banner and b"general" not in banner.lower() and found < declared


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
