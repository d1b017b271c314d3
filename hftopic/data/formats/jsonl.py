"""JSON lines: one object with a text per line."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from hftopic._files import written_whole
from hftopic.data.columns import columns_called
from hftopic.data.corpus import Corpus
from hftopic.data.formats.lines import FormatError, compressed_text, read_lines
from hftopic.data.formats.request import Request
from hftopic.data.formats.tables import (
    COLUMNS,
    EMBEDDING,
    MOST,
    Table,
    columns_for,
    embedding_column_for,
    fits,
    others,
    table_of,
    value_of,
)
from hftopic.data.formats.vectors import vector_of


def read_jsonl(path: Path, request: Request) -> Table:
    """Table from a file with one JSON object per line. Blank lines are ignored.

    A label, name or date whose key is absent or null is the empty string; the text, and the split if the
    first line has one, are required. All other keys are metadata; lists and objects are kept as JSON.

    Raises
    ------
    FormatError
        A line is not a JSON object, or a value is not what its column needs.
    """
    lines = record_lines(path, request)
    first = next(lines, None)
    if first is None:
        return Table()
    records = Records(path, request, first_columns(path, request, first))
    for line, text in chain([first], lines):
        records.add(line, text)
    return _with_others(path, records, request)


def record_lines(path: Path, request: Request) -> Iterator[tuple[int, str]]:
    """Numbered lines that are not blank."""
    return (
        (line, text) for line, text in read_lines(path, request.encoding, needs_end=False) if text.strip()
    )


def first_columns(path: Path, request: Request, first: tuple[int, str]) -> dict[str, str]:
    """Columns of the text, label and so on, from the first line and its number.

    A date that nobody asked for is one only if it is a text or a number.
    """
    line, text = first
    record = _json_object(path, line, text)
    columns = columns_for(path, list(record), request, line)
    if request.date_column is None and is_no_date(record.get(columns.get("date", ""))):
        del columns["date"]
    embedding = embedding_column_for(path, list(record), request)
    if embedding is not None and (request.embedding_column or vector_of(record[embedding]) is not None):
        columns[EMBEDDING] = embedding
    return columns


class Records:
    """Rows of a table from JSON objects.

    Parameters
    ----------
    path : Path
    request : Request
    columns : dict
        From :func:`first_columns`.

    Attributes
    ----------
    table : Table
        Without metadata.
    extra : dict of dict
        Other values by key and row, because a key need not be in every line.
    """

    def __init__(self, path: Path, request: Request, columns: dict[str, str]) -> None:
        self.path, self.request, self.columns = path, request, columns
        self.table = Table()
        self.extra: dict[str, dict[int, Any]] = {}
        self._known = set[str]()

    def add(self, line: int, text: str) -> None:
        """Add the object of a line."""
        record = _json_object(self.path, line, text)
        if not self._known.issuperset(record):
            new = _new_column(self.columns, list(record), self.request)
            if new is not None:
                raise FormatError(f"has the key {new!r}, which earlier lines do not have", self.path, line)
            self._known.update(record)
        values = {
            what: value_of(self.path, what, column, record.get(column), line)
            for what, column in self.columns.items()
        }
        self.table.add(values, line)
        for key in (key for key in record if key not in self.columns.values()):
            if key in self.extra or len(self.extra) <= MOST:
                self.extra.setdefault(key, {})[len(self.table.text) - 1] = record[key]

    def metadata(self) -> dict[str, list[Any]]:
        """The other values of each key, as metadata has them."""
        rows = range(len(self.table.text))
        return {name: [_plain(held.get(row)) for row in rows] for name, held in self.extra.items()}


def _with_others(path: Path, records: Records, request: Request) -> Table:
    """The table with its metadata, and with the dates if the first lines have none."""
    table, extra = records.table, records.extra
    names = others(path, extra, {})
    if not names or not fits(path, len(table.text), len(names)):
        return table
    metadata = records.metadata()
    date = late_dates(names, request)
    if date is not None and table.date is None and not any(map(is_no_date, extra[date].values())):
        table.date = ["" if value is None else value for value in metadata.pop(date)]
    table.metadata = {name: metadata[name] for name in names if name in metadata}
    return table


def late_dates(names: Sequence[str], request: Request) -> str | None:
    """Of keys that the first line does not have, the one that is the dates; None if there is none."""
    found = columns_called(COLUMNS["date"], names) if request.date_column is None else []
    return found[0] if len(found) == 1 else None


def is_no_date(value: Any) -> bool:
    """Whether a value of JSON cannot be a date."""
    return isinstance(value, bool | list | dict)


def _plain(value: Any) -> Any:
    """A value of JSON as metadata has it: a list or an object is JSON."""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return value


def _new_column(columns: Mapping[str, str], keys: Sequence[str], request: Request) -> str | None:
    """A key that is the text, label, name or split of its own line, but not of those before it."""
    for what in ("text", "label", "name", "split"):
        if request.column(what) is None:
            for key in columns_called(COLUMNS[what], keys):
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


def write_jsonl(corpus: Corpus, path: Path) -> None:
    """Write one JSON object per line: text, label, name, split and date, the metadata, and the embedding.

    Keys that the corpus does not have are left out.
    """
    parts: dict[str, Iterable[Any]] = {**table_of(corpus, EMBEDDING)}
    if corpus.embeddings is not None:  # nine digits are exact
        parts[EMBEDDING] = ([float(f"{value:.9g}") for value in row] for row in corpus.embeddings)
    with written_whole(path) as draft, compressed_text(draft, path) as stream:
        for row in zip(*parts.values(), strict=True):
            stream.write(json.dumps(dict(zip(parts, row, strict=True)), ensure_ascii=False) + "\n")
