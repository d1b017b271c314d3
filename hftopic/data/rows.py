"""Rows of a table that are matched with documents by the names of these."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hftopic.data.columns import columns_called
from hftopic.data.validation import CorpusError

NAMED = ("name", "file", "file_name", "filename")
"""Columns that have the names of the documents, whatever their capitals."""
OFTEN_NAMED = ("id",)
"""Columns that have them if one of their values is the name of a document."""

_ENDING = re.compile(r"\.txt(?:\.(?:gz|xz|bz2))?$")


def column_of_names(columns: Mapping[str, Sequence[Any]], names: Sequence[str]) -> str | None:
    """The column of a table with the names of documents; None if there is none."""
    present = list(columns)
    for name in NAMED:
        called = columns_called(name, present)
        if called:
            return called[0]
    known = set(map(_bare, names))
    often = [column for name in OFTEN_NAMED for column in columns_called(name, present)]
    return next((column for column in often if known & set(map(_bare, columns[column]))), None)


def rows_by_name(column: str, given: Sequence[Any], names: Sequence[str]) -> list[int]:
    """The row of each document, by name, with or without the ending ``.txt``.

    Raises
    ------
    CorpusError
        A name is that of no document or of several rows, or that of a document is missing.
    """
    wanted, held = list(map(_bare, names)), list(map(_bare, given))
    if held == wanted:
        return list(range(len(held)))
    row_of: dict[str, int] = {}
    for row, name in enumerate(held):
        if row_of.setdefault(name, row) != row:
            raise CorpusError(f"the {column} {given[row]!r} is in several rows")
    absent = next((name for name, bare in zip(names, wanted, strict=True) if bare not in row_of), None)
    if absent is not None:
        raise CorpusError(f"has no row whose {column} is {absent!r}, the name of a document")
    strange = set(row_of) - set(wanted)
    if strange:
        name = next(name for name, bare in zip(given, held, strict=True) if bare in strange)
        raise CorpusError(f"the {column} {name!r} is the name of no document")
    return [row_of[name] for name in wanted]


def check_in_order(columns: Mapping[str, Sequence[Any]], names: Sequence[str]) -> None:
    """Raise CorpusError if a column has the names of all documents, in another order than theirs."""
    wanted = list(map(_bare, names))
    in_any_order = sorted(wanted)
    for column, values in columns.items():
        held = list(map(_bare, values))
        if held != wanted and sorted(held) == in_any_order:
            raise CorpusError(
                f"the column {column!r} has the names of the documents, in another order than theirs; call "
                "it 'name', and the rows are matched by it"
            )


def _bare(name: Any) -> str:
    """Name of a document, which may be a path, without the ending of a text file; "" if it is missing."""
    return "" if name is None else _ENDING.sub("", str(name))
