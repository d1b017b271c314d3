"""A corpus: word counts of documents, their vocabulary, and what else is known of the documents."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from hftopic.data.columns import named_columns
from hftopic.data.embeddings import as_embeddings
from hftopic.data.hashing import sha256_of_counts
from hftopic.data.matrices import read_only, read_only_counts
from hftopic.data.metadata import (
    Columns,
    as_dates_of_documents,
    as_metadata,
    as_texts,
    frame_of,
    matched_by_name,
)
from hftopic.data.reading import Reading, as_reading
from hftopic.data.validation import (
    CorpusError,
    as_counts,
    as_splits,
    as_strings,
    as_tokens,
    as_vocabulary,
    check_order,
    numbers_of_rows,
)

if TYPE_CHECKING:
    import pandas as pd

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
    texts : sequence of str, length n_documents, optional
        Original text of each document, which readers are shown.
    dates : sequence, length n_documents, optional
        Date of each document: a string in any form that :func:`hftopic.data.dates.as_dates` reads, a number
        such as a year, or a date. "", None and NaT are missing.
    metadata : DataFrame or dict of sequences, optional
        Other columns, with one value per document: strings, numbers, truth values or dates (kept as strings
        in ISO form); categories of pandas become strings. None, NaN and the empty string are missing.
    reading : dict, optional
        How texts became counts, as JSON can hold it: ``text_column``, ``label_column``, ``name_column``,
        ``date_column``, ``delimiter``, ``encoding`` and ``sheet`` as far as they were given; ``options``, the
        fields of TextOptions that are not the defaults; and ``spread_evenly``, the words that ``even_df``
        left out. ``read_corpus`` fills it; a fitted model keeps it.
    embeddings : array-like or DataFrame, shape (n_documents, F), optional
        Embedding of each document, such as :func:`hftopic.embed_texts` returns. A memory-mapped array of
        float32 stays one: ``np.load(path, mmap_mode="r")``. The index of a DataFrame may have the names of
        the documents, by which the rows are then matched.

    Attributes
    ----------
    counts : scipy.sparse.csr_array of float32, shape (n_documents, n_words)
        Sorted column indices, no duplicates, no stored zeros.
    vocabulary : numpy.ndarray of str objects, shape (n_words,)
    labels, names, splits, texts, dates : numpy.ndarray of str objects, shape (n_documents,), or None
    tokens : tuple of tuples of str, or None
    metadata : DataFrame with n_documents rows, or None
        A new one at each access. Columns have the type int64, float64, bool or object, which are strings and
        None. ``metadata_columns`` has them as arrays.
    reading : dict or None
    embeddings : numpy.ndarray of float32, shape (n_documents, F), or None

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
    texts: np.ndarray | None = None
    dates: np.ndarray | None = None
    _columns: Columns | None = None  # of the metadata: without pandas, whose import takes time
    _reading: Reading | None = None
    embeddings: np.ndarray | None = None

    def __init__(
        self,
        counts: Any,
        vocabulary: Iterable[str],
        labels: Iterable[Any] | None = None,
        names: Iterable[Any] | None = None,
        tokens: Iterable[Iterable[str]] | None = None,
        splits: Iterable[Any] | None = None,
        texts: Iterable[str] | None = None,
        dates: Iterable[Any] | None = None,
        metadata: Any = None,
        reading: Mapping[str, Any] | None = None,
        embeddings: Any = None,
    ) -> None:
        matrix = as_counts(counts)
        words = as_vocabulary(vocabulary, matrix.shape[1])
        check_order(words, named_columns(counts, "counts", CorpusError), "the columns of counts")
        n_documents = matrix.shape[0]
        self._hold(
            counts=matrix,
            vocabulary=words,
            tokens=None if tokens is None else as_tokens(tokens, words, matrix),
            _reading=as_reading(reading),
            **known_of_documents(n_documents, labels, names, splits, texts, dates, metadata, embeddings),
        )

    def _hold(self, counts: "sp.csr_array[np.float32]", **parts: Any) -> None:
        object.__setattr__(self, "counts", read_only_counts(counts))
        for name, part in parts.items():
            object.__setattr__(self, name, read_only(part) if isinstance(part, np.ndarray) else part)
        if self._columns is not None:
            held = {name: read_only(column) for name, column in self._columns.items()}
            object.__setattr__(self, "_columns", held)

    def _with(self, **parts: Any) -> "Corpus":
        """The same corpus with other parts, which are those of a valid corpus: there is no validation."""
        corpus = Corpus.__new__(Corpus)
        corpus._hold(**{field.name: getattr(self, field.name) for field in fields(self)} | parts)
        return corpus

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._hold(**state)  # arrays out of a pickle can be written to

    @property
    def metadata(self) -> "pd.DataFrame | None":
        """Other columns of the table, one row per document; a new DataFrame at each access."""
        return None if self._columns is None else frame_of(self._columns)

    @property
    def metadata_columns(self) -> Columns:
        """The metadata as read-only arrays, by name of the column; empty if there is none."""
        return dict(self._columns or {})

    @property
    def reading(self) -> Reading | None:
        """A copy of how texts became counts, or None."""
        return as_reading(self._reading)

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
    def n_empty(self) -> int:
        """Number of documents without words."""
        return int((np.diff(self.counts.indptr) == 0).sum())

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
        kept = {
            "texts": self.texts,
            "dates": self.dates,
            "metadata": self._columns,
            "embeddings": self.embeddings,
        }
        if any(part is not None for part in kept.values()):
            facts.append("with " + ", ".join(name for name, part in kept.items() if part is not None))
        size = f"{self.n_documents:,} documents, {self.n_words:,} words, {self.n_tokens:,} tokens"
        return f"Corpus({'; '.join([size, *facts])})"

    def _repr_html_(self) -> str:
        """The corpus in a notebook: sizes, labels, frequent words and the first documents."""
        from hftopic.data.display import corpus_html

        return corpus_html(self)

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
        rows = numbers_of_rows(index, self.n_documents)
        of_documents = ("labels", "names", "splits", "texts", "dates")
        parts = {name: part[rows] for name in of_documents if (part := getattr(self, name)) is not None}
        columns = self._columns and {name: column[rows] for name, column in self._columns.items()}
        tokens = self.tokens and tuple(self.tokens[row] for row in rows)
        if self.embeddings is not None:
            parts["embeddings"] = _rows_of(self.embeddings, rows)
        return self._with(counts=self.counts[rows], tokens=tokens, _columns=columns, **parts)

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

        The other parts do not affect it.

        Examples
        --------
        >>> from hftopic import Corpus
        >>> Corpus([[1, 2]], ["one", "two"]).sha256()[:8]
        '2e35ca62'
        """
        return sha256_of_counts(lambda: [self.counts], self.vocabulary)

    def to_gensim(self) -> tuple[list[list[tuple[int, float]]], Any]:
        """The documents as gensim's bags of words, and their ``Dictionary``.

        Returns
        -------
        bags : list of lists of (int, int or float)
            Number of each word, which is its column, and its count in each document.
        dictionary : gensim.corpora.Dictionary
            All words of the vocabulary, in its order, also those that do not occur.

        Examples
        --------
        >>> from hftopic import Corpus
        >>> bags, dictionary = Corpus([[2, 0, 1], [0, 1, 0]], ["god", "ball", "team"]).to_gensim()
        >>> bags, dictionary[2]
        ([[(0, 2), (2, 1)], [(1, 1)]], 'team')
        """
        from hftopic.data.gensim_bags import bags_of, dictionary_of

        bags = bags_of(self.counts)
        return bags, dictionary_of(bags, self.vocabulary)

    def with_labels(self, labels: Iterable[Any] | None) -> "Corpus":
        """The same documents with other labels, or without labels.

        Raises
        ------
        CorpusError
            The number of labels is not the number of documents.
        """
        return self._with(labels=as_strings(labels, "labels", self.n_documents))

    def with_texts(self, texts: Iterable[str] | None) -> "Corpus":
        """The same documents with other original texts, or without texts.

        Raises
        ------
        CorpusError
            A text is not a string, or their number is not the number of documents.
        """
        return self._with(texts=as_texts(texts, self.n_documents))

    def with_metadata(self, metadata: Any) -> "Corpus":
        """The same documents with other metadata, or without metadata.

        Parameters
        ----------
        metadata : DataFrame or dict of sequences, or None
            One row per document. If the documents have names, the rows are matched by a column "name",
            "file", "file_name" or "filename", which is left out, or by an index or a column "id" that has
            the names. Else they are in the order of the documents, as in :class:`Corpus`.

        Raises
        ------
        CorpusError
            They are not of so many documents, two columns have the same name, a value is no string,
            number, truth value or date, a name is that of no document or of several rows, or another column
            has the names in another order.

        Examples
        --------
        >>> from hftopic import Corpus
        >>> corpus = Corpus([[1], [2]], ["one"]).with_metadata({"rating": [4, 5]})
        >>> corpus[1:].metadata["rating"].tolist()
        [5]
        """
        held = as_metadata(metadata, self.n_documents)
        if held is not None and self.names is not None:
            held = matched_by_name(held, metadata, self.names.tolist())
        return self._with(_columns=held)

    def with_embeddings(self, embeddings: Any) -> "Corpus":
        """The same documents with other embeddings, or without embeddings.

        Parameters
        ----------
        embeddings : array-like or DataFrame, shape (n_documents, F), or None
            As in :class:`Corpus`.

        Raises
        ------
        CorpusError
            This is no matrix of finite real numbers with one row per document, or the index of a DataFrame
            has other names than the documents.

        Examples
        --------
        >>> from hftopic import Corpus
        >>> corpus = Corpus([[1], [2]], ["one"]).with_embeddings([[0.5, 1.0], [2.0, 0.0]])
        >>> corpus[1:].embeddings
        array([[2., 0.]], dtype=float32)
        """
        names = None if self.names is None else self.names.tolist()
        return self._with(embeddings=as_embeddings(embeddings, self.n_documents, names))

    def with_reading(self, reading: Mapping[str, Any] | None) -> "Corpus":
        """The same documents with another description of how texts became counts, or without one.

        Raises
        ------
        CorpusError
            ``reading`` is not a dict, or JSON cannot hold it.
        """
        return self._with(_reading=as_reading(reading))

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
        counts = moved(self.counts, columns_in(self.vocabulary, words), len(words))
        place = set(words)
        tokens = self.tokens
        if tokens is not None:
            tokens = tuple(tuple(word for word in document if word in place) for document in tokens)
        return self._with(counts=counts, vocabulary=words, tokens=tokens)


