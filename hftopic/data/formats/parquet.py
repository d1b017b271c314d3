"""Parquet: a table with one text per row, read with pyarrow."""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np

from hftopic._callers import level_of_the_caller
from hftopic._files import written_whole
from hftopic.data.corpus import Corpus
from hftopic.data.formats.limits import check_arrays
from hftopic.data.formats.lines import FormatError, opened
from hftopic.data.formats.request import Request
from hftopic.data.formats.tables import (
    EMBEDDING,
    Table,
    columns_for,
    embedding_column_for,
    fits,
    others,
    table_of,
    value_of,
)
from hftopic.data.metadata import without_midnight

_ROWS = 2**20  # read at once: each time, the whole dictionary of a column is checked
_POINTER = 8  # bytes
_INDEX = re.compile(r"__index_level_\d+__")  # what pandas writes for a frame with an index


def read_parquet(path: Path, request: Request) -> Table:
    """Table from a Parquet file; needs pyarrow.

    All other columns of strings, numbers, truth values and dates are metadata.

    Raises
    ------
    ImportError
        pyarrow is not installed.
    FormatError
        The file is damaged, or its columns expand to far more than its size, or have no strings or numbers.

    Warns
    -----
    UserWarning
        Columns of other types, such as lists, are left out.
    """
    with parquet_errors(path):
        columns, more = parquet_columns(path, request)
        with opened(path) as stream:
            held = columns_of(path, stream, sorted(set(columns.values())), more)
    return table_of_columns(path, columns, held, more)


def parquet_columns(path: Path, request: Request) -> tuple[dict[str, str], list[str]]:
    """Columns of the text, label and so on, and the names of the others that are read."""
    # A stream, because pyarrow interprets a path as more than a file name.
    with opened(path) as stream, parquet_module().ParquetFile(stream) as file:
        columns, more = _chosen(path, file.schema_arrow, request)
        if more and not fits(path, file.metadata.num_rows, len(more) + len(set(columns.values()))):
            more = []
    return columns, more


@contextmanager
def parquet_errors(path: Path) -> Iterator[None]:
    """Errors of pyarrow as FormatErrors that name the file."""
    parquet_module()
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"not a valid Parquet file: {error}", path) from error


def table_of_columns(
    path: Path, columns: Mapping[str, str], held: Mapping[str, list[Any]], more: list[str], start: int = 1
) -> Table:
    """Table of the values of columns from the row ``start`` on; ``more`` are the metadata."""
    values = {what: held[column] for what, column in columns.items()}
    table = Table(are_lines=False)
    for row, found in enumerate(zip(*values.values(), strict=True), start=start):
        told = zip(values, found, strict=True)
        table.add(
            {what: value_of(path, what, columns[what], value, None, f"row {row}: ") for what, value in told},
            row,
        )
    table.metadata = {name: held[name] for name in more}
    return table


def _chosen(path: Path, schema: Any, request: Request) -> tuple[dict[str, str], list[str]]:
    """Columns of the text, label and so on, and the names of the others that are read."""
    columns = columns_for(path, schema.names, request)
    if request.date_column is None and "date" in columns and not _is_read(schema.field(columns["date"]).type):
        del columns["date"]
    for what, column in columns.items():
        _check_type(path, column, schema.field(column).type, dates=what == "date")
    embedding = embedding_column_for(path, schema.names, request)
    if embedding is not None and _are_vectors(schema.field(embedding).type):
        columns[EMBEDDING] = embedding
    elif embedding is not None and request.embedding_column:
        kind = schema.field(embedding).type
        raise FormatError(f"the column {embedding!r} has values of type {kind}, not lists of numbers", path)
    names = [name for name in others(path, schema.names, columns) if not _INDEX.fullmatch(name)]
    odd = [name for name in names if not _is_read(schema.field(name).type)]
    if odd:
        kind = schema.field(odd[0]).type
        advice = f"; pass embedding_column={odd[0]!r} if it has embeddings" if _are_vectors(kind) else ""
        warnings.warn(
            f"{path}: the column {odd[0]!r} of type {kind} is not kept as metadata{advice}"
            + (f", nor are {len(odd) - 1:,} others" if len(odd) > 1 else ""),
            UserWarning,
            stacklevel=level_of_the_caller(),
        )
    return columns, [name for name in names if name not in odd]


def columns_of(
    path: Path, stream: IO[bytes], texts: list[str], more: list[str], groups: Sequence[int] | None = None
) -> dict[str, list[Any]]:
    """Values of columns, of which ``more`` are metadata, with a limit on their size.

    Without ``groups``, those of all groups of rows in the file.
    """
    names = [*texts, *more]
    held: dict[str, list[Any]] = {name: [] for name in names}
    for batch in checked_batches(path, stream, names, set(texts), groups):
        for name in names:
            held[name].extend(values_of(batch.column(name)))
    return held


