"""Batches of documents: rows of a CSR matrix of counts, as tensors."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Batch:
    """Counts of B documents in compressed rows.

    Attributes
    ----------
    words : Tensor, shape (nnz,), int64
        Word of each non-zero count.
    counts : Tensor, shape (nnz,)
        The count.
    offsets : Tensor, shape (B + 1,), int64
        Document b owns the entries from ``offsets[b]`` to ``offsets[b + 1]``.
    """

    words: Tensor
    counts: Tensor
    offsets: Tensor

    @classmethod
    def from_csr(
        cls, rows: sp.csr_array, device: torch.device, dtype: torch.dtype = torch.float32
    ) -> "Batch":
        """Batch of all ``rows``."""
        return cls(
            torch.from_numpy(rows.indices.astype(np.int64)).to(device),
            torch.from_numpy(rows.data).to(device, dtype),
            torch.from_numpy(rows.indptr.astype(np.int64)).to(device),
        )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @cached_property
    def documents(self) -> Tensor:
        """Document of each non-zero count, shape (nnz,)."""
        return torch.repeat_interleave(
            torch.arange(len(self), device=self.words.device),
            self.offsets.diff(),
            output_size=len(self.words),
        )

    def sum_by_document(self, entries: Tensor) -> Tensor:
        """Sums of per-entry values over each document: (nnz,) to (B,)."""
        return torch.zeros(len(self), dtype=entries.dtype, device=entries.device).index_add_(
            0, self.documents, entries
        )

    @cached_property
    def lengths(self) -> Tensor:
        """Tokens of each document, shape (B,)."""
        return self.sum_by_document(self.counts)


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
