"""Texts of a file as pieces: one process reads them in order, and any process makes a table of a piece.

Pieces end at the same documents on every machine, and no matter how many processes there are.
"""

from abc import abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from hftopic.data.columns import columns_called
from hftopic.data.formats.beside import LISTS, beside, columns_of_lines, is_table, lists_beside
from hftopic.data.formats.delimited import open_delimited
from hftopic.data.formats.excel import read_excel
from hftopic.data.formats.folder import class_names
from hftopic.data.formats.jsonl import Records, first_columns, is_no_date, record_lines
from hftopic.data.formats.lines import FormatError, opened, read_lines
from hftopic.data.formats.parquet import (
    checked_batches,
    parquet_columns,
    parquet_errors,
    table_of_columns,
    values_of,
)
from hftopic.data.formats.request import Request
from hftopic.data.formats.tables import COLUMNS, Table
from hftopic.data.formats.texts import known_of_files, named_files, table_of_parts, text_of

ItemT = TypeVar("ItemT")

DOCUMENTS, CHARACTERS = 8192, 2**22
"""Documents and characters, with one of which a piece ends."""
_BATCHES = 8  # of a Parquet file, in a piece


@dataclass(frozen=True)
class Stream:
    """Texts of one file or folder.

    Parameters
    ----------
    path : Path
    request : Request
    split : str or None
        Split of all of its documents, if it is the file of one; numeric labels then get their names from
        ``labels.txt``.

    Attributes
    ----------
    fields : bool
        Whether the metadata are fields of text without types.
    sparse : bool
        Whether a column of the metadata need not be written in each row.
    are_lines : bool
        Whether the places of documents are lines.
    """

    path: Path
    request: Request
    split: str | None = None

    fields: ClassVar[bool] = False
    sparse: ClassVar[bool] = False
    are_lines: ClassVar[bool] = True

    @abstractmethod
    def pieces(self) -> Generator[Any, None, None]:
        """What is read of consecutive documents; it can be pickled."""

    @abstractmethod
    def rows(self, piece: Any) -> Table:
        """Table of a piece, as the file has it."""

    def table(self, piece: Any) -> Table:
        """Table of a piece."""
        table = self.rows(piece)
        if self.split is not None:
            if table.label is not None:
                table.label = class_names(self.path, list(map(str, table.label)), self.request.encoding)
            table.split = [self.split] * len(table.text)
        return table


class Lines(Stream):
    """A file with one text per line, and the lists beside it."""

    def pieces(self) -> Generator[Any, None, None]:
        encoding = self.request.encoding
        files = {what: file for what in LISTS if (file := beside(self.path, what)) is not None}
        table = {}
        if "metadata" in files and is_table(files["metadata"]):
            del files["metadata"]
            n_documents = sum(1 for _ in read_lines(self.path, encoding))
            table = lists_beside(self.path, n_documents, self.request)
        elif beside(self.path, "embeddings") is not None:
            n_documents = sum(1 for _ in read_lines(self.path, encoding))
            table = lists_beside(self.path, n_documents, self.request, ["embeddings"])
        n = 0
        with ExitStack() as opened_lists:
            lists = {
                what: opened_lists.enter_context(closing(read_lines(file, encoding)))
                for what, file in files.items()
            }
            for piece in cut(read_lines(self.path, encoding), lambda numbered: len(numbered[1])):
                held = {
                    what: [line for _, line in islice(values, len(piece))] for what, values in lists.items()
                }
                tabled = {
                    what: rows_of(table[what], n, n + len(piece)) for what in table if what not in files
                }
                n += len(piece)
                short = next((what for what, values in held.items() if len(values) < len(piece)), None)
                if short is not None:
                    n_values = n - len(piece) + len(held[short])
                    n = sum(1 for _ in read_lines(self.path, encoding))
                    raise FormatError(f"contains {n_values:,} {short} for {n:,} documents", files[short])
                yield piece, held, files, tabled
            for what, values in lists.items():
                rest = [line for _, line in values]
                if any(line.strip() for line in rest):
                    told = f"contains {n + len(rest):,} {what} for {n:,} documents"
                    raise FormatError(told, files[what])

    def rows(self, piece: Any) -> Table:
        numbered, held, files, known = piece
        if "metadata" in held:
            lines = columns_of_lines(files["metadata"], held["metadata"], numbered[0][0])
            known = {**known, "metadata": lines}
        table = table_of_parts([text for _, text in numbered], {**held, **known})
        table.places = [line for line, _ in numbered]
        return table


