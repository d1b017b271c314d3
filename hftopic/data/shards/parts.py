"""Files of one part, written to the disk."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hftopic._files import sync_entry
from hftopic.data.formats.arrays import write_array
from hftopic.data.metadata import Columns
from hftopic.data.shards.manifest import ARRAYS, FIELDS, File, Part, part_name, whole
from hftopic.data.shards.table import kind_of, write_table

if TYPE_CHECKING:
    import scipy.sparse as sp


def write_part(folder: Path, number: int, counts: "sp.csr_array[np.float32]", columns: Columns) -> Part:
    """Write the files of one part, to the disk.

    Parameters
    ----------
    folder : Path
    number : int
        Number of the part, from 0.
    counts : csr_array, shape (n_documents, n_words)
        Canonical form.
    columns : dict of str to ndarray
        Label, name, split, date, text and metadata, as far as there are any.
    """
    name, starts = part_name(number), counts.indptr
    wide = counts.shape[1] > np.iinfo(np.int32).max
    arrays: dict[str, NDArray[Any]] = {
        "indptr": starts.astype(np.int32 if counts.nnz <= np.iinfo(np.int32).max else np.int64, copy=False),
        "indices": counts.indices.astype(np.int64 if wide else np.int32, copy=False),
        "data": _smallest(counts.data),
    }
    paths = [folder / f"{name}.{what}.npy" for what in ARRAYS]
    for path, what in zip(paths, ARRAYS, strict=True):
        write_array(path, np.ascontiguousarray(arrays[what]))
    if columns:
        paths.append(folder / f"{name}.parquet")
        write_table(paths[-1], columns)
    for path in paths:
        sync_entry(path)
    return Part(
        name,
        n_documents=int(counts.shape[0]),
        n_entries=int(counts.nnz),
        n_empty=int((np.diff(starts) == 0).sum()),
        n_tokens=whole(float(counts.data.sum(dtype=np.float64))),
        columns={key: "str" if key in FIELDS else kind_of(column) for key, column in columns.items()},
        files={path.name: File.of(path) for path in paths},
    )


def _smallest(values: NDArray[np.float32]) -> NDArray[Any]:
    """The values in the smallest type that holds them."""
    if (values % 1).any():
        return values
    largest = values.max(initial=0)
    for kind in (np.uint8, np.uint16):
        if largest <= np.iinfo(kind).max:
            return values.astype(kind)
    return values
