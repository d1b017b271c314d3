"""A corpus: word counts of documents, their vocabulary, and optional labels, names, tokens and splits."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from hftopic.data.columns import named_columns
from hftopic.data.validation import (
    CorpusError,
    as_counts,
    as_splits,
    as_strings,
    as_tokens,
    as_vocabulary,
    check_order,
)

__all__ = ["Corpus", "CorpusError"]


@dataclass(frozen=True, eq=False, repr=False, init=False)
class Corpus:
    """Immutable, validated word counts of documents.

    The arrays are read-only: views of the input arrays if those have the right form, copies otherwise. The
    input is never modified.

    Parameters
    ----------
    counts : sparse matrix, sparse array or array-like, shape (n_documents, n_words)
        Number of times that each word occurs in each document. Sparse input stays sparse. Fractions are
        allowed. Negative, infinite and missing values, and counts above 2**24 (the limit of exact float32
        integers), are errors.
    vocabulary : sequence of str, length n_words
        Word of each column, without duplicates. Half a character (a lone surrogate, of a text that was cut)
        cannot be written, and is an error here and in labels, names, splits and tokens.
    labels : sequence, length n_documents, optional
        Class of each document; numbers are converted to strings.
    names : sequence, length n_documents, optional
        Name of each document.
    tokens : sequence of sequences of str, optional
        Words of each document in reading order. All must be in the vocabulary, and their counts must equal
        ``counts``.
    splits : sequence, length n_documents, optional
        Split of each document, such as "train", "valid" or "test".

    Attributes
    ----------
    counts : scipy.sparse.csr_array of float32, shape (n_documents, n_words)
        Sorted column indices, no duplicates, no stored zeros.
    vocabulary : numpy.ndarray of str objects, shape (n_words,)
    labels, names, splits : numpy.ndarray of str objects, shape (n_documents,), or None
    tokens : tuple of tuples of str, or None

    Raises
    ------
    CorpusError
        The parts do not match each other, or contain invalid values.

    Examples
    --------
    >>> corpus = Corpus([[2, 0, 1], [0, 1, 0]], ["god", "ball", "team"], labels=["faith", "sport"])
    >>> corpus
    Corpus(2 documents, 3 words, 4 tokens; 2 labels)
    >>> corpus[1:].counts.toarray()
    array([[0., 1., 0.]], dtype=float32)
    """

    counts: "sp.csr_array[np.float32]"
    vocabulary: np.ndarray
    labels: np.ndarray | None
    names: np.ndarray | None
    tokens: tuple[tuple[str, ...], ...] | None
    splits: np.ndarray | None

    def __init__(
        self,
        counts: Any,
        vocabulary: Iterable[str],
        labels: Iterable[Any] | None = None,
        names: Iterable[Any] | None = None,
        tokens: Iterable[Iterable[str]] | None = None,
        splits: Iterable[Any] | None = None,
    ) -> None:
        matrix = as_counts(counts)
        words = as_vocabulary(vocabulary, matrix.shape[1])
        check_order(words, named_columns(counts, "counts", CorpusError), "the columns of counts")
        n_documents = matrix.shape[0]
        self._hold(
            matrix,
            words,
            as_strings(labels, "labels", n_documents),
            as_strings(names, "names", n_documents),
            None if tokens is None else as_tokens(tokens, words, matrix),
            as_splits(splits, n_documents),
        )

    def _hold(
        self,
        counts: "sp.csr_array[np.float32]",
        vocabulary: np.ndarray,
        labels: np.ndarray | None,
        names: np.ndarray | None,
        tokens: tuple[tuple[str, ...], ...] | None,
        splits: np.ndarray | None,
    ) -> None:
        parts = {
            "counts": _read_only_counts(counts),
            "vocabulary": _read_only(vocabulary),
            "labels": None if labels is None else _read_only(labels),
            "names": None if names is None else _read_only(names),
            "tokens": tokens,
            "splits": None if splits is None else _read_only(splits),
        }
        for name, part in parts.items():
            object.__setattr__(self, name, part)

    @classmethod
    def _of_valid_parts(cls, *parts: Any) -> "Corpus":
        """Corpus made of parts of a valid corpus, without a second validation."""
        corpus = cls.__new__(cls)
        corpus._hold(*parts)
        return corpus

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return int(self.counts.shape[0])

    @property
    def n_words(self) -> int:
        """Number of words in the vocabulary, including words that do not occur."""
        return int(self.counts.shape[1])

    @property
    def n_tokens(self) -> float:
        """Sum of all counts; an int if it is a whole number."""
        total = float(self.counts.data.sum(dtype=np.float64))
        return int(total) if total.is_integer() else total

    @property
    def shape(self) -> tuple[int, int]:
        """(n_documents, n_words); with it, scikit-learn can split a corpus like a matrix."""
        return self.n_documents, self.n_words

    def __len__(self) -> int:
        return self.n_documents

    def __repr__(self) -> str:
        facts = []
        if self.labels is not None:
            facts.append(f"{len(set(self.labels)):,} labels")
        if self.splits is not None:
            sizes = _sizes(self.splits)
            facts.append("splits " + ", ".join(f"{name} {size:,}" for name, size in sizes.items()))
        if self.tokens is not None:
            facts.append("in reading order")
        size = f"{self.n_documents:,} documents, {self.n_words:,} words, {self.n_tokens:,} tokens"
        return f"Corpus({'; '.join([size, *facts])})"

    def __getitem__(self, index: Any) -> "Corpus":
        """Sub-corpus with the same vocabulary.

        Parameters
        ----------
        index : slice, boolean mask of shape (n_documents,), or sequence of document numbers

        Raises
        ------
        IndexError
            A number is out of range, or a mask has the wrong length.
        TypeError
            ``index`` is a single number; use ``corpus[i : i + 1]``.
        """
        rows = _rows(index, self.n_documents)
        tokens = None if self.tokens is None else tuple(self.tokens[row] for row in rows)
        labels, names, splits = (
            None if part is None else part[rows] for part in (self.labels, self.names, self.splits)
        )
        return Corpus._of_valid_parts(self.counts[rows], self.vocabulary, labels, names, tokens, splits)

    def split(self, name: str) -> "Corpus":
        """Documents of one split, in the same order.

        Raises
        ------
        CorpusError
            The corpus has no split of this name.
        """
        if self.splits is None:
            raise CorpusError(f"no split {name!r}: this corpus has no splits")
        mask = self.splits == name
        if not mask.any():
            raise CorpusError(
                f"no split {name!r}; the splits are {', '.join(map(repr, _sizes(self.splits)))}"
            )
        return self[mask]

    def sha256(self) -> str:
        """SHA-256 hash of the counts and the vocabulary, the same on every machine.

        Labels, names, splits and tokens do not affect it.

        Examples
        --------
        >>> from hftopic import Corpus
        >>> Corpus([[1, 2]], ["one", "two"]).sha256()[:8]
        '2e35ca62'
        """
        digest = hashlib.sha256()
        for array, kind in (
            (self.counts.indptr, "<i8"),
            (self.counts.indices, "<i8"),
            (self.counts.data, "<f4"),
        ):
            digest.update(np.ascontiguousarray(array, dtype=kind).tobytes())
        for word in self.vocabulary:
            digest.update(str(word).encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()

    def with_labels(self, labels: Iterable[Any] | None) -> "Corpus":
        """The same documents with other labels, or without labels.

        Raises
        ------
        CorpusError
            The number of labels is not the number of documents.
        """
        held = as_strings(labels, "labels", self.n_documents)
        return Corpus._of_valid_parts(
            self.counts, self.vocabulary, held, self.names, self.tokens, self.splits
        )

    def with_vocabulary(self, vocabulary: Iterable[str]) -> "Corpus":
        """The same documents with the columns of another vocabulary, matched by spelling.

        Words that are not in ``vocabulary`` are dropped. Words of ``vocabulary`` that this corpus does not
        have get a column of zeros. A model that was fitted on ``vocabulary`` accepts the result.

        Raises
        ------
        CorpusError
            The vocabularies have no word in common, or ``vocabulary`` is invalid.
        """
        words = as_vocabulary(vocabulary, None)
        place = {word: column for column, word in enumerate(words)}
        column = np.array([place.get(word, -1) for word in self.vocabulary], dtype=np.int64)
        kept = np.flatnonzero(column >= 0)
        if not kept.size:
            raise CorpusError(
                f"the corpus and the given vocabulary have no word in common: {self.n_words:,} words "
                f"({_some(self.vocabulary)}) and {len(words):,} words ({_some(words)})"
            )
        entries = self.counts[:, kept].tocoo()
        row, old = entries.coords
        counts = sp.csr_array((entries.data, (row, column[kept][old])), (self.n_documents, len(words)))
        counts.sort_indices()
        tokens = self.tokens
        if tokens is not None:
            tokens = tuple(tuple(word for word in document if word in place) for document in tokens)
        return Corpus._of_valid_parts(counts, words, self.labels, self.names, tokens, self.splits)


def _read_only(array: np.ndarray) -> np.ndarray:
    view = array.view()
    view.flags.writeable = False
    return view


def _read_only_counts(counts: "sp.csr_array[np.float32]") -> "sp.csr_array[np.float32]":
    parts = (_read_only(counts.data), _read_only(counts.indices), _read_only(counts.indptr))
    return sp.csr_array(parts, shape=counts.shape, copy=False)


def _rows(index: Any, n_documents: int) -> np.ndarray:
    if isinstance(index, tuple) and len(index) == 2 and index[1] is Ellipsis:  # scikit-learn's index
        index = index[0]
    if isinstance(index, slice):
        return np.arange(n_documents)[index]
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
    chosen: np.ndarray = np.arange(n_documents)[rows]
    return chosen


def _sizes(splits: np.ndarray) -> dict[str, int]:
    """Number of documents of each split, in order of first appearance."""
    sizes: dict[str, int] = {}
    for name in splits:
        sizes[name] = sizes.get(name, 0) + 1
    return sizes


def _some(words: np.ndarray) -> str:
    return ", ".join(map(repr, words[:3])) + (", …" if len(words) > 3 else "")
