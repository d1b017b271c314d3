"""Mini-batches of documents: rows of a CSR matrix of counts, as tensors."""

from dataclasses import dataclass, field, fields, replace
from typing import Self

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic._cached import cached_property
from hftopic._devices import sent
from hftopic.data.beside import BESIDE


@dataclass(frozen=True)
class Batch:
    """Counts of B documents as sparse tensors, made from a CSR matrix without a dense copy.

    Attributes
    ----------
    rows : csr_array, shape (B, V)
        The counts, in CPU memory.
    device : torch.device
        Device of the tensors.
    dtype : torch.dtype
        Type of the counts.
    design, embeddings : Tensor, shape (B, P) and (B, F), optional
        What there is beside the counts, see :class:`hftopic.data.beside.Beside`; in CPU memory until
        :meth:`load`.
    """

    rows: sp.csr_array
    device: torch.device
    dtype: torch.dtype = torch.float32
    design: Tensor | None = field(default=None, kw_only=True)
    embeddings: Tensor | None = field(default=None, kw_only=True)

    def __len__(self) -> int:
        return int(self.rows.shape[0])

    def __getitem__(self, documents: slice) -> Self:
        """Some of the documents."""
        chosen = {name: tensor[documents] for name, tensor in self._beside().items()}
        return replace(self, rows=self.rows[documents], **chosen)  # type: ignore[arg-type]

    def to(self, dtype: torch.dtype) -> Self:
        """The same documents with the counts, and what a subclass adds to them, in another precision."""
        held = {one.name: getattr(self, one.name) for one in fields(self)}
        tensors = {name: value.to(dtype) for name, value in held.items() if isinstance(value, Tensor)}
        return replace(self, dtype=dtype, **tensors)  # type: ignore[arg-type]

    @property
    def n_words(self) -> int:
        """V, the number of words in the vocabulary."""
        return int(self.rows.shape[1])

    @cached_property
    def words(self) -> Tensor:
        """Word of each non-zero count, shape (nnz,), int64."""
        return self._whole_numbers(self.rows.indices)

    @cached_property
    def counts(self) -> Tensor:
        """Non-zero counts, shape (nnz,)."""
        return torch.from_numpy(self.rows.data).to(self.device, self.dtype)

    @cached_property
    def offsets(self) -> Tensor:
        """Offsets of the documents, shape (B + 1,), int64.

        The entries of document b are those from ``offsets[b]`` to ``offsets[b + 1]``.
        """
        return self._whole_numbers(self.rows.indptr)

    @cached_property
    def documents(self) -> Tensor:
        """Document of each non-zero count, shape (nnz,)."""
        if self.device.type == "cpu":
            return torch.from_numpy(np.repeat(np.arange(len(self)), np.diff(self.rows.indptr)))
        return documents_of_entries(self.offsets, self.rows.nnz)

    @cached_property
    def cells(self) -> Tensor:
        """Flat index of each non-zero count in a row-major (B, V) matrix, shape (nnz,)."""
        return self.documents * self.n_words + self.words

    @cached_property
    def by_word(self) -> tuple[Tensor, Tensor, Tensor]:
        """The same entries, sorted by word.

        Returns the index of each entry in the order of documents and its document, shape (nnz,) each, and
        the offsets of the words, shape (V + 1,).
        """
        if self.device.type != "cpu":
            return sorted_by_word(self.words, self.documents, self.n_words)
        numbers = np.arange(self.rows.nnz)
        columns = sp.csr_array((numbers, self.rows.indices, self.rows.indptr), self.rows.shape).tocsc()
        as_tensor = self._whole_numbers
        return as_tensor(columns.data), as_tensor(columns.indices), as_tensor(columns.indptr)

    @cached_property
    def distinct(self) -> tuple[Tensor, Tensor, Tensor]:
        """The U words that occur, in order.

        Returns the words, shape (U,), the place among them of the word of each entry, shape (nnz,), and the
        offsets of these words in :attr:`by_word`, shape (U + 1,).
        """
        if self.device.type != "cpu":  # which would wait until the GPU knows how many there are
            words, places, offsets = distinct_words(self.rows.indices)
            return sent(words, self.device), sent(places, self.device), sent(offsets, self.device)
        offsets = self.by_word[2]
        occurs = offsets.diff() > 0
        words = occurs.nonzero()[:, 0]
        places = occurs.cumsum(0) - 1
        return words, places[self.words], torch.cat([offsets[words], offsets[-1:]])

    @cached_property
    def empty(self) -> Tensor:
        """Mask of the empty documents, shape (B,), bool."""
        return self.offsets.diff() == 0

    def sum_by_document(self, entries: Tensor) -> Tensor:
        """Sums of per-entry values over each document: (nnz,) to (B,)."""
        return torch.zeros(len(self), dtype=entries.dtype, device=entries.device).index_add_(
            0, self.documents, entries
        )

    @cached_property
    def lengths(self) -> Tensor:
        """Number of tokens of each document, shape (B,)."""
        return self.sum_by_document(self.counts)

    def load(self) -> tuple[Tensor, ...]:
        """Copy the counts to a GPU, out of pinned memory, without waiting for the copies.

        Returns
        -------
        tuple of Tensor
            What was copied, on the device. If the copies are made in a stream of their own, the caller has to
            tell the tensors which stream reads them.
        """
        numbers = np.concatenate((self.rows.indices, self.rows.indptr), dtype=np.int64)
        whole = sent(torch.from_numpy(numbers), self.device)
        counts = sent(torch.from_numpy(self.rows.data).to(self.dtype), self.device)
        beside = {name: sent(tensor, self.device) for name, tensor in self._beside().items()}
        words, offsets = whole.split([self.rows.nnz, len(self) + 1])  # type: ignore[no-untyped-call]
        vars(self).update(words=words, offsets=offsets, counts=counts, **beside)
        return whole, counts, *beside.values()

    def _beside(self) -> dict[str, Tensor]:
        """What there is beside the counts, by name."""
        held = {name: getattr(self, name) for name in BESIDE}
        return {name: tensor for name, tensor in held.items() if tensor is not None}

    def _whole_numbers(self, numbers: NDArray[np.integer]) -> Tensor:
        return torch.from_numpy(numbers.astype(np.int64, copy=False)).to(self.device)


def documents_of_entries(offsets: Tensor, n_entries: int) -> Tensor:
    """Document of each entry, shape (nnz,), from the offsets of the documents, without a wait for a GPU."""
    numbers = torch.arange(len(offsets) - 1, device=offsets.device)
    return numbers.repeat_interleave(offsets.diff(), output_size=n_entries)


def distinct_words(words: NDArray[np.integer]) -> tuple[Tensor, Tensor, Tensor]:
    """:attr:`Batch.distinct` of the word of each entry, without the entries sorted by word."""
    found, places, sizes = np.unique(words, return_inverse=True, return_counts=True)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    made = (torch.from_numpy(array.astype(np.int64, copy=False)) for array in (found, places, offsets))
    return next(made), next(made), next(made)


def sorted_by_word(words: Tensor, documents: Tensor, n_words: int) -> tuple[Tensor, Tensor, Tensor]:
    """:attr:`Batch.by_word` on a GPU, where to sort takes less time than to copy what is sorted."""
    places = words.argsort(stable=True)
    every = torch.arange(n_words + 1, device=words.device)
    return places, documents[places], torch.searchsorted(words[places], every)
