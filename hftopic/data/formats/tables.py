"""Tables with one text per row: CSV, TSV and JSON lines."""

import csv
import json
import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hftopic._callers import level_of_the_caller
from hftopic._files import written_whole
from hftopic._locks import ThreadLock
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats.counts import Request
from hftopic.data.formats.limits import RAISE, longest_line
from hftopic.data.formats.lines import FormatError, compressed_text, encodable, not_text, read_lines

COLUMNS = ("text", "label", "name", "split")
_SEPARATORS = {",": "commas", "\t": "tabs", ";": "';'", "|": "'|'"}
_FORMAT_OF = {",": "csv", "\t": "tsv"}
_SHOWN = 10  # names of columns in a message
_limit = ThreadLock()


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

    These are the columns that the caller names, or else the columns "text", "label", "name" and "split",
    also with spaces around them or in capitals. The column of texts is required.
    """
    asked = {"text": request.text_column, "label": request.label_column, "name": request.name_column}
    held = {}
    for what in COLUMNS:
        column = asked.get(what)
        if column is None:
            near = _columns_called(what, present)
            if len(near) > 1:
                told = f"{' and '.join(map(repr, near))} may both be the column {what!r}; rename all but one"
                raise FormatError(told, path, line)
            column = near[0] if near else None
        if column is None and what == "text":
            told = f"no column 'text'; pass the name of the text column as text_column=. {_listed(present)}"
            raise FormatError(told, path, line)
        if column is not None and column not in present:
            column = next((name for name in present if name.strip() == column.strip()), column)
        if column is not None and column not in present:
            near = get_close_matches(column, present[:1000], 1)  # slow, if there are a million
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise FormatError(f"no column {column!r}{hint} {_listed(present)}", path, line)
        if column is not None:
            held[what] = column
    return held


def _columns_called(what: str, present: Sequence[str]) -> list[str]:
    """The column of this name; if there is none, those that differ from it only in spaces and capitals."""
    if what in present:
        return [what]
    return [name for name in present if name.strip().casefold() == what]


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "There are no columns"
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"The columns are {', '.join(repr(name[:80]) for name in names[:_SHOWN])}{more}"


def read_delimited(path: Path, request: Request, delimiter: str) -> Table:
    """Table from a CSV or TSV file with a header row, and with the quotes of spreadsheets and pandas.

    Blank lines are ignored, and so are rows of separators at the end, with a warning.

    Raises
    ------
    FormatError
        A row has another number of fields than the header, or repeats it; or a column is missing.
    """
    first = _first_line(path, request, delimiter)
    # As in "text, label": a space after each separator belongs to none of the fields.
    spaced = 0 < first.count(delimiter) == first.count(f"{delimiter} ")
    rows = read_rows(path, request.encoding, delimiter, spaced=spaced)
    if not rows:
        raise FormatError("is empty: there are no texts and no header row", path)
    line, whole = rows[0]
    header = _without_empty_end(whole)
    named = [name for name in header if name]
    if len(set(named)) < len(named):
        raise FormatError(f"duplicate column name. {_listed(header)}", path, line)
    columns = columns_for(path, header, request, line)
    place = {what: header.index(column) for what, column in columns.items()}
    table = Table()
    for line, row in _without_separators(path, request, delimiter, rows)[1:]:
        if row[1:] == whole[1:] and row[0].lstrip("\ufeff").strip('"') == whole[0]:
            _tell_of_header(path, line, header)
        if len(row) < len(header) or any(row[len(header) :]):  # spreadsheets add empty columns
            raise FormatError(f"has {len(row)} fields for {len(header)} columns", path, line)
        table.add({what: row[column] for what, column in place.items()})
    return table


def _without_separators(
    path: Path, request: Request, delimiter: str, rows: list[tuple[int, list[str]]]
) -> list[tuple[int, list[str]]]:
    """The rows up to the last one that has a value; spreadsheets write lines of separators behind it."""

    def is_empty(row: list[str]) -> bool:
        return len(row) > 1 and not any(row)

    if not is_empty(rows[-1][1]):
        return rows
    lines = read_lines(path, request.encoding, keep_ends=True, needs_end=False)
    bare = {line for line, text in lines if not text.strip(f"{delimiter}\r\n")}  # an empty text has quotes
    end = len(rows)
    while end > 1 and is_empty(rows[end - 1][1]) and rows[end - 1][0] in bare:
        end -= 1
    if end < len(rows):
        warnings.warn(
            f"{path}: {len(rows) - end:,} rows at the end, from line {rows[end][0]}, have no value in any "
            "column, as spreadsheets write them; they are ignored",
            UserWarning,
            stacklevel=level_of_the_caller(),
        )
    return rows[:end]


def _tell_of_header(path: Path, line: int, header: list[str]) -> None:
    told = "repeats the header: were two tables put together? Delete this line"
    if len(header) > 1:
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


def _first_line(path: Path, request: Request, delimiter: str) -> str:
    """The header; FormatError if it shows another separator, because later errors would be less clear."""
    lines = read_lines(path, request.encoding)
    line, header = next(((line, text) for line, text in lines if text.strip()), (1, ""))
    other = max(_SEPARATORS, key=header.count)
    if delimiter in header or other not in header or header.strip('"') == request.text_column:
        return header
    told = f"appears to be separated by {_SEPARATORS[other]}, not by {_SEPARATORS[delimiter]}; "
    if other in _FORMAT_OF:
        told += f"rename it to end in .{_FORMAT_OF[other]}, or pass format={_FORMAT_OF[other]}"
    else:
        told += "save it with commas as .csv, or with tabs as .tsv"
    raise FormatError(told, path, line)


def read_rows(
    path: Path, encoding: str, delimiter: str, *, spaced: bool = False
) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, with the line on which each starts; ``spaced`` drops spaces before fields."""
    rows, start = [], 1
    lines = (line for _, line in read_lines(path, encoding, keep_ends=True))
    with _fields_as_long_as_lines():
        reader = csv.reader(lines, delimiter=delimiter, strict=True, skipinitialspace=spaced)
        try:
            for row in reader:
                if row:
                    rows.append((start, row))
                start = reader.line_num + 1
        except csv.Error as error:
            raise FormatError(_told(error), path, start) from error
    return rows


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


