"""What documents have besides their counts: rows of arrays, which mini-batches take along."""

from dataclasses import dataclass, field
from typing import Any, TypedDict, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic.data.embeddings import Embeddings

BESIDE = ("design", "embeddings")
"""Fields of :class:`Beside`, and of a mini-batch."""


class ArraysBeside(TypedDict, total=False):
    """Arrays with a row for each document, those that there are."""

    design: Embeddings
    embeddings: Embeddings


class RowsBeside(TypedDict, total=False):
    """Rows of these arrays as tensors on the CPU."""

    design: Tensor
    embeddings: Tensor


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Arrays with a row for each document, in memory, memory-mapped, or read from several files.

    Parameters
    ----------
    design : array-like of float32, shape (n_rows, P), optional
        Design of the metadata, see :class:`hftopic.data.design.Design`.
    embeddings : array-like of float32, shape (n_rows, F), optional
        Vectors that the encoder reads, see :func:`hftopic.data.embeddings.as_embeddings`.
    """

    design: Embeddings | None = field(default=None)
    embeddings: Embeddings | None = field(default=None)

    def arrays_beside(self) -> ArraysBeside:
        """The arrays that there are, by name."""
        held = {name: getattr(self, name) for name in BESIDE}
        return cast(ArraysBeside, {name: array for name, array in held.items() if array is not None})

    def stored_beside(self, stored: NDArray[np.int64]) -> RowsBeside:
        """The rows with these places in each array, as tensors on the CPU.

        Documents that are some of the rows have numbers of their own: see their method ``beside``.
        """
        held = cast(dict[str, Embeddings], self.arrays_beside())
        return cast(RowsBeside, {name: rows_of(array, stored) for name, array in held.items()})


@dataclass(frozen=True)
class SelectedRows:
    """Some rows of an array, without a copy of them."""

    array: Embeddings
    rows: NDArray[np.int64]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of rows and of columns."""
        return len(self.rows), *self.array.shape[1:]

    def __getitem__(self, rows: Any) -> NDArray[np.float32]:
        return self.array[self.rows[rows]]


def selected(documents: Beside, mask: NDArray[np.bool_]) -> ArraysBeside:
    """The arrays of documents, with those rows alone that a mask selects."""
    held = documents.arrays_beside()
    if not held or mask.all():
        return held
    rows = np.flatnonzero(mask)
    of_some = {name: SelectedRows(array, rows) for name, array in cast(dict[str, Embeddings], held).items()}
    return cast(ArraysBeside, of_some)


def arrays_of(rows: RowsBeside) -> ArraysBeside:
    """Rows that were read, as arrays that share their memory."""
    held = cast(dict[str, Tensor], rows)
    return cast(ArraysBeside, {name: tensor.numpy() for name, tensor in held.items()})


def rows_of(array: Embeddings, rows: NDArray[np.int64]) -> Tensor:
    """Some rows as a tensor on the CPU, which shares no memory with the array."""
    return torch.from_numpy(np.array(array[rows], dtype=np.float32))
