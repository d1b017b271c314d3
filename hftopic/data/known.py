"""What is known of documents besides their words, as columns that a formula can read."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hftopic.data.columns import is_corpus, is_sharded
from hftopic.data.corpus import Corpus
from hftopic.data.metadata import Columns, as_metadata

OF_CORPUS = {"label": "labels", "date": "dates"}
"""Columns of a corpus that its parts stand for, if the metadata have none of this name."""
PIECE = 16_384  # documents of shards of which columns are read at once
SAMPLED = 100_000  # documents of shards of which a design is made, beside those with values of their own


@dataclass(frozen=True)
class Known:
    """Columns of documents in memory or in shards.

    Attributes
    ----------
    n_documents : int
    names : tuple of str
        Of the columns.
    pieces : function
        Columns with some of these names, of all documents, in pieces.
    """

    n_documents: int
    names: tuple[str, ...]
    pieces: Callable[[Collection[str]], Iterator[Columns]]

    @classmethod
    def of(cls, X: Any, metadata: Any, n_documents: int) -> "Known":
        """Columns of documents: those that are passed, or else those of a corpus, with its labels and dates.

        Parameters
        ----------
        X : Corpus, ShardedCorpus or other documents
        metadata : DataFrame or dict of sequences, optional
        n_documents : int

        Raises
        ------
        CorpusError
            The metadata are not those of so many documents, see :class:`hftopic.Corpus`.
        """
        if metadata is None and is_sharded(X):
            names = tuple(X.columns_known)
            return cls(n_documents, names, lambda wanted: _of_shards(X, wanted))
        held = columns_known(X, metadata, n_documents)
        return cls(n_documents, tuple(held), partial(_of_memory, held))

    def representative(self, names: Collection[str]) -> Columns:
        """Columns of all documents, or of a large corpus those of some that have all that there is.

        These are documents at even distances, and those with the least and the largest number and with the
        first of each text.
        """
        kept, start, seen = [], 0, _Seen()
        apart = max(1, self.n_documents // SAMPLED)
        for piece in self.pieces(names):
            size = len(next(iter(piece.values()), ()))
            chosen = (np.arange(start, start + size) % apart) == 0
            for name, values in piece.items() if apart > 1 else ():
                chosen[seen.new_in(name, values)] = True
            kept.append({name: values[chosen] for name, values in piece.items()})
            start += size
        return {name: np.concatenate([piece[name] for piece in kept]) for name in names} if kept else {}


def columns_known(X: Any, metadata: Any, n_documents: int) -> Columns:
    """Columns of documents in memory, as :meth:`Known.of` has them."""
    if metadata is not None:
        return as_metadata(metadata, n_documents) or {}
    if not is_corpus(X):
        return {}
    parts = {name: getattr(X, part) for name, part in OF_CORPUS.items()}
    held = {name: _with_missing(part) for name, part in parts.items() if part is not None}
    return {**held, **X.metadata_columns}


def with_columns(X: Any, counts: Any, columns: Columns, words: Any) -> Any:
    """Documents with columns besides their own; other documents as a corpus, if their words are known."""
    if is_corpus(X):
        return X.with_metadata({**X.metadata_columns, **columns})
    return X if words is None else Corpus(counts, words, metadata=columns)


class _Seen:
    """Values of columns that were there before."""

    def __init__(self) -> None:
        self.texts: dict[str, set[Any]] = {}
        self.ranges: dict[str, tuple[float, float]] = {}

    def new_in(self, name: str, values: NDArray[Any]) -> list[int]:
        """Rows with a value that none before has, or with a number that is less or larger than all."""
        if values.dtype.kind == "O":
            seen = self.texts.setdefault(name, set())
            first = {value: row for row, value in reversed(list(enumerate(values))) if value not in seen}
            seen.update(first)
            return sorted(first.values())
        numbers = values.astype(np.float64)
        if np.isnan(numbers).all():
            return []
        low, high = self.ranges.get(name, (np.inf, -np.inf))
        ends = [int(np.nanargmin(numbers)), int(np.nanargmax(numbers))]
        self.ranges[name] = (min(low, numbers[ends[0]]), max(high, numbers[ends[1]]))
        return [row for row in ends if not low <= numbers[row] <= high]


def _of_memory(held: Columns, names: Collection[str]) -> Iterator[Columns]:
    yield {name: held[name] for name in names}


def _of_shards(corpus: Any, names: Collection[str]) -> Iterator[Columns]:
    for start in range(0, len(corpus), PIECE):
        read = corpus.known_at(np.arange(start, min(start + PIECE, len(corpus))), names)
        yield {name: _with_missing(values) for name, values in read.items()}


def _with_missing(part: Any) -> Any:
    """Labels or dates, of which the empty ones are missing."""
    return np.where(part == "", None, part) if part.dtype.kind == "O" else part
