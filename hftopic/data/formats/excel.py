"""Sheets of Excel workbooks with one text per row, read with openpyxl."""

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from hftopic._callers import level_of_the_caller
from hftopic.data.formats.foreign import told_by_start
from hftopic.data.formats.limits import TooLargeError, check_arrays
from hftopic.data.formats.lines import FormatError
from hftopic.data.formats.request import Request
from hftopic.data.formats.tables import Table, columns_for, listed_names, others, value_of
from hftopic.data.metadata import date_text

_ERRORS = frozenset({"#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NUM!", "#NAME?", "#NULL!"})
_ZIP = b"PK\3\4"
_CELL = 8  # bytes
_ROWS = 2**20  # of the longest sheet that Excel has
Row = tuple[int, list[Any]]


def read_excel(path: Path, request: Request) -> Table:
    """Table from one sheet of a workbook, the first one by default; needs openpyxl.

    The first row that is not empty is the header; columns without a name are left out. A formula is its value
    when the workbook was last saved. Cells with dates are texts in ISO form, and cells with errors, such as
    #N/A, are missing. Empty rows are ignored.

    Raises
    ------
    ImportError
        openpyxl is not installed.
    FormatError
        The file is damaged or no workbook, it has no such sheet, a column is missing, or a formula was never
        computed.

    Warns
    -----
    UserWarning
        The request has no sheet, and other sheets have cells, too.
    """
    with _workbook(path) as book:
        sheet = _sheet(path, book, request.sheet)
        rows = list(_rows(path, sheet))
        others = [] if request.sheet is not None else _other_sheets(path, book, sheet)
    if not rows:
        raise FormatError(f"the sheet {sheet.title!r} is empty", path)
    if others:
        warnings.warn(
            f"{path}: read the sheet {sheet.title!r}, not {', '.join(map(repr, others))}; pass sheet= for "
            "another",
            UserWarning,
            stacklevel=level_of_the_caller(),
        )
    return _table(path, rows, request)


def _table(path: Path, rows: Sequence[Row], request: Request) -> Table:
    (first, top), rows = rows[0], rows[1:]
    header = ["" if cell is None else str(cell) for cell in top]
    named = [name for name in header if name]
    if len(set(named)) < len(named):
        raise FormatError(f"row {first}: duplicate column name. {listed_names(named)}", path)
    columns = columns_for(path, header, request)
    place = {what: header.index(column) for what, column in columns.items()}
    if all(cells[place["text"]] is None for _, cells in rows):
        told = (
            f"the column {columns['text']!r} has no value. If its cells are formulas, open the workbook and "
            "save it: the file does not have their values"
        )
        raise FormatError(told, path)
    table = Table(are_lines=False)
    for row, cells in rows:
        values = {what: _value(what, cells[column]) for what, column in place.items()}
        told = f"row {row}: "
        table.add(
            {what: value_of(path, what, columns[what], value, None, told) for what, value in values.items()},
            row,
        )
    more = {name: header.index(name) for name in others(path, header, columns)}
    table.metadata = {name: [cells[column] for _, cells in rows] for name, column in more.items()}
    return table


def _value(what: str, cell: Any) -> Any:
    """A cell as the column needs it: a text may look like a number to Excel."""
    if what in ("text", "original"):
        return "" if cell is None else str(cell)
    return cell


def _rows(path: Path, sheet: Any) -> Iterator[Row]:
    """Number and cells of each row that is not empty, all as long as the first of them.

    Raises
    ------
    FormatError
        There are more rows than in any workbook, or far more cells than the file can have written out.
    """
    width = n_cells = 0
    n_packed = path.stat().st_size
    for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
        n_cells += len(cells)
        check_arrays(_CELL * n_cells, n_packed)
        if number > _ROWS:
            raise FormatError(f"has a row beyond {_ROWS:,}, the last one that a sheet can have", path)
        row = [_plain(cell) for cell in cells]
        if all(cell is None for cell in row):
            continue
        if not width:
            width = max(place for place, cell in enumerate(row, start=1) if cell is not None)
        yield number, [*row[:width], *[None] * (width - len(row))]


def _plain(cell: Any) -> Any:
    """A string, a number, a truth value or None."""
    if isinstance(cell, str):
        return None if not cell or cell in _ERRORS else cell
    if isinstance(cell, time | timedelta):
        return str(cell)
    date = None if cell is None else date_text(cell)
    return cell if date is None else date


def _sheet(path: Path, book: Any, asked: str | int | None) -> Any:
    """The sheet of this name or number, which is counted from 1; the first one by default."""
    sheets = {sheet.title: sheet for sheet in book.worksheets}
    names = ", ".join(map(repr, sheets))
    if not sheets:
        raise FormatError("has no sheet with cells", path)
    if isinstance(asked, str) and asked in sheets:
        return sheets[asked]
    if asked is None:
        return next(
            (sheet for sheet in book.worksheets if sheet.sheet_state == "visible"), book.worksheets[0]
        )
    number = int(asked) if isinstance(asked, int) or asked.isdecimal() else 0
    if not 1 <= number <= len(sheets):
        raise FormatError(f"no sheet {asked!r}; the sheets are {names}", path)
    return list(sheets.values())[number - 1]


def _other_sheets(path: Path, book: Any, chosen: Any) -> list[str]:
    """Names of the other sheets that can be seen and have cells."""
    others = [sheet for sheet in book.worksheets if sheet is not chosen and sheet.sheet_state == "visible"]
    return [sheet.title for sheet in others if any(_rows(path, sheet))]


@contextmanager
def _workbook(path: Path) -> Iterator[Any]:
    """The open workbook; what openpyxl raises for a damaged one is a FormatError."""
    _check_workbook(path)
    try:
        from openpyxl import load_workbook
    except ImportError as error:
        raise ImportError(
            "Excel workbooks need openpyxl: pip install 'hftopic[excel]'. Or save the sheet as CSV (UTF-8)"
        ) from error
    try:
        # A stream, because openpyxl leaves the file of a damaged workbook open.
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that are not read
            book = load_workbook(file, read_only=True, data_only=True)
            try:
                for sheet in book.worksheets:
                    sheet.reset_dimensions()  # what the file declares may be wrong
                yield book
            finally:
                book.close()
    except FormatError:
        raise
    except TooLargeError as error:
        raise FormatError(str(error), path) from error
    except Exception as error:  # openpyxl lets through what its parsers of zip and XML raise, of many types
        raise FormatError(f"is not a valid Excel workbook: {type(error).__name__}: {error}", path) from error


def _check_workbook(path: Path) -> None:
    """FormatError for a file that is no workbook, or that expands to far more than its size."""
    with path.open("rb") as file:
        start = file.read(10)
    if not start.startswith(_ZIP):
        raise FormatError(told_by_start(start) or "is not an Excel workbook (.xlsx)", path)
    try:
        with zipfile.ZipFile(path) as archive:
            check_arrays(sum(member.file_size for member in archive.infolist()), path.stat().st_size)
    except TooLargeError as error:
        raise FormatError(str(error), path) from error
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FormatError(f"is not a valid Excel workbook: {error}", path) from error
