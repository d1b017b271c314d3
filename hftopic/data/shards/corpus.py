"""A corpus in a folder of shards: its counts, and what else is known of its documents."""

import os
from collections.abc import Collection, Iterator
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic._cached import cached_property
from hftopic._numbers import is_whole
from hftopic._wording import counted
from hftopic.data.columns import of_pandas
from hftopic.data.corpus import Corpus, CorpusError, documents_like
from hftopic.data.embeddings import as_embeddings
from hftopic.data.metadata import Columns
from hftopic.data.shards.counts import ShardedCounts
from hftopic.data.shards.embeddings import GivenRows, ShardedEmbeddings
from hftopic.data.shards.manifest import FIELDS
from hftopic.data.shards.selection import Selection
from hftopic.data.shards.stored import CHECKED_AT_ONCE, opened_folder
from hftopic.data.shards.table import known_in, names_known
from hftopic.data.validation import numbers_of_rows

CHUNK = 4096  # documents of a chunk


def open_corpus(path: str | os.PathLike[str]) -> "ShardedCorpus":
    """Corpus in a folder of shards, of which nothing is read but the manifest and the sizes of the files.

    If there is a table of metadata beside the shards, see :class:`ShardedCorpus`, that is read too.

    Raises
    ------
    FileNotFoundError
        There is no such folder.
    FormatError
        The folder is none of shards, its manifest is damaged, or a file is missing or cut off; or the table
        of metadata does not have one row per document. The message names the file.

    Examples
    --------
    >>> import tempfile
    >>> from hftopic import Corpus, open_corpus, write_corpus
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_corpus(Corpus([[2, 0], [1, 3]], ["god", "ball"]), f"{folder}/shards", format="shards")
    ...     corpus = open_corpus(f"{folder}/shards")
    ...     print(corpus, corpus[1:].counts.toarray())
    ShardedCorpus(2 documents, 2 words, 6 tokens; 1 part) [[1. 3.]]
    """
    return ShardedCorpus(opened_folder(path))


