"""Counts of some documents of a part, read from its three arrays at their places in the files.

The files are read, and not mapped into memory: a file that is cut off meanwhile is then an error, and no
crash, and what was read does not stay in memory.
"""

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic.data.formats.arrays import Header, header_of
from hftopic.data.formats.lines import FormatError
from hftopic.data.shards.manifest import ARRAYS, Part
from hftopic.data.structure import distinct
from hftopic.data.validation import LARGEST_COUNT

_TYPES = {
    "indptr": ("int32", "int64"),
    "indices": ("int32", "int64"),
    "data": ("uint8", "uint16", "float32"),
}
_GROWTH = 1.25  # of arrays that are too small for what is appended
_LARGEST = np.iinfo(np.int32).max


class OpenPart:
    """The arrays of a part, open to be read; a context manager.

    Raises
    ------
    FormatError
        A file is not the array that the manifest describes; the message names it.
    """

    def __init__(self, folder: Path, part: Part, n_words: int) -> None:
        self.folder, self.part, self.n_words = folder, part, n_words

    def __enter__(self) -> Self:
        with ExitStack() as files:
            self._arrays = {what: self._opened(what, files) for what in ARRAYS}
            self._files = files.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def _opened(self, what: str, files: ExitStack) -> tuple[FileIO, Header]:
        path = self._path(what)
        try:
            file = files.enter_context(path.open("rb", buffering=0))
        except FileNotFoundError as error:
            raise FormatError("is missing, but the manifest names it", path) from error
        check_size(path, os.fstat(file.fileno()).st_size, self.part.files[path.name].n_bytes)
        try:
            header = header_of(file)
        except ValueError as error:
            raise FormatError(str(error), path) from error
        length = self.part.n_documents + 1 if what == "indptr" else self.part.n_entries
        if header.dtype.hasobject or header.dtype.newbyteorder("=") not in _TYPES[what]:
            raise FormatError(f"has the type {header.dtype}, not {' or '.join(_TYPES[what])}", path)
        if header.shape != (length,) or header.length + header.n_bytes != self.part.files[path.name].n_bytes:
            raise FormatError(f"has the shape {header.shape}, not ({length},)", path)
        return file, header

    def _path(self, what: str) -> Path:
        return self.folder / self.part.array(what)

    def _read(self, what: str, start: int, stop: int) -> NDArray[Any]:
        file, header = self._arrays[what]
        file.seek(header.length + start * header.dtype.itemsize)
        values = np.empty(stop - start, dtype=header.dtype)
        left = values.view(np.uint8).data
        while left:
            n_read = file.readinto(left)
            if not n_read:
                raise FormatError("was cut off while it was read", self._path(what))
            left = left[n_read:]
        return values.astype(header.dtype.newbyteorder("="), copy=False)

    def counts(self, runs: Sequence[tuple[int, int]]) -> "sp.csr_array[np.float32]":
        """Counts of the documents of runs (first, end), whose numbers increase; canonical CSR.

        Raises
        ------
        FormatError
            The entries are not those of counts in canonical form.
        """
        offsets = [self._offsets(start, stop) for start, stop in runs]
        spans = [(int(held[0]), int(held[-1])) for held in offsets]
        columns = _joined([self._read("indices", *span) for span in spans], np.int32)
        values = _joined([self._read("data", *span) for span in spans], np.uint8)
        lengths = _joined([held[1:] - held[:-1] for held in offsets], np.int64)
        if (lengths < 0).any():
            raise self._wrong_offsets()
        starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)])
        self._check(columns, values, starts)
        kind = np.int32 if max(len(columns), self.n_words) <= _LARGEST else np.int64
        parts = (values.astype(np.float32, copy=False), columns.astype(kind, copy=False), starts.astype(kind))
        return canonical(*parts, self.n_words)

    def _offsets(self, start: int, stop: int) -> NDArray[np.int64]:
        """Where the entries of each document begin, and where the last ends."""
        offsets = self._read("indptr", start, stop + 1).astype(np.int64)
        first, last, n_entries = int(offsets[0]), int(offsets[-1]), self.part.n_entries
        whole = (start > 0 or first == 0) and (stop < self.part.n_documents or last == n_entries)
        if not (whole and 0 <= first <= last <= n_entries):
            raise self._wrong_offsets()
        return offsets

    def _wrong_offsets(self) -> FormatError:
        told = f"must hold offsets that rise from 0 to the number of entries, {self.part.n_entries:,}"
        return FormatError(told, self._path("indptr"))

    def _check(self, columns: NDArray[Any], values: NDArray[Any], starts: NDArray[np.int64]) -> None:
        if len(columns) and not (columns.min() >= 0 and columns.max() < self.n_words):
            told = f"must hold columns from 0 to {self.n_words - 1:,}"
            raise FormatError(told, self._path("indices"))
        if not distinct(columns, starts):
            raise FormatError("the columns of a document must increase", self._path("indices"))
        if len(values) and not (values.min() > 0 and values.max() <= LARGEST_COUNT):  # False for NaN
            told = f"must hold counts above 0, up to {LARGEST_COUNT:,}"
            raise FormatError(told, self._path("data"))


def check_size(path: Path, n_bytes: int, expected: int) -> None:
    """Raise FormatError if a file is not as large as the manifest says."""
    if n_bytes != expected:
        what = "is cut off" if n_bytes < expected else "was changed"
        raise FormatError(f"{what}: it has {n_bytes:,} bytes, but the manifest says {expected:,}", path)


def canonical(
    values: NDArray[np.float32], columns: NDArray[Any], starts: NDArray[Any], n_words: int
) -> "sp.csr_array[np.float32]":
    """CSR of arrays that are known to be in canonical form."""
    counts: Any = sp.csr_array((values, columns, starts), shape=(len(starts) - 1, n_words))
    counts.has_sorted_indices = counts.has_canonical_format = True
    made: sp.csr_array[np.float32] = counts
    return made


def stacked(parts: Iterable["sp.csr_array[np.float32]"], n_words: int) -> "sp.csr_array[np.float32]":
    """Canonical CSR matrices, one below the other; only one of them is held beside the result."""
    waiting = iter(parts)
    first, second = next(waiting, None), next(waiting, None)
    if first is not None and second is None:
        return first
    values, columns, n_entries = np.empty(0, np.float32), np.empty(0, np.int32), 0
    lengths = [np.zeros(1, dtype=np.int64)]
    for part in chain((one for one in (first, second) if one is not None), waiting):
        end = n_entries + part.nnz
        if end > len(values):
            for array in (values, columns):
                array.resize(max(end, int(_GROWTH * len(array))), refcheck=False)
        values[n_entries:end], columns[n_entries:end] = part.data, part.indices
        lengths.append(np.diff(part.indptr))
        n_entries = end
    for array in (values, columns):
        array.resize(n_entries, refcheck=False)
    kind = np.int32 if n_entries <= _LARGEST else np.int64
    starts = np.cumsum(np.concatenate(lengths), dtype=kind)
    return canonical(values, columns.astype(kind, copy=False), starts, n_words)


def _joined(arrays: Sequence[NDArray[Any]], kind: Any) -> NDArray[Any]:
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate([np.zeros(0, dtype=kind), *arrays])
