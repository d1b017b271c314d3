"""Documents as training and evaluation use them: their number, and mini-batches."""

from dataclasses import dataclass, replace
from typing import Protocol, Self, TypeVar

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from hftopic.data.batches import Batch
from hftopic.data.beside import Beside, RowsBeside

BatchT_co = TypeVar("BatchT_co", covariant=True)

Rows = NDArray[np.int64]


class Documents(Protocol[BatchT_co]):
    """Interface of the data that training and evaluation use.

    :class:`BagsOfWords` implements it for word counts in memory. Any other class with these two methods also
    works, if the network reads its mini-batches: memory-mapped counts, counts with embeddings, images.
    """

    def __len__(self) -> int:
        """N, the number of documents."""

    def batch(self, rows: Rows, device: torch.device) -> BatchT_co:
        """Mini-batch of the documents with these numbers (0 to N - 1), in this order."""


class CountedDocuments(Documents[Batch], Protocol):
    """Interface of documents that a topic model is fitted on: :class:`BagsOfWords`, or those of shards."""

    def sampled(self, most: int) -> "BagsOfWords":
        """At most so many documents, at even distances, in memory."""

    def word_counts(self) -> NDArray[np.float32]:
        """Number of tokens of each word in all documents, shape (V,)."""

    def divided(self, n_held_out: int, generator: torch.Generator) -> tuple[Self, Self]:
        """The documents in two parts, of which the second has this number of documents."""

    def beside(self, rows: Rows) -> RowsBeside:
        """What there is beside the counts of the documents with these numbers, as tensors on the CPU."""


@dataclass(frozen=True)
class BagsOfWords(Beside):
    """Documents as word counts: all rows of a matrix of counts, or some of them.

    Selecting documents does not copy counts.

    Parameters
    ----------
    counts : csr_array, shape (n_rows, V)
        Canonical form: sorted indices, no duplicates, no stored zeros.
    rows : ndarray of int, shape (N,), optional
        Rows of ``counts`` that are the documents; all rows by default.
    design, embeddings : array-like of float32, shape (n_rows, P) and (n_rows, F), optional
        What there is beside the counts of each row, see :class:`hftopic.data.beside.Beside`.

    Examples
    --------
    >>> import scipy.sparse as sp
    >>> documents = BagsOfWords(sp.csr_array([[1, 0], [0, 0], [2, 3]]))
    >>> documents.empty.tolist()
    [False, True, False]
    >>> with_words = documents.select(~documents.empty)
    >>> len(with_words), with_words.batch(np.array([1]), torch.device("cpu")).words.tolist()
    (2, [0, 1])
    """

    counts: sp.csr_array
    rows: Rows | None = None

    def __len__(self) -> int:
        return int(self.counts.shape[0]) if self.rows is None else len(self.rows)

    def batch(self, rows: Rows, device: torch.device) -> Batch:
        """Counts of the documents with these numbers, as tensors."""
        stored = rows if self.rows is None else self.rows[rows]
        return Batch(self.counts[stored], device, **self.stored_beside(stored))

    def beside(self, rows: Rows) -> RowsBeside:
        """What there is beside the counts of the documents with these numbers, as tensors on the CPU."""
        return self.stored_beside(rows if self.rows is None else self.rows[rows])

    def select(self, chosen: Rows | NDArray[np.bool_] | slice) -> Self:
        """Some of the documents, selected by number, by a mask or by a slice."""
        rows = np.arange(len(self)) if self.rows is None else self.rows
        return replace(self, rows=rows[chosen])

    def with_words(self) -> Self:
        """The documents that are not empty."""
        empty = self.empty
        return self.select(~empty) if empty.any() else self

    def sampled(self, most: int) -> Self:
        """At most so many documents, at even distances; all if there are no more."""
        return self if len(self) <= most else self.select(evenly(len(self), most))

    def divided(self, n_held_out: int, generator: torch.Generator) -> tuple[Self, Self]:
        """The documents in two random parts, of which the second has this number of documents."""
        rest, held_out = held_out_rows(len(self), n_held_out, generator)
        return self.select(rest), self.select(held_out)

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Mask of the empty documents, shape (N,)."""
        lengths = np.diff(self.counts.indptr)
        return np.asarray((lengths if self.rows is None else lengths[self.rows]) == 0)

    @property
    def n_empty(self) -> int:
        """Number of empty documents."""
        return int(self.empty.sum())

    @property
    def n_tokens(self) -> float:
        """Sum of all counts."""
        return float(self.counts.sum(dtype=np.float64))

    def word_counts(self) -> NDArray[np.float32]:
        """Number of tokens of each word in all documents, shape (V,)."""
        rows = np.arange(len(self)) if self.rows is None else self.rows
        times = np.bincount(rows, minlength=self.counts.shape[0]).astype(np.float32)
        return np.asarray(times @ self.counts)


def held_out_rows(n_documents: int, n_held_out: int, generator: torch.Generator) -> tuple[Rows, Rows]:
    """Numbers of documents in two random parts, each in order; the second has ``n_held_out`` documents."""
    order: Rows = torch.randperm(n_documents, generator=generator).numpy()
    return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])


def evenly(n_documents: int, most: int) -> Rows:
    """Numbers of at most so many documents, at even distances; all if there are no more."""
    return np.linspace(0, n_documents - 1, min(n_documents, most)).astype(np.int64)
