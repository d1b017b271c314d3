"""CSV, TSV and other text files with a separator, with a header and one text per row."""

import csv
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from hftopic._callers import level_of_the_caller
from hftopic._files import written_whole
from hftopic._locks import ThreadLock
from hftopic.data.columns import columns_called
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats.limits import RAISE, longest_line
from hftopic.data.formats.lines import FormatError, compressed_text, read_lines
from hftopic.data.formats.request import Request
from hftopic.data.formats.tables import (
    COLUMNS,
    Table,
    columns_for,
    listed_names,
    others,
    table_of,
)
from hftopic.data.kinds import typed_fields

SEPARATORS = {",": "commas", "\t": "tabs", ";": "';'", "|": "'|'"}
_limit = ThreadLock()
_BATCH = 1000  # rows that are read at once
Row = tuple[int, list[str]]
"""The line on which a row starts, and its fields."""


@dataclass(frozen=True)
class Header:
    """Names of the columns of a file, and the places of those that are read.

    Attributes
    ----------
    line : int
    whole : list of str
        All fields of the line.
    width : int
        Number of columns up to the last one that has a name.
    place, more : dict
        Place of the text, label and so on, and of each column of the metadata.
    """

    line: int
    whole: list[str]
    width: int
    place: dict[str, int]
    more: dict[str, int]

    def table(self, path: Path, rows: Iterable[Row]) -> Table:
        """Table of some of the rows below the header; the metadata is fields without a type."""
        table = Table()
        metadata: dict[str, list[str]] = {name: [] for name in self.more}
        for line, row in rows:
            if row[1:] == self.whole[1:] and row[0].lstrip("\ufeff").strip('"') == self.whole[0]:
                _tell_of_header(path, line, self.width)
            if len(row) < self.width or any(row[self.width :]):  # spreadsheets add empty columns
                raise FormatError(f"has {len(row)} fields for {self.width} columns", path, line)
            table.add({what: row[column] for what, column in self.place.items()}, line)
            for name, column in self.more.items():
                metadata[name].append(row[column])
        table.metadata = metadata
        return table


def read_delimited(path: Path, request: Request, delimiter: str) -> Table:
    """Table from a file with a header row, and with the quotes of spreadsheets and pandas.

    Blank lines are ignored, and so are rows of separators at the end, with a warning. All other columns that
    have a name are metadata, of numbers if all of their fields are.

    Parameters
    ----------
    path : Path
    request : Request
    delimiter : str
        Separator of the format. If the request has none, and the header shows another one, that one is used.

    Raises
    ------
    FormatError
        A row has another number of fields than the header, or repeats it; or a column is missing.
    """
    header, rows = open_delimited(path, request, delimiter)
    table = header.table(path, rows)
    table.metadata = {name: typed_fields(list(fields)) for name, fields in table.metadata.items()}
    return table


def open_delimited(path: Path, request: Request, delimiter: str) -> tuple[Header, Iterator[Row]]:
    """Header of such a file, and the rows below it, which are read one after the other."""
    first = _first_line(path, request)
    delimiter = request.delimiter or _separator(first, request, delimiter)
    told = "there are no texts and no header row"
    line, whole, rows = _opened(path, request.encoding, delimiter, first, told)
    names = _names(path, line, whole)
    if len(names) == 1 and names[0] != request.text_column:
        _check_separator(path, first, delimiter, line)
    columns = columns_for(path, names, request, line)
    place = {what: names.index(column) for what, column in columns.items()}
    more = {name: names.index(name) for name in others(path, names, columns)}
    return Header(line, whole, len(names), place, more), _without_separators(path, rows)


def read_fields(path: Path, encoding: str) -> dict[str, list[str]]:
    """Fields of each column that has a name, of a table that need not have texts.

    Raises
    ------
    FormatError
        As :func:`read_delimited`, except for the columns.
    """
    first = next((text for _, text in read_lines(path, encoding) if text.strip()), "")
    delimiter = max(SEPARATORS, key=first.count)
    line, whole, rows = _opened(path, encoding, delimiter, first, "there is no header row")
    names = _names(path, line, whole)
    more = {name: names.index(name) for name in others(path, names, {})}
    table = Header(line, whole, len(names), {}, more).table(path, (row[:2] for row in rows))
    return {name: list(table.metadata[name]) for name in more}


def _opened(
    path: Path, encoding: str, delimiter: str, first: str, told: str
) -> tuple[int, list[str], Iterator[tuple[int, list[str], bool]]]:
    """Line and fields of the header, whose text is ``first``, and the rows below it."""
    # As in "text, label": a space after each separator belongs to none of the fields.
    spaced = 0 < first.count(delimiter) == first.count(f"{delimiter} ")
    rows = _rows(path, encoding, delimiter, spaced=spaced)
    line, whole, _ = next(rows, (0, [], False))
    if not line:
        raise FormatError(f"is empty: {told}", path)
    return line, whole, rows


def _names(path: Path, line: int, whole: list[str]) -> list[str]:
    """Names of the columns, which are all different."""
    names = _without_empty_end(whole)
    named = [name for name in names if name]
    if len(set(named)) < len(named):
        raise FormatError(f"duplicate column name. {listed_names(names)}", path, line)
    return names


def _without_separators(path: Path, rows: Iterable[tuple[int, list[str], bool]]) -> Iterator[Row]:
    """The rows up to the last one that has a value; spreadsheets write lines of separators behind it."""
    bare: list[Row] = []
    for line, row, is_bare in rows:
        if is_bare:
            bare.append((line, row))
            continue
        yield from bare
        bare.clear()
        yield line, row
    if bare:
        warnings.warn(
            f"{path}: {len(bare):,} rows at the end, from line {bare[0][0]}, have no value in any "
            "column, as spreadsheets write them; they are ignored",
            UserWarning,
            stacklevel=level_of_the_caller(),
        )


