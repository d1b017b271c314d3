"""Counts of documents in a folder of shards, which are read where they are asked for."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic._cached import cached_property
from hftopic._numbers import is_whole
from hftopic.data.corpus import columns_in, moved
from hftopic.data.hashing import sha256_of_counts
from hftopic.data.reading import Reading, as_reading
from hftopic.data.shards.embeddings import ShardedEmbeddings
from hftopic.data.shards.manifest import Part, whole
from hftopic.data.shards.selection import Selection
from hftopic.data.shards.stored import CHECKED_AT_ONCE, Stored
from hftopic.data.validation import as_vocabulary

ShardedT = TypeVar("ShardedT", bound="ShardedCounts")


class ShardedCounts:
    """Counts of the documents in a folder of shards: all, or those of a selection, with its words or others.

    Parameters
    ----------
    stored : Stored
    selection : Selection, optional
        The documents; all by default.
    words : ndarray of str, optional
        Another vocabulary.
    columns : ndarray of int, optional
        Place in it of each word of the folder, -1 for a word that it does not have.
    """

    def __init__(
        self,
        stored: Stored,
        selection: Selection | None = None,
        words: NDArray[np.object_] | None = None,
        columns: NDArray[np.int64] | None = None,
    ) -> None:
        self._stored, self._selection = stored, selection
        shape = stored.embeddings_shape
        self._vectors = None if shape is None else ShardedEmbeddings(stored.embeddings, shape, selection)
        self._words, self._columns = words, columns  # of another vocabulary, and the place of each word in it

    def __reduce__(self) -> tuple[Any, ...]:
        mask = None if self._selection is None else np.packbits(self._selection.mask)
        return _opened_again, (type(self), self._stored, mask, self._words, self._columns, self._vectors)

    @property
    def path(self) -> Path:
        """The folder."""
        return self._stored.folder

    @property
    def parts(self) -> tuple[Part, ...]:
        """Parts in the folder, with their numbers of documents, entries and tokens."""
        return self._stored.manifest.parts

    @property
    def reading(self) -> Reading | None:
        """A copy of how texts became counts, or None."""
        return as_reading(self._stored.manifest.reading)

    @property
    def vocabulary(self) -> NDArray[np.object_]:
        """Word of each column, shape (n_words,)."""
        return self._stored.vocabulary if self._words is None else self._words

    @property
    def n_documents(self) -> int:
        """Number of documents."""
        return self._stored.manifest.n_documents if self._selection is None else len(self._selection)

    @property
    def n_words(self) -> int:
        """Number of words in the vocabulary, including words that do not occur."""
        return self._stored.manifest.n_words if self._words is None else len(self._words)

    @property
    def n_tokens(self) -> float:
        """Sum of all counts; an int if it is a whole number."""
        return self._sums[0]

    @property
    def n_empty(self) -> int:
        """Number of documents without words."""
        return self._sums[1]

    @cached_property
    def _sums(self) -> tuple[float, int]:
        if self._is_whole:
            return self._stored.manifest.n_tokens, self._stored.manifest.n_empty
        n_tokens, n_empty = 0.0, 0
        for counts in self._blocks():
            n_tokens += float(counts.data.sum(dtype=np.float64))
            n_empty += int((np.diff(counts.indptr) == 0).sum())
        return whole(n_tokens), n_empty

    @property
    def _is_whole(self) -> bool:
        """Whether these are all documents with all words, for which the manifest has the sums."""
        return self._selection is None and self._words is None

    @property
    def shape(self) -> tuple[int, int]:
        """(n_documents, n_words)."""
        return self.n_documents, self.n_words

    def __len__(self) -> int:
        return self.n_documents

    def read(self, start: int, stop: int) -> "sp.csr_array[np.float32]":
        """Counts of consecutive documents as canonical CSR of float32, shape (stop - start, n_words).

        Raises
        ------
        FormatError
            A file is damaged.
        IndexError
            ``start`` and ``stop`` are not from 0 to n_documents in this order.
        """
        if not (is_whole(start, 0) and is_whole(stop, 0) and start <= stop <= self.n_documents):
            raise IndexError(f"no documents from {start!r} to {stop!r}: there are {self.n_documents:,}")
        return self.read_at(np.arange(start, stop))

    def read_at(self, places: NDArray[np.int64]) -> "sp.csr_array[np.float32]":
        """Counts of documents given by increasing places in this corpus, as :meth:`read`.

        Every file is opened once, so that many places take little longer than as many consecutive documents.

        Raises
        ------
        FormatError
            A file is damaged.
        IndexError
            The places do not increase, or are not from 0 to n_documents - 1.
        """
        if len(places) and not (
            places[0] >= 0 and places[-1] < self.n_documents and (np.diff(places) > 0).all()
        ):
            raise IndexError(
                f"places must increase, from 0 to {self.n_documents - 1:,} at most, not {places!r:.80}"
            )
        return self._counts(self._numbers(places))

    def _numbers(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Numbers in the folder of documents given by increasing places in this corpus."""
        return places if self._selection is None else self._selection.numbers(places)

    def _counts(self, numbers: NDArray[np.int64]) -> "sp.csr_array[np.float32]":
        counts = self._stored.counts(numbers)
        return counts if self._columns is None else moved(counts, self._columns, self.n_words)

    def _blocks(self) -> "Iterator[sp.csr_array[np.float32]]":
        """Counts of all documents, some thousand at a time."""
        for start in range(0, self.n_documents, CHECKED_AT_ONCE):
            yield self.read(start, min(start + CHECKED_AT_ONCE, self.n_documents))

    def with_vocabulary(self, vocabulary: Iterable[str]) -> Self:
        """The same documents with the columns of another vocabulary, matched by spelling when they are read.

        As :meth:`hftopic.Corpus.with_vocabulary`: other words are dropped, and missing words do not occur.

        Raises
        ------
        CorpusError
            The vocabularies have no word in common, or ``vocabulary`` is invalid.
        """
        words = as_vocabulary(vocabulary, None)
        if np.array_equal(words, self.vocabulary):
            return self
        columns = columns_in(self.vocabulary, words)
        if self._columns is not None:  # words that were dropped before do not come back
            columns = np.where(self._columns >= 0, columns[self._columns], -1)
        return self._with(self._vectors, self._selection, words, columns)

    def _with(self, vectors: ShardedEmbeddings | None, *parts: Any) -> Self:
        """The same folder with other embeddings, and another selection, vocabulary and columns."""
        made = type(self)(self._stored, *parts)
        made._vectors = vectors
        return made

    def fingerprint(self) -> str:
        """Hash of the manifest, and of the choice of documents and words; no other file is read for it.

        Embeddings of :meth:`ShardedCorpus.with_embeddings` are part of it.
        """
        digest = hashlib.sha256(self._stored.digest.encode("ascii"))
        if self._selection is not None:
            digest.update(b"documents" + np.packbits(self._selection.mask).tobytes())
        if self._words is not None:
            digest.update(b"words" + "\n".join(self._words).encode("utf-8"))
        if self._vectors is not None and self._vectors.given is not None:
            digest.update(b"embeddings" + np.ascontiguousarray(self._vectors.given).data)
        return digest.hexdigest()

    def sha256(self) -> str:
        """SHA-256 of the counts and the vocabulary: that of a Corpus with the same documents.

        The counts are read three times.
        """
        return sha256_of_counts(self._blocks, self.vocabulary)

    def verify(self) -> None:
        """Read every file once, and check its SHA-256 and the structure of the counts.

        Files that were found to be right are not read again by this object and those made from it.

        Raises
        ------
        FormatError
            A file is damaged; the message names it.
        """
        for start in range(0, max(1, self.n_documents), CHECKED_AT_ONCE):
            self._stored.verify(
                self._numbers(np.arange(start, min(start + CHECKED_AT_ONCE, self.n_documents)))
            )

    def verified(
        self, n_documents: int, start: int = 0, stop: int | None = None
    ) -> "Iterator[sp.csr_array[np.float32]]":
        """Counts of so many consecutive documents at a time; a file is verified before it is read for them.

        Parameters
        ----------
        n_documents : int
        start, stop : int
            First document, and the end; all by default.

        Raises
        ------
        FormatError
            As :meth:`verify`.
        """
        end = self.n_documents if stop is None else min(stop, self.n_documents)
        for first in range(start, end, n_documents):
            last = min(first + n_documents, end)
            self._stored.verify(self._numbers(np.arange(first, last)))
            yield self.read(first, last)


def _opened_again(
    kind: type[ShardedT],
    stored: Stored,
    mask: NDArray[np.uint8] | None,
    words: NDArray[np.object_] | None,
    columns: NDArray[np.int64] | None,
    vectors: ShardedEmbeddings | None,
) -> ShardedT:
    """A corpus out of a pickle."""
    n_documents = stored.manifest.n_documents
    selected = None if mask is None else Selection(np.unpackbits(mask, count=n_documents).astype(np.bool_))
    opened = kind(stored, selected, words, columns)
    opened._vectors = vectors
    return opened
