"""Conversion and validation of the parts of a corpus."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from itertools import chain
from numbers import Number
from typing import Any

import numpy as np
import scipy.sparse as sp

from hftopic.data.columns import is_corpus, is_frame, moved_word
from hftopic.data.matrices import plain_matrix
from hftopic.data.sequences import check_sequence, listed, why_unwritable
from hftopic.data.structure import sound

# float32 represents every integer exactly only up to this number.
LARGEST_COUNT = 2**24


class CorpusError(ValueError):
    """Invalid parts of a corpus; the message names the part and the position."""


def as_counts(counts: Any) -> "sp.csr_array[np.float32]":
    """Counts as canonical float32 CSR; input in this form is not copied."""
    given = _as_matrix(counts)
    values = stored_values(given)
    if values.dtype.kind not in "biuf":
        raise CorpusError(f"counts must be real numbers, not of type {values.dtype}")
    _check_values(values)
    matrix = canonical_csr(sp.csr_array(given), shared_with=given)
    check_exact(matrix.data, "counts")  # the sum of duplicates may exceed the limit
    return matrix.astype(np.float32, copy=False)


def canonical_csr(matrix: "sp.csr_array[Any]", shared_with: Any) -> "sp.csr_array[Any]":
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
    if is_corpus(counts):
        raise CorpusError("counts is a Corpus; pass its .counts")
    try:
        given = plain_matrix(counts, "counts", CorpusError)
        if is_frame(given) and hasattr(given, "sparse"):  # all of its columns are sparse
            given = given.sparse.to_coo()
        given = well_formed(given, "counts") if sp.issparse(given) else np.asarray(given)
    except CorpusError:
        raise
    except ValueError as error:
        raise CorpusError(f"counts is not a well-formed matrix: {error}") from error
    if given.ndim != 2:
        raise CorpusError(f"counts must be a matrix (n_documents, n_words), not of shape {given.shape}")
    return given


def well_formed(matrix: Any, name: str) -> Any:
    """A sparse matrix after :func:`hftopic.data.structure.sound`, whose errors name the matrix."""
    try:
        return sound(matrix)
    except ValueError as error:
        raise CorpusError(f"{name} is not a well-formed matrix: {error}") from error


def stored_values(matrix: Any) -> np.ndarray:
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
    check_exact(values, "counts")


def check_exact(values: np.ndarray, name: str) -> None:
    """Check that float32 represents counts exactly.

    Raises
    ------
    CorpusError
        A count is above 2**24.
    """
    high = values.max(initial=0)
    if high > LARGEST_COUNT:
        raise CorpusError(
            f"{name} contain {high}, above {LARGEST_COUNT:,}, the largest count allowed: float32 is exact "
            "only up to that number"
        )


def as_vocabulary(
    vocabulary: Iterable[str],
    n_words: int | None,
    *,
    name: str = "vocabulary",
    of: str = "the vocabulary has {words:,} words but counts have {columns:,} columns",
) -> np.ndarray:
    """Words in the order of the columns, as an array of str objects; an iterator is read once.

    Parameters
    ----------
    vocabulary : sequence of str
    n_words : int or None
        Number of columns, if it is known.
    name : str
        Name of the words in messages.
    of : str
        Message about another number of words than columns.

    Raises
    ------
    CorpusError
        This is no sequence of words, one for each column, all different and with characters that can be seen
        and written.
    """
    advice = "pass a sequence of words in column order, such as CountVectorizer's get_feature_names_out()"
    check_sequence(vocabulary, name, advice, CorpusError)
    words = listed(vocabulary)
    for place, word in enumerate(words):
        if not isinstance(word, str):
            raise CorpusError(f"{name}[{place}] is {word!r}, not a string")
        if not word or word.isspace():
            raise CorpusError(
                f"{name}[{place}] is {word!r}: a word must contain at least one visible character"
            )
        _check_writable(word, f"{name}[{place}]")
    if not words:
        raise CorpusError(f"the {name} is empty: a corpus needs at least one word")
    if n_words is not None and len(words) != n_words:
        raise CorpusError(of.format(words=len(words), columns=n_words))
    check_unique(words, name)
    return object_array(str(word) for word in words)


def check_order(words: Any, known: Any, source: str) -> None:
    """Check that `words` are not the names that `source` has, in another order.

    Raises
    ------
    CorpusError
        A word is the name of another column there.
    """
    moved = None if known is None else moved_word(words, known)
    if moved is not None:
        word, here, there = moved
        raise CorpusError(
            f"vocabulary[{here}] is {word!r}, but in {source} this is the word of column {there}: words are "
            "never matched by place; give the words in the order of the columns"
        )


def _check_writable(text: str, name: str) -> None:
    reason = why_unwritable(text)
    if reason is not None:
        raise CorpusError(f"{name} {reason}")


def check_unique(words: Sequence[str], name: str) -> None:
    first: dict[str, int] = {}
    for place, word in enumerate(words):
        if first.setdefault(word, place) != place:
            raise CorpusError(f"the word {word!r} is in the {name} twice, at {first[word]} and {place}")


def as_strings(values: Iterable[Any] | None, what: str, n_documents: int) -> np.ndarray | None:
    if values is None:
        return None
    check_sequence(values, what, "pass a sequence with one value per document", CorpusError)
    array = object_array(_as_string(value, what, place) for place, value in enumerate(listed(values)))
    if len(array) != n_documents:
        raise CorpusError(f"there are {len(array):,} {what} for {n_documents:,} documents")
    return array


def as_splits(values: Iterable[Any] | None, n_documents: int) -> np.ndarray | None:
    """Name of the split of each document, none of which is empty."""
    splits = as_strings(values, "splits", n_documents)
    blank = [] if splits is None else [place for place, name in enumerate(splits) if not name.strip()]
    if blank:
        raise CorpusError(f"splits[{blank[0]}] is empty; give every document the name of a split")
    return splits


def _as_string(value: Any, what: str, place: int) -> str:
    if isinstance(value, str):
        _check_writable(value, f"{what}[{place}]")
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
    check_sequence(tokens, "tokens", "pass one sequence of words per document", CorpusError)
    documents = tuple(_as_document(document, place) for place, document in enumerate(listed(tokens)))
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
    if isinstance(document, str | bytes):
        raise CorpusError(f"tokens[{place}] is {document!r}; pass a sequence of words")
    check_sequence(document, f"tokens[{place}]", "pass a sequence of words", CorpusError)
    return tuple(listed(document))


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


def object_array(values: Iterable[str | None]) -> np.ndarray:
    """Array of these objects."""
    # Fixed-width strings would be padded to the longest, and would lose NUL characters at their ends.
    held = list(values)
    array = np.empty(len(held), dtype=object)
    array[:] = held
    return array


def numbers_of_rows(index: Any, n_documents: int) -> np.ndarray:
    """Numbers of the documents that an index of a corpus selects, in its order.

    Raises
    ------
    IndexError, TypeError
        As ``Corpus.__getitem__``.
    """
    if isinstance(index, tuple) and len(index) == 2 and index[1] is Ellipsis:  # scikit-learn's index
        index = index[0]
    if isinstance(index, slice):
        return np.arange(*index.indices(n_documents))
    try:
        rows = np.asarray(index)
    except ValueError as error:
        raise IndexError(f"index documents with a mask or with row numbers, not with {index!r}") from error
    if rows.ndim == 0:
        raise TypeError(
            f"index a corpus with a slice, a boolean mask or a sequence of row numbers, not with {index!r}"
        )
    if rows.size == 0 and rows.dtype.kind == "f":
        rows = rows.astype(np.int64)
    if rows.ndim != 1 or rows.dtype.kind not in "bui":
        raise IndexError(
            "index documents with a 1-D boolean mask or with row numbers, "
            f"not with {rows.dtype} of shape {rows.shape}"
        )
    if rows.dtype.kind == "b" and len(rows) == n_documents:
        return np.flatnonzero(rows)
    chosen: np.ndarray = np.arange(n_documents)[rows]
    return chosen
