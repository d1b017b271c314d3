"""``metadata.csv``: a table with what is known of the documents of a corpus, beside it or in its folder."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hftopic.data.formats.delimited import read_fields
from hftopic.data.formats.lines import FormatError
from hftopic.data.formats.request import Request
from hftopic.data.formats.splits import joined
from hftopic.data.kinds import typed_fields

TABLE = "metadata.csv"
NAMED = ("name", "file", "file_name", "filename")
"""Columns that may have the names of the documents, by which the rows are then matched."""
PARTS = {"label": "labels", "name": "names", "split": "splits", "date": "dates"}
"""Columns that are no metadata, where nothing else gives these parts of a corpus."""

_ENDING = re.compile(r"\.txt(?:\.(?:gz|xz|bz2))?$")

Fields = dict[str, list[str]]


def table_of_folder(folder: Path) -> Path | None:
    """The table of all documents of a folder: ``metadata.csv`` in it, or ``NAME.metadata.csv`` beside it.

    Raises
    ------
    FormatError
        There are both.
    """
    real = folder.resolve()
    found = [file for file in (real / TABLE, real.with_name(f"{real.name}.{TABLE}")) if file.is_file()]
    if len(found) > 1:
        raise FormatError(f"{found[0]} and {found[1]} are both metadata of it; remove one of them", folder)
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
) -> Fields:
    """Fields of each column, in the order of the documents.

    If the documents have names, and the table a column of names, the rows are matched by name, with or
    without the ending ``.txt``. Else they are in the order of the documents, or this is an error with
    ``by_name``.

    Raises
    ------
    FormatError
        There is another number of rows than documents, or a name is that of no document or of several.
    """
    fields = read_fields(file, request.encoding)
    if request.has_labels:
        fields.pop("label", None)
    if not fields:
        raise FormatError("has no column with a name", file)
    n_rows = len(next(iter(fields.values())))
    while n_rows > n_documents and not any(values[n_rows - 1] for values in fields.values()):
        n_rows -= 1  # spreadsheets write rows without values
    fields = {name: values[:n_rows] for name, values in fields.items()}
    column = next((name for name in NAMED if name in fields), None)
    if names is not None and column is not None:
        rows = _rows_by_name(file, column, fields.pop(column), names)
        return {name: [values[row] for row in rows] for name, values in fields.items()}
    if by_name:
        raise FormatError(
            f"has no column {' or '.join(map(repr, NAMED[:2]))} with the names of the files", file
        )
    if n_rows != n_documents:
        told = f"contains {n_rows:,} rows for {n_documents:,} documents; if it is of others, rename it"
        raise FormatError(told, file)
    return fields


def fields_in_order(
    file: Path, n_documents: int, names: Sequence[str] | None, order: np.ndarray | None, request: Request
) -> Fields:
    """Fields of each column for documents in another order than that of the table.

    Parameters
    ----------
    order : ndarray of int, shape (n_documents,), or None
        Place in the corpus, and so in the table, of each document; None if they are in its order.
    """
    if order is None or names is not None:
        return fields_of(file, n_documents, names, request)
    fields = fields_of(file, n_documents, None, request)
    return {name: [values[row] for row in order] for name, values in fields.items()}


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


def _rows_by_name(file: Path, column: str, given: Sequence[str], names: Sequence[str]) -> list[int]:
    """The row of each document."""
    row_of: dict[str, int] = {}
    for row, name in enumerate(map(_bare, given)):
        if row_of.setdefault(name, row) != row:
            raise FormatError(f"the {column} {given[row]!r} is in several rows", file)
    wanted = list(map(_bare, names))
    absent = next((name for name, bare in zip(names, wanted, strict=True) if bare not in row_of), None)
    if absent is not None:
        raise FormatError(f"has no row whose {column} is {absent!r}, the name of a document", file)
    strange = set(row_of) - set(wanted)
    if strange:
        name = next(name for name in given if _bare(name) in strange)
        raise FormatError(f"the {column} {name!r} is the name of no document", file)
    return [row_of[name] for name in wanted]


def _bare(name: str) -> str:
    """Name of a document, which may be a path, without the ending of a text file."""
    return _ENDING.sub("", name)


def in_parts(fields: Mapping[str, Sequence[str]], free: Collection[str]) -> dict[str, Any]:
    """Parts of a corpus from a table: labels, names, splits and dates as far as they are free, and metadata.

    Parameters
    ----------
    fields : dict of str to sequence of str
        As :func:`fields_of` returns them.
    free : collection of str
        Parts that nothing else gives.
    """
    parts = {name: part for name, part in PARTS.items() if name in fields and part in free}
    metadata = {name: typed_fields(values) for name, values in fields.items() if name not in parts}
    held: dict[str, Any] = {part: list(fields[name]) for name, part in parts.items()}
    return {**held, "metadata": metadata} if metadata else held
