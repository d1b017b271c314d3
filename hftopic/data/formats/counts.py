"""Files of counts, and what all of their readers and writers check."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from hftopic._callers import level_of_the_caller
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats.beside import beside, lists_beside, names_beside
from hftopic.data.formats.lines import (
    FormatError,
    blamed_on,
)
from hftopic.data.formats.request import Request
from hftopic.data.formats.vocabulary import may_be_heading, read_vocabulary
from hftopic.data.validation import LARGEST_COUNT


@dataclass(frozen=True)
class Counts:
    """Content of a file of counts: a matrix and, in some formats, labels."""

    matrix: Any
    labels: Sequence[str] | None = None
    is_sized: bool = True  # whether the file tells its number of columns


def read_counts(path: Path, read: Callable[[Path, int, Request], Counts], request: Request) -> Corpus:
    """Corpus from a file of counts and the files next to it.

    Parameters
    ----------
    path : Path
    read : callable
        Reader of the file; its second argument is the size of the vocabulary.
    request : Request
    """
    words, own = _words_for(path, request)
    counts = read(path, len(words), request)
    if own and not counts.is_sized and may_be_heading(words, n_used_columns(counts.matrix)):
        told = (
            f"the vocabulary starts with {words[0]!r}, and the last of its {len(words):,} words is not used: "
            f"is {words[0]!r} a heading? Then delete it; if it is a word, save the counts as .npz or .mtx"
        )
        raise FormatError(told, path)
    n_documents = counts.matrix.shape[0]
    if not n_documents:
        raise FormatError("there are no documents", path)
    lists = {"labels": counts.labels, **lists_beside(path, n_documents, request)}
    with blamed_on(path):
        corpus = Corpus(counts.matrix, words, **lists)
        warn_of_similar(path, lists.get("splits"))
        corpus = corpus if request.split is None else corpus.split(request.split)
        if request.vocabulary is not None and own:
            corpus = corpus.with_vocabulary(request.vocabulary)
    return corpus


def n_used_columns(matrix: Any) -> int:
    """Number of columns up to the last one that has a count."""
    return int(matrix.indices.max(initial=-1)) + 1


def _words_for(path: Path, request: Request) -> tuple[Sequence[str], bool]:
    """Words of the columns, and whether they come from a file and not from ``request.vocabulary``."""
    file = request.vocabulary_file or beside(path, "vocab")
    if file:
        return read_vocabulary(file, request.encoding), True
    if request.vocabulary is not None:
        return request.vocabulary, False
    raise FormatError(no_words(path), path)


def no_words(path: Path) -> str:
    """Message about a file of counts without a vocabulary."""
    looked = ", ".join(names_beside(path, "vocab"))
    return (
        f"its vocabulary is missing: none of {looked} was found next to the file. Add vocab.txt (one word "
        "per line), or pass the vocabulary file as vocabulary="
    )


def warn_of_similar(path: Path, splits: Iterable[Any] | None) -> None:
    """Warn of splits that differ only in spaces and capitals, such as "train" and "Train "."""
    known: dict[str, Any] = {}
    for split in dict.fromkeys(splits or ()):
        other = known.setdefault(str(split).strip().casefold(), split)
        if other != split:
            warnings.warn(
                f"{path}: the splits {other!r} and {split!r} differ only in spaces or capitals; they are two "
                "splits",
                UserWarning,
                stacklevel=level_of_the_caller(),
            )


def whole_counts(corpus: Corpus, kind: str) -> np.ndarray:
    """The stored counts as int64.

    Raises
    ------
    CorpusError
        A count is a fraction, which this kind of file cannot store.
    """
    values = corpus.counts.data
    whole = values.astype(np.int64)
    if not np.array_equal(whole, values):
        odd = values[whole != values][0]
        raise CorpusError(
            f"{kind} files can only store integer counts, not {odd}; write a folder or a .mtx file"
        )
    return whole


def summed(
    path: Path, documents: np.ndarray, words: np.ndarray, counts: np.ndarray, shape: tuple[int, int]
) -> Any:
    """CSR matrix of entries, whose ids start at 0; repeated entries are added.

    Raises
    ------
    FormatError
        The sum of repeated entries is above 2**24. As no entry is, the sums are exact in 64 bits.
    """
    matrix = sp.coo_array((counts, (documents, words)), shape).tocsr()
    wrong = np.flatnonzero(matrix.data > LARGEST_COUNT)
    if wrong.size:
        document = np.searchsorted(matrix.indptr, wrong[0], "right") - 1
        told = (
            f"the counts of column {matrix.indices[wrong[0]]} in document {document} (both from 0) add up "
            f"to {matrix.data[wrong[0]]:.0f}, above {LARGEST_COUNT:,}, the largest count allowed"
        )
        raise FormatError(told, path)
    return matrix


def check_plausible(path: Path, n_documents: int, n_entries: int, line: int | None = None) -> None:
    """Raise FormatError if the declared size is far too large, before memory of this size is allocated."""
    if n_documents > max(1_000_000, 10 * n_entries):
        raise FormatError(
            f"declares {n_documents:,} documents but has only {n_entries:,} entries",
            path,
            line,
        )