def read_jsonl(path: Path, request: Request) -> Table:
    """Table from a file with one JSON object per line. Blank lines are ignored.

    A label or name whose key is absent or null is the empty string; the text, and the split if the first line
    has one, are required.
    """
    table, columns, known = Table(), None, set[str]()
    for line, text in read_lines(path, request.encoding, needs_end=False):
        if not text.strip():
            continue
        record = _json_object(path, line, text)
        columns = columns_for(path, list(record), request, line) if columns is None else columns
        row = {what: record.get(column) for what, column in columns.items()}
        if not known.issuperset(record):
            extra = _new_column(columns, list(record), request)
            if extra is not None:
                raise FormatError(f"has the key {extra!r}, which earlier lines do not have", path, line)
            known.update(record)
        table.add({what: value_of(path, what, columns[what], value, line) for what, value in row.items()})
    return table


def _new_column(columns: Mapping[str, str], keys: Sequence[str], request: Request) -> str | None:
    """A key that is the text, label, name or split of its own line, but not of those before it."""
    asked = {"text": request.text_column, "label": request.label_column, "name": request.name_column}
    for what in COLUMNS:
        if asked.get(what) is None:
            for key in _columns_called(what, keys):
                if key != columns.get(what):
                    return key
    return None


def _distinct_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        seen = set[str]()
        repeated = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise ValueError(f"the key {repeated[:40]!r} is repeated")
    return record


def _json_object(path: Path, line: int, text: str) -> dict[str, Any]:
    try:
        record = json.loads(text, object_pairs_hook=_distinct_keys)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not JSON: {error}", path, line) from error
    if not isinstance(record, dict):
        raise FormatError(f'expected an object such as {{"text": …}}, got {text[:40]!r}', path, line)
    return record


def value_of(path: Path, what: str, column: str, value: Any, line: int | None, where: str = "") -> Any:
    """A value of a table; a missing label or name is the empty string, as in files that have no null."""
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    if missing and what in ("label", "name"):
        return ""
    kinds: tuple[type, ...] = (str,) if what == "text" else (str, int, float)
    if missing or not isinstance(value, kinds):
        wanted = "a string" if what == "text" else "a string or a number"
        raise FormatError(f"{where}{column!r} is {repr(value)[:40]}, not {wanted}", path, line)
    told = not_text(value) if isinstance(value, str) else None
    if told:
        raise FormatError(f"{where}{column!r} contains {told}", path, line)
    return value


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
    if len(parts) > 1 and tuple(parts) in set(zip(*parts.values(), strict=True)):
        raise CorpusError(
            f"cannot be written as a table: a document has the values {', '.join(parts)}, which would be "
            "taken for a second header; write a .jsonl file"
        )
    write_rows(path, [list(parts), *zip(*parts.values(), strict=True)], delimiter)


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


def write_jsonl(corpus: Corpus, path: Path) -> None:
    """Write one JSON object per line with text, label, name and split (those that the corpus has)."""
    parts = table_of(corpus)
    with written_whole(path) as draft, compressed_text(draft, path) as stream:
        for row in zip(*parts.values(), strict=True):
            stream.write(json.dumps(dict(zip(parts, row, strict=True)), ensure_ascii=False) + "\n")
