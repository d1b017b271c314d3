"""Tables with one text per row: CSV, TSV, JSON lines and Parquet."""

import csv
import json
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hftopic._files import written_whole
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats.counts import Request
from hftopic.data.formats.lines import FormatError, compressed_text, encodable, opened, read_lines

COLUMNS = ("text", "label", "name", "split")
_SEPARATORS = {",": "commas", "\t": "tabs", ";": "';'", "|": "'|'"}
_FORMAT_OF = {",": "csv", "\t": "tsv"}
_limit = threading.Lock()


@dataclass
class Table:
    """Texts with their labels, names and splits; filled row by row."""

    text: list[str] = field(default_factory=list)
    label: list[Any] | None = None
    name: list[Any] | None = None
    split: list[Any] | None = None

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row whose keys are among `COLUMNS`; all rows have the same keys."""
        for column, value in row.items():
            if getattr(self, column) is None:
                setattr(self, column, [])
            getattr(self, column).append(value)


def columns_for(
    path: Path, present: Sequence[str], request: Request, line: int | None = None
) -> dict[str, str]:
    """Columns of the table that contain the text, label, name and split.

    These are the columns that the caller names, or else the columns "text", "label", "name" and "split". The
    column of texts is required.
    """
    asked = {"text": request.text_column, "label": request.label_column, "name": request.name_column}
    held = {}
    for what in COLUMNS:
        column = asked.get(what)
        if column is None and what in present:
            column = what
        if column is None and what == "text":
            told = f"no column 'text'; pass the name of the text column as text_column=. {_listed(present)}"
            raise FormatError(told, path, line)
        if column is not None and column not in present:
            near = get_close_matches(column, present, 1)
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise FormatError(f"no column {column!r}{hint} {_listed(present)}", path, line)
        if column is not None:
            held[what] = column
    return held


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "There are no columns"
    return f"The columns are {', '.join(map(repr, names))}"


def read_delimited(path: Path, request: Request, delimiter: str) -> Table:
    """Table from a CSV or TSV file with a header row, and with the quotes of spreadsheets and pandas.

    Blank lines are ignored.
    """
    _refuse_other_separator(path, request, delimiter)
    rows = read_rows(path, request.encoding, delimiter)
    if not rows:
        raise FormatError("is empty: there are no texts and no header row", path)
    line, header = rows[0]
    if len(set(header)) < len(header):
        raise FormatError(f"duplicate column name. {_listed(header)}", path, line)
    columns = columns_for(path, header, request, line)
    place = {what: header.index(column) for what, column in columns.items()}
    table = Table()
    for line, row in rows[1:]:
        if len(row) != len(header):
            raise FormatError(f"has {len(row)} fields for {len(header)} columns", path, line)
        table.add({what: row[column] for what, column in place.items()})
    return table


def _refuse_other_separator(path: Path, request: Request, delimiter: str) -> None:
    """Raise FormatError if the header shows another separator; other errors would be less clear."""
    lines = read_lines(path, request.encoding)
    line, header = next(((line, text) for line, text in lines if text.strip()), (1, ""))
    other = max(_SEPARATORS, key=header.count)
    if delimiter in header or other not in header or header.strip('"') == request.text_column:
        return
    told = f"appears to be separated by {_SEPARATORS[other]}, not by {_SEPARATORS[delimiter]}; "
    if other in _FORMAT_OF:
        told += f"rename it to end in .{_FORMAT_OF[other]}, or pass format={_FORMAT_OF[other]}"
    else:
        told += "save it with commas as .csv, or with tabs as .tsv"
    raise FormatError(told, path, line)


def read_rows(path: Path, encoding: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, each with the line on which it starts."""
    rows, start = [], 1
    lines = (line for _, line in read_lines(path, encoding, keep_ends=True))
    with _fields_of_any_size():
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            for row in reader:
                if row:
                    rows.append((start, row))
                start = reader.line_num + 1
        except csv.Error as error:
            told = f"{error}; a quoted field must end with a quote, and quotes inside it must be doubled"
            raise FormatError(told, path, start) from error
    return rows


@contextmanager
def _fields_of_any_size() -> Iterator[None]:
    # The limit is global in the csv module, for all threads; the default of 128 KiB is too low for documents.
    with _limit:
        before = csv.field_size_limit(2**31 - 1)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def read_jsonl(path: Path, request: Request) -> Table:
    """Table from a file with one JSON object per line. Blank lines are ignored."""
    table, columns = Table(), None
    for line, text in read_lines(path, request.encoding):
        if not text.strip():
            continue
        record = _json_object(path, line, text)
        columns = columns_for(path, list(record), request, line) if columns is None else columns
        row = {what: record.get(column) for what, column in columns.items()}
        extra = next((what for what in COLUMNS if what not in columns and what in record), None)
        if extra:
            raise FormatError(f"has the key {extra!r}, which earlier lines do not have", path, line)
        for what, value in row.items():
            _check_value(path, what, columns[what], value, line)
        table.add(row)
    return table


