"""Writing of shards, part by part."""

import os
from collections.abc import Iterable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic._files import followed
from hftopic._sets import written_set
from hftopic.data.columns import named_columns
from hftopic.data.corpus import Corpus, CorpusError, documents_like, known_of_documents
from hftopic.data.formats.embedding_files import EMBEDDINGS, check_none_beside
from hftopic.data.formats.metadata_csv import check_no_table
from hftopic.data.formats.vocabulary import write_vocabulary
from hftopic.data.metadata import Columns
from hftopic.data.reading import as_reading
from hftopic.data.shards.arrays import stacked
from hftopic.data.shards.embeddings import EmbeddingWriter
from hftopic.data.shards.folder import replaceable
from hftopic.data.shards.manifest import MANIFEST, VOCABULARY, Embeddings, File, Manifest, Part
from hftopic.data.shards.parts import write_part
from hftopic.data.shards.table import columns_held, cut, joined, sizes_of
from hftopic.data.validation import as_counts, as_vocabulary, check_order

MOST_DOCUMENTS = 2**16
MOST_ENTRIES = 2**23
MOST_TABLE = 2**24
"""Largest part: documents, entries, and characters of its table; a larger document is a part of its own."""


class ShardWriter:
    """Writer of a folder of shards: a context manager that documents are appended to.

    Parts are written while documents come. The folder is at its place when the body ends without an error; it
    replaces an earlier folder of shards. Nothing is left of an interrupted write. The bytes of the files
    depend on the documents and their order, not on how many are appended at a time.

    Parameters
    ----------
    path : path-like
        The folder; its parent must exist.
    vocabulary : sequence of str
        Word of each column.
    reading : dict, optional
        How texts became counts, as in :class:`hftopic.Corpus`.

    Raises
    ------
    CorpusError
        The vocabulary is not valid or cannot be stored; or documents are appended that do not have the
        columns of those before.
    FileExistsError
        The folder has other files, or there is a table of metadata, which would be read with the shards.
    ImportError
        The documents have labels or other columns, and pyarrow is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from hftopic import open_corpus
    >>> from hftopic.data.shards import ShardWriter
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with ShardWriter(f"{folder}/shards", ["god", "ball", "team"]) as writer:
    ...         writer.append([[2, 0, 1], [0, 1, 0]])
    ...         writer.append([[0, 0, 3]])
    ...     open_corpus(f"{folder}/shards")
    ShardedCorpus(3 documents, 3 words, 7 tokens; 1 part)
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        vocabulary: Iterable[str],
        *,
        reading: Any = None,
    ) -> None:
        words = as_vocabulary(vocabulary, None)
        self._target = followed(path)
        self._like = Corpus(sp.csr_array((0, len(words)), dtype=np.float32), words)
        self._reading = as_reading(reading)
        self._parts: list[Part] = []
        self._pending = _Pending()
        self._stack: ExitStack | None = None

    def __enter__(self) -> Self:
        check_no_table(self._target)
        check_none_beside(self._target)
        with ExitStack() as stack:
            self._folder = stack.enter_context(
                written_set(self._target, earlier=lambda: replaceable(self._target))
            )
            write_vocabulary(self._folder / VOCABULARY, self._like.vocabulary)
            self._embeddings = stack.enter_context(EmbeddingWriter(self._folder / EMBEDDINGS))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stack, self._stack = self._stack, None
        if stack is None:
            raise RuntimeError("the writer of shards is closed")
        if error is not None:
            stack.__exit__(kind, error, trace)
            return
        with stack:
            self._flush()
            self._embeddings.close()
            vocabulary, shape = File.of(self._folder / VOCABULARY), self._embeddings.shape
            held = None if shape is None else Embeddings(shape[1], File.of(self._folder / EMBEDDINGS))
            made = Manifest(self._like.n_words, vocabulary, tuple(self._parts), self._reading, held)
            (self._folder / MANIFEST).write_text(made.text(), encoding="utf-8")

    def append(
        self,
        documents: Any,
        *,
        labels: Iterable[Any] | None = None,
        names: Iterable[Any] | None = None,
        splits: Iterable[Any] | None = None,
        texts: Iterable[str] | None = None,
        dates: Iterable[Any] | None = None,
        metadata: Any = None,
        embeddings: Any = None,
    ) -> None:
        """Append documents: a Corpus with the same vocabulary, or counts and what is known of the documents.

        Parameters
        ----------
        documents : Corpus, or sparse matrix or array-like, shape (n_documents, n_words)
        labels, names, splits, texts, dates, metadata, embeddings
            As in :class:`hftopic.Corpus`, for counts.
        """
        if self._stack is None:
            raise RuntimeError("append documents in the body of: with ShardWriter(…) as writer")
        given = (labels, names, splits, texts, dates, metadata, embeddings)
        if not isinstance(documents, Corpus):
            matrix = as_counts(documents)
            check_order(
                self._like.vocabulary,
                named_columns(documents, "documents", CorpusError),
                "the columns of documents",
            )
            known = known_of_documents(matrix.shape[0], *given)
            documents = documents_like(self._like, matrix, known)
        elif any(part is not None for part in given):
            raise TypeError("a Corpus has its own labels and metadata; pass its counts to give others")
        self._check(documents)
        if documents.embeddings is not None:
            self._embeddings.append(documents.embeddings)
        self._add(documents.counts, columns_held(documents))

    def _check(self, documents: Corpus) -> None:
        own, words = self._like.vocabulary, documents.vocabulary
        if documents.n_words != self._like.n_words or not (own is words or np.array_equal(own, words)):
            raise CorpusError(
                f"the documents have {documents.n_words:,} words, but the shards another vocabulary of "
                f"{self._like.n_words:,} words; convert them with corpus.with_vocabulary"
            )
        names = set(columns_held(documents))
        before = self._pending.names if self._pending.pieces else self._parts and set(self._parts[0].columns)
        if (self._parts or self._pending.pieces) and names != before:
            told = (
                "the columns " + ", ".join(sorted(held)) if held else "no columns" for held in (names, before)
            )
            raise CorpusError("the documents have {}, but those before have {}".format(*told))
        if (self._parts or self._pending.pieces) and len(documents):
            self._embeddings.check(documents.embeddings)

    def _add(self, counts: "sp.csr_array[np.float32]", columns: Columns) -> None:
        entries = np.diff(counts.indptr)
        table = sizes_of(columns, len(entries))
        start = 0
        while start < len(entries):
            stop = start + MOST_DOCUMENTS
            n_more = self._pending.room(entries[start:stop], table[start:stop])
            if not n_more:
                self._flush()
                continue
            rows = slice(start, start + n_more)
            self._pending.add(counts[rows], cut(columns, rows), int(table[rows].sum()))
            start += n_more

    def _flush(self) -> None:
        """Write the documents that were appended since the last part as another part."""
        if not self._pending.pieces:
            return
        part = write_part(self._folder, len(self._parts), *self._pending.joined(self._like.n_words))
        self._parts.append(part)
        self._pending = _Pending()


class _Pending:
    """Documents of the part that is not written yet."""

    def __init__(self) -> None:
        self.pieces: list[tuple[sp.csr_array[np.float32], Columns]] = []
        self.n_documents, self.n_entries, self.n_table = 0, 0, 0

    @property
    def names(self) -> set[str]:
        return set(self.pieces[0][1])

    def room(self, entries: NDArray[Any], table: NDArray[np.int64]) -> int:
        """How many of the next documents belong to the part, by their entries and the size of their table."""
        fits = [
            MOST_DOCUMENTS - self.n_documents,
            int(np.searchsorted(np.cumsum(entries, dtype=np.int64), MOST_ENTRIES - self.n_entries, "right")),
            int(np.searchsorted(np.cumsum(table), MOST_TABLE - self.n_table, "right")),
        ]
        return max(min(fits), 0 if self.pieces else 1)

    def add(self, counts: "sp.csr_array[np.float32]", columns: Columns, n_table: int) -> None:
        self.pieces.append((counts, columns))
        self.n_documents += counts.shape[0]
        self.n_entries += counts.nnz
        self.n_table += n_table

    def joined(self, n_words: int) -> "tuple[sp.csr_array[np.float32], Columns]":
        return (
            stacked([counts for counts, _ in self.pieces], n_words),
            joined([columns for _, columns in self.pieces]),
        )
