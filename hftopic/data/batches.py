"""Batches of documents: rows of a CSR matrix of counts, as tensors."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Counts of B documents in compressed rows, read off a CSR matrix without a copy that is dense.

    Attributes
    ----------
    rows : csr_array, shape (B, V)
        Where the counts come from, in ordinary memory.
    device : torch.device
        Where the tensors are.
    dtype : torch.dtype
        Of the counts.
    """

    rows: sp.csr_array
    device: torch.device
    dtype: torch.dtype = torch.float32

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def __getitem__(self, documents: slice) -> Self:
        """Some of the documents."""
        return replace(self, rows=self.rows[documents])

    def to(self, dtype: torch.dtype) -> Self:
        """The same documents with counts of another precision."""
        return replace(self, dtype=dtype)

    @property
    def n_words(self) -> int:
        """V."""
        return int(self.rows.shape[1])

    @cached_property
    def words(self) -> Tensor:
        """Word of each non-zero count, shape (nnz,), int64."""
        return self._whole_numbers(self.rows.indices)

    @cached_property
    def counts(self) -> Tensor:
        """Each non-zero count, shape (nnz,)."""
        return torch.from_numpy(self.rows.data).to(self.device, self.dtype)

    @cached_property
    def offsets(self) -> Tensor:
        """Shape (B + 1,), int64; document b owns the entries from ``offsets[b]`` to ``offsets[b + 1]``."""
        return self._whole_numbers(self.rows.indptr)

    @cached_property
    def documents(self) -> Tensor:
        """Document of each non-zero count, shape (nnz,)."""
        return self._whole_numbers(np.repeat(np.arange(len(self)), np.diff(self.rows.indptr)))

    @cached_property
    def cells(self) -> Tensor:
        """Place of each non-zero count in a (B, V) matrix laid out row by row, shape (nnz,)."""
        return self.documents * self.n_words + self.words

    @cached_property
    def by_word(self) -> tuple[Tensor, Tensor, Tensor]:
        """The same entries in the order of words.

        Their places in the order of documents and their documents, shape (nnz,) each, and the offsets of the
        words, shape (V + 1,).
        """
        places = np.arange(self.rows.nnz)
        columns = sp.csr_array((places, self.rows.indices, self.rows.indptr), self.rows.shape).tocsc()
        as_tensor = self._whole_numbers
        return as_tensor(columns.data), as_tensor(columns.indices), as_tensor(columns.indptr)

    @cached_property
    def empty(self) -> Tensor:
        """Documents without words, shape (B,), bool."""
        return self.offsets.diff() == 0

    def sum_by_document(self, entries: Tensor) -> Tensor:
        """Sums of per-entry values over each document: (nnz,) to (B,)."""
        return torch.zeros(len(self), dtype=entries.dtype, device=entries.device).index_add_(
            0, self.documents, entries
        )

    @cached_property
    def lengths(self) -> Tensor:
        """Tokens of each document, shape (B,)."""
        return self.sum_by_document(self.counts)

    def _whole_numbers(self, numbers: NDArray[np.integer]) -> Tensor:
        return torch.from_numpy(numbers.astype(np.int64, copy=False)).to(self.device)


def batch_slices(n_documents: int, batch_size: int) -> list[slice]:
    """Consecutive batches; a remainder of one document joins the batch before it."""
    starts = list(range(0, n_documents, batch_size))
    if len(starts) > 1 and n_documents - starts[-1] == 1:
        starts.pop()
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], n_documents], strict=True)]


def shuffled_batches(
    n_documents: int, batch_size: int, generator: torch.Generator
) -> Iterator[NDArray[np.int64]]:
    """Rows of each batch of one epoch: every document once, in random order, drawn without replacement."""
    order: NDArray[np.int64] = torch.randperm(n_documents, generator=generator).numpy()
    for rows in batch_slices(n_documents, batch_size):
        yield order[rows]
