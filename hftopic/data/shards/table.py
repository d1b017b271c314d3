"""Columns of the documents of a part: a Parquet file, read with pyarrow where they are asked for."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from hftopic.data.corpus import Corpus
from hftopic.data.formats.limits import TooLargeError
from hftopic.data.formats.lines import FormatError, blamed_on
from hftopic.data.formats.metadata_csv import PARTS, fields_of, in_parts
from hftopic.data.formats.parquet import columns_of, parquet_module
from hftopic.data.formats.request import Request
from hftopic.data.metadata import Columns
from hftopic.data.shards.manifest import FIELDS, joint_kind
from hftopic.data.validation import object_array

ROWS = 4096
"""Documents of a group of rows, the least that is read of a table."""
_PREFIX = "metadata."
_EXACT = 2**53  # float64 holds all integers up to it
_NUMBERS = {"int64": np.int64, "long": np.int64, "float64": np.float64, "bool": np.bool_}
_VALUES: dict[str, set[type]] = {
    "none": {type(None)},
    "int64": {int},
    "long": {int},
    "float64": {int, float, type(None)},
    "bool": {bool},
    "str": {str, int, float, bool, type(None)},
}


def columns_held(corpus: Corpus) -> Columns:
    """Columns of a corpus that its shards store, by the names that they have there.

    A column of the metadata whose name is one of the others gets a prefix.
    """
    values = (corpus.labels, corpus.names, corpus.splits, corpus.dates, corpus.texts)
    held = {name: column for name, column in zip(FIELDS, values, strict=True) if column is not None}
    for name, column in corpus.metadata_columns.items():
        held[_PREFIX + name if name in FIELDS or name.startswith(_PREFIX) else name] = column
    return held


def columns_in_table(
    table: Path, n_documents: int, names: np.ndarray | None, held: Collection[str]
) -> Columns:
    """Columns of a table of metadata, by the names that shards give them.

    Parameters
    ----------
    table : Path
    n_documents : int
    names : ndarray of str, shape (n_documents,), or None
        Names of the documents, if the shards have them.
    held : collection of str
        Columns of the shards.

    Raises
    ------
    FormatError
        The table does not have one row per document, or has one of those columns.
    """
    fields = fields_of(table, n_documents, None if names is None else names.tolist(), Request())
    parts = in_parts(fields, [part for name, part in PARTS.items() if name not in held])
    with blamed_on(table):
        empty = sp.csr_array((n_documents, 1), dtype=np.float32)
        columns = columns_held(Corpus(empty, ["word"], **parts))
    twice = columns.keys() & set(held)
    if twice:
        raise FormatError(f"has the column {min(twice)!r}, which the shards have too", table)
    return columns


def known_in(columns: Columns) -> dict[str, Any]:
    """Fields of :class:`Corpus` that these columns are; they were valid when they were written."""
    held: dict[str, Any] = {f"{name}s": columns[name] for name in FIELDS if name in columns}
    others = {name.removeprefix(_PREFIX): column for name, column in columns.items() if name not in FIELDS}
    return {**held, "_columns": others or None}


def names_known(stored: Iterable[str]) -> dict[str, str]:
    """Columns that a formula can read, by their names there: metadata first, else labels and dates."""
    of_fields = {name: name for name in stored if name in ("label", "date")}
    others = {name.removeprefix(_PREFIX): name for name in stored if name not in FIELDS}
    return {**of_fields, **others}


def kind_of(column: np.ndarray) -> str:
    """Type of a column, as the manifest names it."""
    if column.dtype.kind == "O":
        return "none" if all(value is None for value in column) else "str"
    if column.dtype.kind == "i" and not (
        column.min(initial=0) >= -_EXACT and column.max(initial=0) <= _EXACT
    ):
        return "long"
    return str(column.dtype.name)


def write_table(path: Path, columns: Columns) -> None:
    """Write columns of a part; needs pyarrow."""
    parquet = parquet_module()
    import pyarrow as pa

    kinds = {"i": pa.int64(), "f": pa.float64(), "b": pa.bool_(), "O": pa.string()}
    arrays = {name: pa.array(column, kinds[column.dtype.kind]) for name, column in columns.items()}
    parquet.write_table(pa.table(arrays), path, row_group_size=ROWS, compression="zstd")


def read_table(
    path: Path, kinds: Mapping[str, str], n_documents: int, start: int, stop: int
) -> dict[str, np.ndarray]:
    """Columns of the documents from ``start`` to ``stop`` of a part, as arrays of these types.

    Raises
    ------
    FormatError
        The file is damaged, or has other columns or another number of documents.
    ImportError
        pyarrow is not installed.
    """
    parquet = parquet_module()
    import pyarrow as pa

    try:
        with path.open("rb") as stream, parquet.ParquetFile(stream) as file:
            names, metadata = set(file.schema_arrow.names), file.metadata
            sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        if sum(sizes) != n_documents or not names.issuperset(kinds):
            held, wanted = ", ".join(sorted(names)), ", ".join(kinds)
            raise FormatError(f"has {sum(sizes):,} rows of {held}, not {n_documents:,} of {wanted}", path)
        ends = np.cumsum(sizes, dtype=np.int64)
        first = int(np.searchsorted(ends, start, side="right"))
        last = int(np.searchsorted(ends, stop, side="left"))
        groups = range(first, min(last + 1, len(sizes)))
        with path.open("rb") as stream:
            read = columns_of(path, stream, [], list(kinds), groups)
    except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError, TooLargeError) as error:
        if isinstance(error, FormatError) or (isinstance(error, OSError) and error.filename is not None):
            raise
        raise FormatError(f"not a valid Parquet file: {error}", path) from error
    skipped = int(ends[first - 1]) if first else 0
    n_read = sum(sizes[group] for group in groups)
    if min(sizes, default=0) < 0 or any(len(values) != n_read for values in read.values()):
        raise FormatError("not a valid Parquet file: its groups do not have the rows that they declare", path)
    return {
        name: _array(path, name, kind, read[name][start - skipped : stop - skipped])
        for name, kind in kinds.items()
    }


def _array(path: Path, name: str, kind: str, values: list[Any]) -> np.ndarray:
    wanted = _VALUES[kind] if name not in FIELDS else {str}
    if not wanted.issuperset(map(type, values)):
        raise FormatError(f"the column {name!r} does not hold values of the type {kind}", path)
    return as_kind(values, kind)


def as_kind(values: list[Any], kind: str) -> np.ndarray:
    """Array of values of Python, of the type that a column of metadata has."""
    if kind in _NUMBERS:
        return np.array([np.nan if value is None else value for value in values], dtype=_NUMBERS[kind])
    return object_array(None if value is None or value != value else str(value) for value in values)


def cut(columns: Columns, rows: slice) -> Columns:
    """Some rows of columns."""
    return {name: column[rows] for name, column in columns.items()}


def joined(pieces: Sequence[Columns]) -> Columns:
    """Columns of consecutive documents, one below the other; those of different types become texts."""
    return {name: _one_type([piece[name] for piece in pieces]) for name in (pieces[0] if pieces else ())}


def _one_type(arrays: Sequence[np.ndarray]) -> np.ndarray:
    if len({array.dtype for array in arrays}) == 1:
        return np.concatenate(arrays)
    return as_kind([value for array in arrays for value in array.tolist()], joint_kind(map(kind_of, arrays)))


def sizes_of(columns: Columns, n_documents: int) -> np.ndarray:
    """Bytes that the columns of each document take, about; shape (n_documents,)."""
    sizes = np.zeros(n_documents, dtype=np.int64)
    for column in columns.values():
        sizes += 8
        if column.dtype.kind == "O":
            sizes += np.fromiter(
                (0 if value is None else len(value) for value in column), np.int64, n_documents
            )
    return sizes
