"""Parquet: a table with one text per row, read with pyarrow."""

from pathlib import Path
from typing import IO, Any

from hftopic._files import written_whole
from hftopic.data.corpus import Corpus
from hftopic.data.formats.counts import Request
from hftopic.data.formats.limits import check_arrays
from hftopic.data.formats.lines import FormatError, opened
from hftopic.data.formats.tables import Table, columns_for, table_of, value_of

_ROWS = 2**20  # read at once: each time, the whole dictionary of a column is checked
_POINTER = 8  # bytes


def read_parquet(path: Path, request: Request) -> Table:
    """Table from a Parquet file; needs pyarrow.

    Raises
    ------
    ImportError
        pyarrow is not installed.
    FormatError
        The file is damaged, or its columns expand to far more than its size, or have no strings or numbers.
    """
    parquet = _pyarrow_parquet()
    import pyarrow as pa

    try:
        # A stream, because pyarrow interprets a path as more than a file name.
        with opened(path) as stream, parquet.ParquetFile(stream) as file:
            columns = columns_for(path, file.schema_arrow.names, request)
            for column in columns.values():
                _check_type(path, column, file.schema_arrow.field(column).type)
        with opened(path) as stream:
            held = _columns(path, stream, sorted(set(columns.values())))
        values = {what: held[column] for what, column in columns.items()}
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"not a valid Parquet file: {error}", path) from error
    table = {
        what: [
            value_of(path, what, columns[what], value, None, f"row {row}: ")
            for row, value in enumerate(column, start=1)
        ]
        for what, column in values.items()
    }
    return Table(**table) if table["text"] else Table()


def _columns(path: Path, stream: IO[bytes], names: list[str]) -> dict[str, list[Any]]:
    """Values of columns, with a limit on their size.

    Strings are read as numbers into a dictionary of them, so that a string that is repeated millions of times
    is noticed before it is expanded.
    """
    parquet = _pyarrow_parquet()
    n_packed = path.stat().st_size
    held: dict[str, list[Any]] = {name: [] for name in names}
    n_bytes = 0
    with parquet.ParquetFile(stream, read_dictionary=names) as file:
        check_arrays(file.metadata.num_rows * len(names) * _POINTER, n_packed)
        # The sizes of single columns are not asked for: pyarrow ends the process if they are damaged.
        groups = range(file.metadata.num_row_groups)
        check_arrays(sum(file.metadata.row_group(group).total_byte_size for group in groups), n_packed)
        for batch in file.iter_batches(batch_size=_ROWS, columns=names):
            for name in names:
                column = batch.column(name)
                column.validate(full=True)  # pyarrow follows offsets and indices of a damaged file unseen
                n_bytes += _expanded(column)
                check_arrays(n_bytes, n_packed)
                held[name].extend(_values(column))
    return held


def _values(column: Any) -> list[Any]:
    """Values of a column; those of a dictionary are one object each, however often they are repeated."""
    import pyarrow as pa

    if not pa.types.is_dictionary(column.type):
        values: list[Any] = column.to_pylist()
        return values
    known = column.dictionary.to_pylist()
    return [None if place is None else known[place] for place in column.indices.to_pylist()]


def _check_type(path: Path, name: str, kind: Any) -> None:
    import pyarrow as pa

    types = pa.types
    values = kind.value_type if types.is_dictionary(kind) else kind
    known = (types.is_string, types.is_large_string, types.is_integer, types.is_floating, types.is_boolean)
    if not types.is_null(values) and not any(is_kind(values) for is_kind in known):
        raise FormatError(f"the column {name!r} has values of type {values}, not strings or numbers", path)


def _expanded(column: Any) -> int:
    """Bytes of the values of a column without its dictionary."""
    import pyarrow as pa
    import pyarrow.compute as pc

    repeated = pa.types.is_dictionary(column.type)
    values = column.dictionary if repeated else column
    size = _POINTER * len(column)
    if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
        lengths = pc.binary_length(values)
        size += pc.sum(lengths.take(column.indices) if repeated else lengths).as_py() or 0
    return size


def write_parquet(corpus: Corpus, path: Path) -> None:
    """Write a Parquet file with text, label, name and split (those that the corpus has); needs pyarrow."""
    parquet = _pyarrow_parquet()
    import pyarrow as pa

    columns = {what: pa.array(values, pa.string()) for what, values in table_of(corpus).items()}
    with written_whole(path) as draft:
        parquet.write_table(pa.table(columns), draft)


def _pyarrow_parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("Parquet files need pyarrow: pip install 'hftopic[parquet]'") from error
    return pyarrow.parquet