def checked_batches(
    path: Path,
    stream: IO[bytes],
    names: list[str],
    texts: Set[str],
    groups: Sequence[int] | None = None,
    rows: int = _ROWS,
) -> Iterator[Any]:
    """Batches of columns, with at most so many rows each, and with a limit on the size of all columns.

    Strings are read as numbers into a dictionary of them, so that a string that is repeated millions of times
    is noticed before it is expanded; those of ``texts`` are expanded, others are shared.
    """
    parquet = parquet_module()
    n_packed = path.stat().st_size
    n_bytes = 0
    kinds = parquet.read_schema(stream)
    stream.seek(0)
    flat = [name for name in names if not _are_vectors(kinds.field(name).type)]
    with parquet.ParquetFile(stream, read_dictionary=flat) as file:
        check_arrays(file.metadata.num_rows * len(names) * _POINTER, n_packed)
        # The sizes of single columns are not asked for: pyarrow ends the process if they are damaged.
        groups = range(file.metadata.num_row_groups) if groups is None else groups
        check_arrays(sum(file.metadata.row_group(group).total_byte_size for group in groups), n_packed)
        for batch in file.iter_batches(batch_size=rows, row_groups=list(groups), columns=names):
            for name in names:
                column = batch.column(name)
                column.validate(full=True)  # pyarrow follows offsets and indices of a damaged file unseen
                n_bytes += _expanded(column, is_copied=name in texts)
                check_arrays(n_bytes, n_packed)
            yield batch


def values_of(column: Any) -> list[Any]:
    """Values of a column; those of a dictionary are one object each, however often they are repeated."""
    import pyarrow as pa

    if _are_vectors(column.type):
        return vectors_of(column)
    if pa.types.is_date(column.type) or pa.types.is_timestamp(column.type):
        column = column.cast(pa.string())  # Python has no nanoseconds
        return [None if value is None else without_midnight(value) for value in column.to_pylist()]
    if not pa.types.is_dictionary(column.type):
        values: list[Any] = column.to_pylist()
        return values
    known = column.dictionary.to_pylist()
    return [None if place is None else known[place] for place in column.indices.to_pylist()]


def vectors_of(column: Any) -> list[Any]:
    """Rows of a column of lists of numbers, as arrays of float32; None for a missing one."""
    import pyarrow as pa

    if pa.types.is_fixed_size_list(column.type):
        column = column.cast(pa.list_(column.type.value_type))
    values = column.values
    numbers = values.cast(pa.float64()).to_numpy(zero_copy_only=False).astype(np.float32)
    ends = column.offsets.to_numpy().tolist()
    rows = zip(pairwise(ends), column.is_null().to_pylist(), strict=True)
    return [None if missing else numbers[start:end] for (start, end), missing in rows]


def _are_vectors(kind: Any) -> bool:
    """Whether the values of a type are lists of numbers."""
    import pyarrow as pa

    types = pa.types
    is_list = types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind)
    return bool(is_list and (types.is_integer(kind.value_type) or types.is_floating(kind.value_type)))


def _check_type(path: Path, name: str, kind: Any, *, dates: bool = False) -> None:
    if not _is_read(kind, dates=dates):
        values = _values_type(kind)
        raise FormatError(f"the column {name!r} has values of type {values}, not strings or numbers", path)


def _is_read(kind: Any, *, dates: bool = True) -> bool:
    """Whether the values of a type are strings, numbers or truth values, or, if asked for, dates."""
    import pyarrow as pa

    types, values = pa.types, _values_type(kind)
    known = (types.is_string, types.is_large_string, types.is_integer, types.is_floating, types.is_boolean)
    moments = (types.is_date, types.is_timestamp, types.is_decimal) if dates else ()
    return any(is_kind(values) for is_kind in (types.is_null, *known, *moments))


def _values_type(kind: Any) -> Any:
    """Type of the values of a column, which may be in a dictionary."""
    import pyarrow as pa

    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _expanded(column: Any, is_copied: bool) -> int:
    """Bytes of the values of a column without its dictionary, or with it if its values are not copied."""
    import pyarrow as pa
    import pyarrow.compute as pc

    repeated = pa.types.is_dictionary(column.type)
    values = column.dictionary if repeated else column
    size = _POINTER * len(column)
    if _are_vectors(column.type):
        return size + int(column.nbytes)
    if repeated and not is_copied:
        return size + int(column.nbytes)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        lengths = pc.binary_length(values)
        size += pc.sum(lengths.take(column.indices) if repeated else lengths).as_py() or 0
    return size


def write_parquet(corpus: Corpus, path: Path) -> None:
    """Write text, label, name, split and date, the metadata, and the embedding, as a table; needs pyarrow.

    Columns that the corpus does not have are left out.
    """
    parquet = parquet_module()
    import pyarrow as pa

    kinds = {"i": pa.int64(), "f": pa.float64(), "b": pa.bool_(), "O": pa.string()}
    types = {name: kinds[column.dtype.kind] for name, column in corpus.metadata_columns.items()}
    columns = {
        what: pa.array(values, types.get(what, pa.string()))
        for what, values in table_of(corpus, EMBEDDING).items()
    }
    if corpus.embeddings is not None:
        values = pa.array(np.ravel(corpus.embeddings))
        columns[EMBEDDING] = pa.FixedSizeListArray.from_arrays(values, corpus.embeddings.shape[1])
    with written_whole(path) as draft:
        parquet.write_table(pa.table(columns), draft)


def parquet_module() -> Any:
    """pyarrow.parquet; an ImportError says how to install it."""
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("Parquet files need pyarrow: pip install 'hftopic[parquet]'") from error
    return pyarrow.parquet
