"""Conversion and validation of the parts of a corpus."""

from collections.abc import Hashable, Iterable, Mapping, Sequence, Set
from itertools import chain
from numbers import Number
from typing import Any

import numpy as np
import scipy.sparse as sp

# float32 represents every integer exactly only up to this number.
_LARGEST_COUNT = 2**24


class CorpusError(ValueError):
    """Invalid parts of a corpus; the message names the part and the position."""


def as_counts(counts: Any) -> "sp.csr_array[np.float32]":
    """Counts as canonical float32 CSR; input in this form is not copied."""
    given = _as_matrix(counts)
    values = _values(given)
    if values.dtype.kind not in "biuf":
        raise CorpusError(f"counts must be real numbers, not of type {values.dtype}")
    _check_values(values)
    matrix = canonical_csr(sp.csr_array(given, dtype=np.float32), shared_with=given)
    _check_values(matrix.data)  # the sum of duplicates may exceed the limit
    return matrix


def canonical_csr(matrix: "sp.csr_array[np.float32]", shared_with: Any) -> "sp.csr_array[np.float32]":
    """CSR with sorted columns, no duplicates and no stored zeros.

    In this form a document is empty if and only if its row has no stored entries.

    Parameters
    ----------
    matrix : csr_array
        Returned unchanged if it is already canonical.
    shared_with : Any
        The object that the matrix was made from. If it is sparse, the two may share arrays, so the matrix is
        copied before any change.
    """
    if matrix.has_canonical_format and (matrix.data != 0).all():
        return matrix
    if sp.issparse(shared_with):
        matrix = matrix.copy()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    return matrix


def _as_matrix(counts: Any) -> Any:
    if hasattr(counts, "counts"):
        raise CorpusError("counts is a Corpus; pass its .counts")
    try:
        if sp.issparse(counts):
            if hasattr(counts, "check_format"):
                counts.check_format(full_check=True)
            given: Any = counts
        else:
            given = np.asarray(counts)
    except ValueError as error:
        raise CorpusError(f"counts is not a well-formed matrix: {error}") from error
    if given.ndim != 2:
        raise CorpusError(f"counts must be a matrix (n_documents, n_words), not of shape {given.shape}")
    return given


def _values(matrix: Any) -> np.ndarray:
    """Stored values of a matrix, for any sparse format."""
    if isinstance(matrix, np.ndarray):
        return matrix
    one_array = isinstance(matrix, sp.csr_array | sp.csr_matrix | sp.csc_array | sp.csc_matrix)
    return np.asarray(matrix.data if one_array else matrix.tocoo().data)


def _check_values(values: np.ndarray) -> None:
    if not values.size:
        return
    low, high = values.min(), values.max()
    # Comparisons with NaN are false, so this form also finds NaN.
    if not (low >= 0 and high < np.inf):
        what = "NaN" if np.isnan(low) else f"the value {low if low < 0 else high}"
        raise CorpusError(f"counts contain {what}; all counts must be finite and >= 0: pass raw word counts")
    if high > _LARGEST_COUNT:
        raise CorpusError(
            f"counts contain {high}, above {_LARGEST_COUNT:,}, the largest count allowed: float32 is exact "
            "only up to that number"
        )


def as_vocabulary(vocabulary: Iterable[str], n_words: int | None) -> np.ndarray:
    if isinstance(vocabulary, str | bytes | Mapping | Set):
        raise CorpusError(
            f"vocabulary is a {type(vocabulary).__name__}; pass a sequence of words in column order, such as "
            "CountVectorizer's get_feature_names_out()"
        )
    words = list(vocabulary)
    for place, word in enumerate(words):
        if not isinstance(word, str):
            raise CorpusError(f"vocabulary[{place}] is {word!r}, not a string")
        if not word or word.isspace():
            raise CorpusError(
                f"vocabulary[{place}] is {word!r}: a word must contain at least one visible character"
            )
    if not words:
        raise CorpusError("the vocabulary is empty: a corpus needs at least one word")
    if n_words is not None and len(words) != n_words:
        raise CorpusError(f"the vocabulary has {len(words):,} words but counts have {n_words:,} columns")
    _check_unique(words)
    return _object_array(str(word) for word in words)