def known_of_documents(
    n_documents: int,
    labels: Iterable[Any] | None = None,
    names: Iterable[Any] | None = None,
    splits: Iterable[Any] | None = None,
    texts: Iterable[str] | None = None,
    dates: Iterable[Any] | None = None,
    metadata: Any = None,
    embeddings: Any = None,
) -> dict[str, Any]:
    """Fields of a corpus, other than counts and tokens, that have one value per document.

    Raises
    ------
    CorpusError
        As :class:`Corpus`.
    """
    named = as_strings(names, "names", n_documents)
    return {
        "labels": as_strings(labels, "labels", n_documents),
        "names": named,
        "splits": as_splits(splits, n_documents),
        "texts": as_texts(texts, n_documents),
        "dates": as_dates_of_documents(dates, n_documents),
        "_columns": as_metadata(metadata, n_documents),
        "embeddings": as_embeddings(embeddings, n_documents, None if named is None else named.tolist()),
    }


def documents_like(corpus: Corpus, counts: "sp.csr_array[np.float32]", known: Mapping[str, Any]) -> Corpus:
    """Other documents with the vocabulary and the reading of a corpus; there is no validation.

    Parameters
    ----------
    corpus : Corpus
    counts : csr_array of float32, shape (n_documents, n_words)
        Canonical form.
    known : dict
        What :func:`known_of_documents` returns, or a part of it.
    """
    return corpus._with(**{**known_of_documents(counts.shape[0]), "tokens": None, "counts": counts, **known})