class Objects(Stream):
    """A file with one JSON object per line."""

    sparse = True

    def pieces(self) -> Generator[Any, None, None]:
        lines = record_lines(self.path, self.request)
        first = next(lines, None)
        if first is not None:
            columns = first_columns(self.path, self.request, first)
            for piece in cut(chain([first], lines), lambda numbered: len(numbered[1])):
                yield columns, piece

    def rows(self, piece: Any) -> Table:
        columns, numbered = piece
        records = Records(self.path, self.request, columns)
        for line, text in numbered:
            records.add(line, text)
        table = records.table
        table.metadata = records.metadata()
        dates = columns_called(COLUMNS["date"], list(records.extra))
        table.undated = {name for name in dates if any(map(is_no_date, records.extra[name].values()))}
        return table


class Fields(Stream):
    """A file with a header and one text per row, by default with commas."""

    fields = True
    delimiter: ClassVar[str] = ","

    def pieces(self) -> Generator[Any, None, None]:
        header, rows = open_delimited(self.path, self.request, self.delimiter)
        for piece in cut(rows, lambda row: sum(map(len, row[1]))):
            yield header, piece

    def rows(self, piece: Any) -> Table:
        header, rows = piece
        table: Table = header.table(self.path, rows)
        return table


class TabFields(Fields):
    """The same, by default with tabs."""

    delimiter = "\t"


class Columns(Stream):
    """A Parquet file."""

    are_lines = False

    def pieces(self) -> Generator[Any, None, None]:
        with parquet_errors(self.path):
            columns, more = parquet_columns(self.path, self.request)
            texts = sorted(set(columns.values()))
            names, start = [*texts, *more], 1
            with opened(self.path) as stream:
                rows = max(1, DOCUMENTS // _BATCHES)
                batches = checked_batches(self.path, stream, names, set(texts), rows=rows)
                plain = ({name: _plain(batch.column(name)) for name in names} for batch in batches)
                for piece in cut(plain, lambda held: _size(held.values()), lambda held: len(held[texts[0]])):
                    yield columns, more, start, piece
                    start += sum(len(held[texts[0]]) for held in piece)

    def rows(self, piece: Any) -> Table:
        columns, more, start, batches = piece
        with parquet_errors(self.path):
            values = {
                name: [*chain.from_iterable(values_of(held[name]) for held in batches)] for name in batches[0]
            }
        return table_of_columns(self.path, columns, values, more, start)


def _size(columns: Iterable[Any]) -> int:
    return sum(int(column.nbytes) for column in columns)


def _plain(column: Any) -> Any:
    """A column without the dictionary that it shares with others, so that a piece is small."""
    return column.dictionary_decode() if hasattr(column, "dictionary_decode") else column


class Files(Stream):
    """A folder with one text per file."""

    def pieces(self) -> Generator[Any, None, None]:
        files, names, labels = named_files(self.path)
        known = known_of_files(self.path, names, labels, self.request)
        start = 0
        for piece in cut(files, lambda file: file.stat().st_size):
            yield piece, {what: rows_of(part, start, start + len(piece)) for what, part in known.items()}
            start += len(piece)

    def rows(self, piece: Any) -> Table:
        files, known = piece
        return table_of_parts([text_of(file, self.request) for file in files], known)


def rows_of(part: Any, start: int, stop: int) -> Any:
    """Rows of a part of a corpus: of a list, or of each column of the metadata."""
    if isinstance(part, dict):
        return {name: column[start:stop] for name, column in part.items()}
    return part[start:stop]


class Sheet(Stream):
    """A sheet of a workbook, which is read as a whole: it has at most some million rows."""

    are_lines = False

    def pieces(self) -> Generator[Any, None, None]:
        table = read_excel(self.path, self.request)
        for rows in cut(range(len(table.text)), lambda row: len(table.text[row])):
            yield replace(table.of_rows(rows), places=[table.places[row] for row in rows])

    def rows(self, piece: Any) -> Table:
        table: Table = piece
        return table


def cut(
    items: Iterable[ItemT], length: Callable[[ItemT], int], documents: Callable[[ItemT], int] = lambda _: 1
) -> Iterator[list[ItemT]]:
    """Consecutive items of which a piece ends with `DOCUMENTS` documents, or with `CHARACTERS`."""
    piece: list[ItemT] = []
    size = n = 0
    for item in items:
        piece.append(item)
        size += length(item)
        n += documents(item)
        if n >= DOCUMENTS or size >= CHARACTERS:
            yield piece
            piece, size, n = [], 0, 0
    if piece:
        yield piece


STREAMS: dict[str, type[Stream]] = {
    "txt": Lines,
    "csv": Fields,
    "tsv": TabFields,
    "jsonl": Objects,
    "parquet": Columns,
    "xlsx": Sheet,
    "files": Files,
}
"""Stream of each format of texts."""


def name_of(stream: Stream) -> str:
    """Format of a stream."""
    return next(name for name, kind in STREAMS.items() if kind is type(stream))