def _check_unique(words: Sequence[str]) -> None:
    first: dict[str, int] = {}
    for place, word in enumerate(words):
        if first.setdefault(word, place) != place:
            raise CorpusError(f"the word {word!r} is in the vocabulary twice, at {first[word]} and {place}")


def as_strings(values: Iterable[Any] | None, what: str, n_documents: int) -> np.ndarray | None:
    if values is None:
        return None
    if isinstance(values, str | bytes | Mapping | Set):
        raise CorpusError(f"{what} is a {type(values).__name__}; pass a sequence with one value per document")
    array = _object_array(_as_string(value, what, place) for place, value in enumerate(values))
    if len(array) != n_documents:
        raise CorpusError(f"there are {len(array):,} {what} for {n_documents:,} documents")
    return array


def _as_string(value: Any, what: str, place: int) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Number | np.bool_) and value == value:  # NaN differs from itself
        return str(value)
    raise CorpusError(
        f"{what}[{place}] is {value!r} of type {type(value).__name__}; "
        "pass a string or a number for every document"
    )


def as_tokens(
    tokens: Iterable[Iterable[str]], vocabulary: np.ndarray, counts: "sp.csr_array[np.float32]"
) -> tuple[tuple[str, ...], ...]:
    documents = tuple(_as_document(document, place) for place, document in enumerate(tokens))
    if len(documents) != counts.shape[0]:
        raise CorpusError(f"tokens has {len(documents):,} documents but counts has {counts.shape[0]:,}")
    counted = count_tokens(documents, {word: column for column, word in enumerate(vocabulary)})
    same = np.array_equal(counted.indptr, counts.indptr) and np.array_equal(counted.indices, counts.indices)
    if not (same and np.array_equal(counted.data, counts.data)):
        document, column = (int(axis[0]) for axis in (counted - counts).nonzero())
        raise CorpusError(
            f"tokens and counts do not match: document {document} has the word {vocabulary[column]!r} "
            f"{counted[document, column]:g} times in tokens but {counts[document, column]:g} times in counts"
        )
    return documents


def _as_document(document: Iterable[str], place: int) -> tuple[str, ...]:
    if isinstance(document, str | bytes) or not isinstance(document, Iterable):
        raise CorpusError(f"tokens[{place}] is {document!r}; pass a sequence of words")
    return tuple(document)


def count_tokens(documents: Sequence[Sequence[str]], column: Mapping[str, int]) -> "sp.csr_array[np.float32]":
    """Counts of token sequences as canonical CSR, shape (n_documents, n_words).

    Raises
    ------
    CorpusError
        A word is not in ``column``.
    """
    ends = np.cumsum([0, *map(len, documents)], dtype=np.int64)
    try:
        ids = np.fromiter(map(column.__getitem__, chain.from_iterable(documents)), np.int64, ends[-1])
    except (KeyError, TypeError) as error:
        raise CorpusError(_stranger(documents, column)) from error
    ones = np.ones(len(ids), dtype=np.float32)
    counts = sp.csr_array((ones, ids, ends), (len(documents), len(column)))
    counts.sum_duplicates()
    return counts


def _stranger(documents: Sequence[Sequence[str]], column: Mapping[str, int]) -> str:
    for place, document in enumerate(documents):
        for word in document:
            if not isinstance(word, Hashable) or word not in column:
                return (
                    f"tokens[{place}] contains {word!r}, which is not in the vocabulary; remove such tokens"
                )
    raise AssertionError("every token is in the vocabulary")


def _object_array(values: Iterable[str]) -> np.ndarray:
    # Fixed-width strings would be padded to the longest, and would lose NUL characters at their ends.
    held = list(values)
    array = np.empty(len(held), dtype=object)
    array[:] = held
    return array