def _rows_of(embeddings: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Some rows; consecutive ones are a view, so that those of a memory-mapped array are not read."""
    if len(rows) and (np.diff(rows) == 1).all():
        return embeddings[rows[0] : rows[-1] + 1]
    return np.asarray(embeddings[rows])


def _sizes(splits: np.ndarray) -> dict[str, int]:
    """Number of documents of each split, in order of first appearance."""
    sizes: dict[str, int] = {}
    for name in splits:
        sizes[name] = sizes.get(name, 0) + 1
    return sizes


def columns_in(own: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Column of each of a corpus's own words in another vocabulary, -1 for a word that it does not have.

    Raises
    ------
    CorpusError
        They have no word in common.
    """
    place = {word: column for column, word in enumerate(words)}
    columns: np.ndarray = np.array([place.get(word, -1) for word in own], dtype=np.int64)
    if (columns < 0).all():
        raise CorpusError(
            f"the corpus and the given vocabulary have no word in common: {len(own):,} words "
            f"({_some(own)}) and {len(words):,} words ({_some(words)})"
        )
    return columns


def moved(
    counts: "sp.csr_array[np.float32]", columns: np.ndarray, n_words: int
) -> "sp.csr_array[np.float32]":
    """Counts in the columns of another vocabulary, as :func:`columns_in` finds them; canonical CSR."""
    kept = np.flatnonzero(columns >= 0)
    entries = counts[:, kept].tocoo()
    row, old = entries.coords
    moved = sp.csr_array((entries.data, (row, columns[kept][old])), (counts.shape[0], n_words))
    moved.sort_indices()
    return moved


def _some(words: np.ndarray) -> str:
    return ", ".join(map(repr, words[:3])) + (", …" if len(words) > 3 else "")