def _tell_of_header(path: Path, line: int, width: int) -> None:
    told = "repeats the header: were two tables put together? Delete this line"
    if width > 1:
        raise FormatError(told, path, line)
    warnings.warn(
        f"{path}, line {line}: {told}, if it is not a text",
        UserWarning,
        stacklevel=level_of_the_caller(),
    )


def _without_empty_end(header: list[str]) -> list[str]:
    """The header up to the last column that has a name; a lone column may have none."""
    n_named = max((place for place, name in enumerate(header, start=1) if name), default=1)
    return header[:n_named]


def _first_line(path: Path, request: Request) -> str:
    """The line of the header."""
    lines = read_lines(path, request.encoding)
    return next((text for _, text in lines if text.strip()), "")


def _separator(header: str, request: Request, delimiter: str) -> str:
    """The separator with which the header has the column of texts; else the one that it has most of.

    The separator of the format comes first, so that no other one is tried if it fits.
    """
    names = [request.text_column or COLUMNS["text"]]
    if request.is_remembered("text"):
        names.append(COLUMNS["text"])
    for other in (delimiter, *SEPARATORS):
        fields = [field.strip().strip('"') for field in header.split(other)]
        if any(name.strip() in fields or columns_called(name, fields) for name in names):
            return other
    return delimiter if delimiter in header else max((delimiter, *SEPARATORS), key=header.count)


def _check_separator(path: Path, header: str, delimiter: str, line: int) -> None:
    """FormatError if the header shows another separator than the one that the caller gives."""
    other = max(SEPARATORS, key=header.count)
    if delimiter not in header and other in header:
        used = SEPARATORS.get(delimiter, repr(delimiter))
        told = f"appears to be separated by {SEPARATORS[other]}, not by {used}; pass delimiter={other!r}"
        raise FormatError(told, path, line)


def read_rows(path: Path, encoding: str, delimiter: str, *, needs_end: bool = True) -> list[Row]:
    """Rows that are not blank, with the line on which each starts."""
    return [(line, row) for line, row, _ in _rows(path, encoding, delimiter, needs_end=needs_end)]


def _rows(
    path: Path, encoding: str, delimiter: str, *, spaced: bool = False, needs_end: bool = True
) -> Iterator[tuple[int, list[str], bool]]:
    """Rows that are not blank, their first lines, and whether they are separators without a quoted field.

    ``spaced`` drops spaces before fields.
    """
    last, start, end = "", 1, 0

    def lines() -> Iterator[str]:
        nonlocal last
        for _, last in read_lines(path, encoding, keep_ends=True, needs_end=needs_end):
            yield last

    reader = csv.reader(lines(), delimiter=delimiter, strict=True, skipinitialspace=spaced)
    while end < start:
        end, rows = start, []
        with _fields_as_long_as_lines():  # not while the caller has the rows
            try:
                for row in islice(reader, _BATCH):
                    is_empty = len(row) > 1 and not any(row)
                    if row:
                        rows.append((start, row, is_empty and not last.strip(f"{delimiter}\r\n")))
                    start = reader.line_num + 1
            except csv.Error as error:
                raise FormatError(_told(error), path, start) from error
        yield from rows


def _told(error: csv.Error) -> str:
    if "new-line" in str(error):
        return (
            "contains a carriage return outside of quotes: the line ends are mixed; convert them to newlines"
        )
    if "field limit" in str(error):
        return f"{error}: a quote that is never closed? If the field is right, {RAISE}"
    return f"{error}; a quoted field must end with a quote, and quotes inside it must be doubled"


@contextmanager
def _fields_as_long_as_lines() -> Iterator[None]:
    # The limit is global in the csv module, for all threads; the default of 128 KiB is too low for documents.
    with _limit:
        before = csv.field_size_limit(min(longest_line(), 2**31 - 1))
        try:
            yield
        finally:
            csv.field_size_limit(before)


def write_delimited(corpus: Corpus, path: Path, delimiter: str) -> None:
    """Write a file with the columns text, label, name, split and date, the original text, and the metadata.

    Columns that the corpus does not have are left out.

    Raises
    ------
    CorpusError
        The corpus has embeddings, or a document looks like a second header.
    """
    if corpus.embeddings is not None:
        raise CorpusError(
            "cannot hold embeddings: write a folder, a .parquet or .jsonl file, or leave them out with "
            "corpus.with_embeddings(None)"
        )
    parts = {what: list(map(_field, values)) for what, values in table_of(corpus).items()}
    if len(parts) > 1 and tuple(parts) in set(zip(*parts.values(), strict=True)):
        raise CorpusError(
            f"cannot be written as a table: a document has the values {', '.join(parts)}, which would be "
            "taken for a second header; write a .jsonl file"
        )
    write_rows(path, [list(parts), *zip(*parts.values(), strict=True)], delimiter)


def _field(value: Any) -> str:
    return "" if value is None else str(value)


def write_rows(path: Path, rows: Iterable[Sequence[str]], delimiter: str, draft: Path | None = None) -> None:
    """Write rows of fields to ``draft``, or atomically to ``path`` if no draft is given."""
    if draft is None:
        with written_whole(path) as own:
            write_rows(path, rows, delimiter, own)
        return
    with compressed_text(draft, path) as stream:
        plain = csv.writer(stream, delimiter=delimiter)
        quoted = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        for row in rows:
            (plain if any(row) else quoted).writerow(row)  # separators alone are no row to the reader
