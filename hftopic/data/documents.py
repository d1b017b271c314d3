"""Documents as the trainer and the evaluation know them: their number, and mini-batches of them."""

from dataclasses import dataclass, replace
from typing import Protocol, Self, TypeVar

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray

from hftopic.data.batches import Batch

BatchT_co = TypeVar("BatchT_co", covariant=True)

Rows = NDArray[np.int64]


class Documents(Protocol[BatchT_co]):
    """What training and evaluation need of data.

    Counts in memory are :class:`BagsOfWords`. Anything else that has these two methods can be trained on by a
    network that reads its mini-batches: memory-mapped counts, counts beside embeddings, images.
    """

    def __len__(self) -> int:
        """N, the number of documents."""

    def batch(self, rows: Rows, device: torch.device) -> BatchT_co:
        """Mini-batch of the documents with these numbers, from 0 to N - 1, in this order."""


@dataclass(frozen=True)
class BagsOfWords:
    """Documents as counts of words, or some of the rows of a matrix of counts.

    Choosing rows copies no counts.

    Parameters
    ----------
    counts : csr_array, shape (n_rows, V)
        Canonical: sorted, without duplicates and stored zeros.
    rows : ndarray of int, shape (N,), optional
        Rows of ``counts`` that are the documents; all of them if not given.

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
        """Counts of some documents as tensors."""
        return Batch(self.counts[rows if self.rows is None else self.rows[rows]], device)

    def select(self, chosen: Rows | NDArray[np.bool_]) -> Self:
        """Some of the documents, by number or by a mask."""
        rows = np.arange(len(self)) if self.rows is None else self.rows
        return replace(self, rows=rows[chosen])

    @property
    def empty(self) -> NDArray[np.bool_]:
        """Documents without words, shape (N,)."""
        lengths = np.diff(self.counts.indptr)
        return np.asarray((lengths if self.rows is None else lengths[self.rows]) == 0)

    def word_counts(self) -> NDArray[np.float32]:
        """Tokens of each word in all documents together, shape (V,)."""
        rows = np.arange(len(self)) if self.rows is None else self.rows
        times = np.bincount(rows, minlength=self.counts.shape[0]).astype(np.float32)
        return np.asarray(times @ self.counts)