class ShardedCorpus(ShardedCounts):
    """Documents in a folder of shards, or some of them; :func:`open_corpus` makes it.

    It takes the place of a :class:`hftopic.Corpus` that is larger than memory. An index gives a Corpus in
    memory; ``split`` and ``with_vocabulary`` give another ShardedCorpus. All that is read is checked, so that
    a damaged file is an error; ``verify`` also compares the SHA-256 of every file.

    Attributes
    ----------
    path : Path
    vocabulary : numpy.ndarray of str objects, shape (n_words,)
        Read at first use.
    reading : dict or None
        How texts became counts.
    parts : tuple of Part
        Parts in the folder, with their sizes.
    labels, names, splits, dates : numpy.ndarray of str objects, shape (n_documents,), or None
        Read at first use, and kept: they take memory for each document.
    embeddings : array-like of float32, shape (n_documents, F), or None
        An index of it reads some rows of the file, and no others.

    Notes
    -----
    Metadata may be added to shards in a table, ``metadata.csv`` in the folder or ``NAME.metadata.csv`` beside
    it, with one row per document. It is read when the corpus is opened, and kept. Embeddings may be added as
    ``embeddings.npy`` in the folder, or ``NAME.embeddings.npy`` beside it.
    """

    def __repr__(self) -> str:
        size = f"{self.n_documents:,} documents, {self.n_words:,} words"
        if self._is_whole:
            size += f", {self.n_tokens:,} tokens"
        held = [name if name == "metadata" else f"{name}s" for name in self._kept]
        facts = [counted(len(self.parts), "part")] + [f"with {', '.join(held)}"] * bool(held)
        return f"ShardedCorpus({'; '.join([size, *facts])})"

    def _repr_html_(self) -> str:
        """The corpus in a notebook: sizes, parts and the first documents."""
        from hftopic.data.display import sharded_html

        return sharded_html(self)

    @property
    def _kept(self) -> list[str]:
        """What is known of the documents: label, name, split, date, text, metadata, embedding."""
        names = self._stored.names
        held = [name for name in FIELDS if name in names]
        held += ["metadata"] * any(name not in FIELDS for name in names)
        return held + ["embedding"] * (self._vectors is not None)

    def chunks(
        self, n_documents: int = CHUNK, *, keep_texts: bool = True, start: int = 0
    ) -> Iterator[Corpus]:
        """Consecutive documents as corpora in memory, with all that is known of them.

        Parameters
        ----------
        n_documents : int
            Documents of a chunk; the last one may have fewer.
        keep_texts : bool
            Whether the original texts are read.
        start : int
            Number of the first document.
        """
        if not is_whole(n_documents):
            raise ValueError(f"n_documents must be an int >= 1, not {n_documents!r}")
        if not is_whole(start, 0):
            raise ValueError(f"start must be an int >= 0, not {start!r}")
        for first in range(start, self.n_documents, n_documents):
            yield self._corpus(np.arange(first, min(first + n_documents, self.n_documents)), keep_texts)

    def __getitem__(self, index: Any) -> Corpus:
        """Some of the documents, in memory.

        Parameters
        ----------
        index : slice, boolean mask of shape (n_documents,), or sequence of document numbers

        Raises
        ------
        IndexError, TypeError
            As for :class:`hftopic.Corpus`.
        """
        places = numbers_of_rows(index, self.n_documents)
        if (np.diff(places) > 0).all():
            return self._corpus(places)
        distinct, order = np.unique(places, return_inverse=True)
        return self._corpus(distinct)[order]

    def loaded(self, *, keep_texts: bool = True) -> Corpus:
        """All documents in memory."""
        return self._corpus(np.arange(self.n_documents), keep_texts)

    def sampled(self, most: int, *, keep_texts: bool = True) -> Corpus:
        """At most so many documents, at even distances, in memory; they are read in one pass."""
        from hftopic.data.documents import evenly  # imports torch

        if not is_whole(most):
            raise ValueError(f"most must be an int >= 1, not {most!r}")
        return self._corpus(evenly(self.n_documents, most), keep_texts)

    def _corpus(self, places: NDArray[np.int64], keep_texts: bool = True) -> Corpus:
        """Documents given by increasing places, in memory."""
        numbers = self._numbers(places)
        names = [name for name in self._stored.names if keep_texts or name != "text"]
        known = known_in(self._stored.columns(numbers, names))
        if self._vectors is not None:
            known["embeddings"] = self._vectors[places]
        return documents_like(self._without_documents, self._counts(numbers), known)

    @property
    def embeddings(self) -> ShardedEmbeddings | None:
        """Embeddings of the documents, or None: an array of shape (n_documents, F), whose rows are read."""
        return self._vectors

    def with_embeddings(self, embeddings: Any) -> Self:
        """The same documents with other embeddings, or without embeddings; the folder is not changed.

        Parameters
        ----------
        embeddings : array-like or DataFrame, shape (n_documents, F), or None
            As in :class:`hftopic.Corpus`; a memory-mapped array of float32 is not read into memory.

        Raises
        ------
        CorpusError
            As :meth:`hftopic.Corpus.with_embeddings`.
        """
        names = self.names if of_pandas(embeddings, "DataFrame") else None
        array = as_embeddings(embeddings, self.n_documents, None if names is None else names.tolist())
        vectors = None if array is None else ShardedEmbeddings(GivenRows(array), array.shape)
        return self._with(vectors, self._selection, self._words, self._columns)

    @cached_property
    def _without_documents(self) -> Corpus:
        none = sp.csr_array((0, self.n_words), dtype=np.float32)
        return Corpus(none, self.vocabulary, reading=self._stored.manifest.reading)

    @cached_property
    def labels(self) -> NDArray[np.object_] | None:
        """Label of each document, or None."""
        return self._column("label")

    @cached_property
    def names(self) -> NDArray[np.object_] | None:
        """Name of each document, or None."""
        return self._column("name")

    @cached_property
    def splits(self) -> NDArray[np.object_] | None:
        """Split of each document, or None."""
        return self._column("split")

    @cached_property
    def dates(self) -> NDArray[np.object_] | None:
        """Date of each document, or None."""
        return self._column("date")

    def _column(self, name: str) -> NDArray[np.object_] | None:
        if name not in self._stored.names:
            return None
        pieces = [columns[name] for columns in self._columns_of(name)]
        column: NDArray[np.object_] = np.concatenate([np.zeros(0, dtype=object), *pieces])
        column.flags.writeable = False
        return column

    def _columns_of(self, name: str) -> Iterator[Columns]:
        """One column of the documents, in pieces."""
        for start in range(0, self.n_documents, CHECKED_AT_ONCE):
            places = np.arange(start, min(start + CHECKED_AT_ONCE, self.n_documents))
            yield self._stored.columns(self._numbers(places), [name])

    @property
    def columns_known(self) -> list[str]:
        """Names of the columns that a formula can read: metadata, and "label" and "date"."""
        return list(names_known(self._stored.names))

    def known_at(self, places: NDArray[np.int64], names: Collection[str]) -> Columns:
        """Some of these columns, of documents given by increasing places; nothing else is read."""
        stored = names_known(self._stored.names)
        read = self._stored.columns(self._numbers(places), [stored[name] for name in names])
        return {name: read[stored[name]] for name in names}

    def where(self, mask: NDArray[np.bool_]) -> Self:
        """Documents that a mask of shape (n_documents,) selects; nothing is read."""
        chosen = Selection(mask) if self._selection is None else self._selection.within(mask)
        vectors = None if self._vectors is None else self._vectors.where(mask)
        return self._with(vectors, chosen, self._words, self._columns)

    def split(self, name: str) -> Self:
        """Documents of one split, in the same order, without reading their counts.

        Raises
        ------
        CorpusError
            The corpus has no split of this name.
        """
        if "split" not in self._stored.names:
            raise CorpusError(f"no split {name!r}: this corpus has no splits")
        mask = np.zeros(self.n_documents, dtype=np.bool_)
        found: dict[str, None] = {}
        for place, columns in enumerate(self._columns_of("split")):
            splits = columns["split"]
            found |= dict.fromkeys(splits)
            mask[place * CHECKED_AT_ONCE : place * CHECKED_AT_ONCE + len(splits)] = splits == name
        if not mask.any():
            raise CorpusError(f"no split {name!r}; the splits are {', '.join(map(repr, found))}")
        return self.where(mask)