def _json_object(path: Path, line: int, text: str) -> dict[str, Any]:
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not JSON: {error}", path, line) from error
    if not isinstance(record, dict):
        raise FormatError(f'expected an object such as {{"text": …}}, got {text[:40]!r}', path, line)
    return record


def _check_value(path: Path, what: str, column: str, value: Any, line: int | None, where: str = "") -> None:
    kinds: tuple[type, ...] = (str,) if what == "text" else (str, int, float)
    if not isinstance(value, kinds):
        wanted = "a string" if what == "text" else "a string or a number"
        raise FormatError(f"{where}{column!r} is {repr(value)[:40]}, not {wanted}", path, line)


def read_parquet(path: Path, request: Request) -> Table:
    """Table from a Parquet file; needs pyarrow.

    Raises
    ------
    ImportError
        pyarrow is not installed.
    """
    parquet = _pyarrow_parquet()
    import pyarrow as pa

    try:
        # A stream, because pyarrow interprets a path as more than a file name.
        with opened(path) as stream, parquet.ParquetFile(stream) as file:
            columns = columns_for(path, file.schema_arrow.names, request)
            held = file.read(columns=sorted(set(columns.values())))
            values = {what: held.column(column).to_pylist() for what, column in columns.items()}
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"not a valid Parquet file: {error}", path) from error
    for what, column in columns.items():
        for row, value in enumerate(values[what], start=1):
            _check_value(path, what, column, value, None, f"row {row}: ")
    return Table(**values) if values["text"] else Table()


def _pyarrow_parquet() -> Any:
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError("Parquet files need pyarrow: pip install 'hftopic[parquet]'") from error
    return pyarrow.parquet


def table_of(corpus: Corpus) -> dict[str, list[str]]:
    """Columns of a corpus as a table; the texts are the tokens, separated by spaces.

    Raises
    ------
    CorpusError
        The corpus has no tokens, or a word contains a space.
    """
    if corpus.tokens is None:
        raise CorpusError(
            "cannot be written as text: the corpus has counts but not the order of words (tokens is None); "
            "write a folder, a .mtx file, or another count format"
        )
    for word in corpus.vocabulary:
        if word.split() != [word]:
            raise CorpusError(
                f"cannot be written as text: the word {word!r} contains a space and would be split"
            )
    parts: dict[str, list[str]] = {"text": [" ".join(document) for document in corpus.tokens]}
    for what, values in zip(COLUMNS[1:], (corpus.labels, corpus.names, corpus.splits), strict=True):
        if values is not None:
            parts[what] = values.tolist()
    for what, column in parts.items():
        for place, value in enumerate(column):
            encodable(value, what, place)
    return parts


def write_delimited(corpus: Corpus, path: Path, delimiter: str) -> None:
    """Write a CSV or TSV file with the columns text, label, name and split (those that the corpus has)."""
    parts = table_of(corpus)
    write_rows(path, [list(parts), *zip(*parts.values(), strict=True)], delimiter)


def write_rows(path: Path, rows: Iterable[Sequence[str]], delimiter: str, draft: Path | None = None) -> None:
    """Write rows of fields to ``draft``, or atomically to ``path`` if no draft is given."""
    if draft is None:
        with written_whole(path) as own:
            write_rows(path, rows, delimiter, own)
        return
    with compressed_text(draft, path) as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)


def write_jsonl(corpus: Corpus, path: Path) -> None:
    """Write one JSON object per line with text, label, name and split (those that the corpus has)."""
    parts = table_of(corpus)
    with written_whole(path) as draft, compressed_text(draft, path) as stream:
        for row in zip(*parts.values(), strict=True):
            stream.write(json.dumps(dict(zip(parts, row, strict=True)), ensure_ascii=False) + "\n")


def write_parquet(corpus: Corpus, path: Path) -> None:
    """Write a Parquet file with text, label, name and split (those that the corpus has); needs pyarrow."""
    parquet = _pyarrow_parquet()
    import pyarrow as pa

    columns = {what: pa.array(values, pa.string()) for what, values in table_of(corpus).items()}
    with written_whole(path) as draft:
        parquet.write_table(pa.table(columns), draft)
