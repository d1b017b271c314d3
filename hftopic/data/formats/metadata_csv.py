"""``metadata.csv``: a table with what is known of the documents of a corpus, beside it or in its folder."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hftopic.data.columns import columns_called
from hftopic.data.formats.delimited import read_fields
from hftopic.data.formats.lines import FormatError, blamed_on
from hftopic.data.formats.request import Request
from hftopic.data.formats.splits import joined
from hftopic.data.kinds import typed_fields
from hftopic.data.rows import NAMED, check_in_order, column_of_names, rows_by_name

TABLE = "metadata.csv"
PARTS = {"label": "labels", "name": "names", "split": "splits", "date": "dates"}
"""Columns that are no metadata, whatever their capitals, where nothing else gives these parts."""

Fields = dict[str, list[str]]


def table_of_folder(folder: Path) -> Path | None:
    """The table of all documents of a folder: ``metadata.csv`` in it, or ``NAME.metadata.csv`` beside it.

    Raises
    ------
    FormatError
        There are both.
    """
    return file_of_folder(folder, TABLE, "metadata")


def file_of_folder(folder: Path, name: str, what: str) -> Path | None:
    """The file of this name in a folder, or ``FOLDER.name`` beside it; FormatError if there are both."""
    real = folder.resolve()
    found = [file for file in (real / name, real.with_name(f"{real.name}.{name}")) if file.is_file()]
    if len(found) > 1:
        raise FormatError(f"{found[0]} and {found[1]} are both {what} of it; remove one of them", folder)
    return found[0] if found else None


def table_of_file(file: Path) -> Path | None:
    """The table of the documents of one file in a folder of counts: ``STEM_metadata.csv``, as for labels."""
    named = (file.with_name(f"{file.stem}{mark}{TABLE}") for mark in "_.")
    return next(filter(Path.is_file, named), None)


def check_only_table(whole: Path, files: Iterable[Path]) -> None:
    """Raise FormatError if a split has a table too."""
    other = next(filter(None, map(table_of_file, files)), None)
    if other is not None:
        told = f"{whole.name} and {other.name} are both metadata; remove one of them"
        raise FormatError(told, other.parent)


def check_no_table(folder: Path) -> None:
    """Raise FileExistsError if a table beside a folder would be read with what is written into it."""
    table = table_of_folder(folder)
    if table is not None:
        raise FileExistsError(f"{table} exists and would be read as metadata of {folder}; move or delete it")


def fields_of(
    file: Path,
    n_documents: int,
    names: Sequence[str] | None,
    request: Request,
    *,
    by_name: bool = False,
    order: np.ndarray | None = None,
) -> Fields:
    """Fields of each column, in the order of the documents.

    If the documents have names, and the table a column of names, the rows are matched by name, with or
    without the ending ``.txt``. Else they are in the order of the documents, or in ``order``, or this is an
    error with ``by_name``.

    Parameters
    ----------
    order : ndarray of int, shape (n_documents,), or None
        Place in the corpus, and so in the table, of each document; None if they are in its order.

    Raises
    ------
    FormatError
        There is another number of rows than documents, a name is that of no document or of several, or a
        column that is not called so has all names in another order.
    """
    fields = read_fields(file, request.encoding)
    if request.has_labels:
        for label in columns_called("label", list(fields)):
            fields.pop(label)
    if not fields:
        raise FormatError("has no column with a name", file)
    n_rows = len(next(iter(fields.values())))
    while n_rows > n_documents and not any(values[n_rows - 1] for values in fields.values()):
        n_rows -= 1  # spreadsheets write rows without values
    fields = {name: values[:n_rows] for name, values in fields.items()}
    column = None if names is None else column_of_names(fields, names)
    if names is not None and column is not None:
        with blamed_on(file):
            return _in_order(fields, rows_by_name(column, fields.pop(column), names))
    if by_name:
        raise FormatError(
            f"has no column {' or '.join(map(repr, NAMED[:2]))} with the names of the files", file
        )
    if n_rows != n_documents:
        told = f"contains {n_rows:,} rows for {n_documents:,} documents; if it is of others, rename it"
        raise FormatError(told, file)
    fields = fields if order is None else _in_order(fields, order)
    if names is not None:
        with blamed_on(file):
            check_in_order(fields, names)
    return fields


def fields_of_splits(
    folder: Path,
    files: Mapping[str, Path],
    sizes: Mapping[str, int],
    names: Mapping[str, Sequence[str] | None],
    request: Request,
) -> Fields:
    """Fields of each column of the tables of splits, of which all have one or none has.

    Raises
    ------
    FormatError
        As :func:`fields_of`, or a split has no table, or no such column, although another one has.
    """
    tables: dict[str, Fields] = {}
    for split, file in files.items():
        table = table_of_file(file)
        tables[split] = {} if table is None else fields_of(table, sizes[split], names[split], request)
    columns = dict.fromkeys(name for fields in tables.values() for name in fields)
    held = {}
    for column in columns:
        values = joined(folder, {split: fields.get(column) for split, fields in tables.items()}, repr(column))
        held[column] = values or []
    return held


def _in_order(fields: Fields, rows: Iterable[int]) -> Fields:
    places = list(rows)
    return {name: [values[row] for row in places] for name, values in fields.items()}


def in_parts(fields: Mapping[str, Sequence[str]], free: Collection[str]) -> dict[str, Any]:
    """Parts of a corpus from a table: labels, names, splits and dates as far as they are free, and metadata.

    Parameters
    ----------
    fields : dict of str to sequence of str
        As :func:`fields_of` returns them.
    free : collection of str
        Parts that nothing else gives.
    """
    called = {part: columns_called(name, list(fields)) for name, part in PARTS.items() if part in free}
    parts = {found[0]: part for part, found in called.items() if len(found) == 1}
    metadata = {name: typed_fields(values) for name, values in fields.items() if name not in parts}
    held: dict[str, Any] = {part: list(fields[name]) for name, part in parts.items()}
    return {**held, "metadata": metadata} if metadata else held
