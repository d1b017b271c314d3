"""Embeddings of documents in shards: one file, whose rows are read where they are asked for."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from hftopic.data.corpus import CorpusError
from hftopic.data.shards.selection import Selection
from hftopic.data.validation import numbers_of_rows

_HEADER = 128  # bytes, of any number of rows
Rows = Callable[[NDArray[np.int64]], NDArray[np.float32]]


class ShardedEmbeddings:
    """Embeddings of documents as an array, shape (n_documents, F), of which an index reads some rows.

    Parameters
    ----------
    rows : callable
        Reads the rows with increasing numbers.
    shape : (int, int)
        Number of all rows, and of columns.
    selection : Selection, optional
        The rows of these documents; all by default.
    """

    dtype = np.dtype(np.float32)
    ndim = 2

    def __init__(self, rows: Rows, shape: tuple[int, int], selection: Selection | None = None) -> None:
        self._rows, self._shape, self._selection = rows, shape, selection

    @property
    def shape(self) -> tuple[int, int]:
        """(n_documents, F)."""
        n_rows, n_columns = self._shape
        return n_rows if self._selection is None else len(self._selection), n_columns

    @property
    def given(self) -> NDArray[np.float32] | None:
        """The selected rows of the array that a caller gave; None if they are in a file of shards."""
        return self[:] if isinstance(self._rows, GivenRows) else None

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> NDArray[np.float32]:
        """Some rows.

        Parameters
        ----------
        index : slice, boolean mask of shape (n_documents,), or sequence of row numbers
        """
        places = numbers_of_rows(index, len(self))
        if not (np.diff(places) > 0).all():
            distinct, order = np.unique(places, return_inverse=True)
            return self[distinct][order]
        return self._rows(places if self._selection is None else self._selection.numbers(places))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self[:], dtype=dtype, copy=copy)

    def where(self, mask: NDArray[np.bool_]) -> "ShardedEmbeddings":
        """Those of the documents that a mask of shape (n_documents,) selects; nothing is read."""
        chosen = Selection(mask) if self._selection is None else self._selection.within(mask)
        return ShardedEmbeddings(self._rows, self._shape, chosen)


class GivenRows:
    """Rows of an array that a caller gave."""

    def __init__(self, array: NDArray[np.float32]) -> None:
        self.array = array

    def __call__(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        return rows_at(self.array, numbers)


def rows_at(array: NDArray[np.float32], numbers: NDArray[np.int64]) -> NDArray[np.float32]:
    """Rows with increasing numbers; consecutive ones are a view of a memory-mapped array."""
    if len(numbers) and numbers[-1] - numbers[0] == len(numbers) - 1:
        return array[numbers[0] : numbers[-1] + 1]
    return np.asarray(array[numbers])


class EmbeddingWriter:
    """A file of NumPy that rows are appended to, and closed; a context manager.

    There is no file if nothing is appended. After an error the file is not complete.

    Attributes
    ----------
    shape : (int, int) or None
        Rows and columns so far.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shape: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        self._stream: Any = None
        return self

    def append(self, rows: NDArray[np.float32]) -> None:
        """Append rows with as many columns as those before."""
        if self.shape is None:
            self._stream = self.path.open("wb")
            self._stream.write(_header(0, rows.shape[1]))
            self.shape = 0, rows.shape[1]
        n_rows, n_columns = self.shape
        self._stream.write(np.ascontiguousarray(rows, dtype="<f4").data)
        self.shape = n_rows + len(rows), n_columns

    def check(self, rows: NDArray[np.float32] | None) -> None:
        """Raise CorpusError if rows cannot follow those before: all documents have them, or none has."""
        before, now = self.shape and self.shape[1], None if rows is None else rows.shape[1]
        if before != now:
            told = ["no embeddings" if n is None else f"embeddings of {n:,} columns" for n in (now, before)]
            raise CorpusError("the documents have {}, but those before have {}".format(*told))

    def close(self) -> None:
        """Write how many rows there are, and close the file."""
        if self._stream is not None and self.shape is not None:
            self._stream.seek(0)
            self._stream.write(_header(*self.shape))
            self._stream.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()


def _header(n_rows: int, n_columns: int) -> bytes:
    """Header of an array of NumPy, of the same length for any number of rows."""
    told = f"{{'descr': '<f4', 'fortran_order': False, 'shape': ({n_rows}, {n_columns}), }}"
    length = _HEADER - 10
    return b"\x93NUMPY\1\0" + length.to_bytes(2, "little") + told.ljust(length - 1).encode() + b"\n"
