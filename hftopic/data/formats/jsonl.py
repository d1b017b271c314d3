"""JSON lines: one object with a text per line."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hftopic._files import written_whole
from hftopic.data.corpus import Corpus
from hftopic.data.formats.lines import FormatError, compressed_text, read_lines
from hftopic.data.formats.request import Request
from hftopic.data.formats.tables import (
    COLUMNS,
    MOST,
    Table,
    columns_called,
    columns_for,
    fits,
    others,
    table_of,
    value_of,
)


def read_jsonl(path: Path, request: Request) -> Table:
    """Table from a file with one JSON object per line. Blank lines are ignored.

    A label, name or date whose key is absent or null is the empty string; the text, and the split if the
    first line has one, are required. All other keys are metadata; lists and objects are kept as JSON.

    Raises
    ------
    FormatError
        A line is not a JSON object, or a value is not what its column needs.
    """
    table, columns, known = Table(), None, set[str]()
    extra: dict[str, dict[int, Any]] = {}  # values by row, because a key need not be in every line
    for line, text in read_lines(path, request.encoding, needs_end=False):
        if not text.strip():
            continue
        record = _json_object(path, line, text)
        columns = _columns(path, record, request, line) if columns is None else columns
        row = {what: record.get(column) for what, column in columns.items()}
        if not known.issuperset(record):
            new = _new_column(columns, list(record), request)
            if new is not None:
                raise FormatError(f"has the key {new!r}, which earlier lines do not have", path, line)
            known.update(record)
        values = {what: value_of(path, what, columns[what], value, line) for what, value in row.items()}
        table.add(values, line)
        for key in (key for key in record if key not in columns.values()):
            if key in extra or len(extra) <= MOST:
                extra.setdefault(key, {})[len(table.text) - 1] = record[key]
    _add_others(path, table, extra, request)
    return table


def _add_others(path: Path, table: Table, extra: dict[str, dict[int, Any]], request: Request) -> None:
    """Add the metadata, and the dates if the first lines have none."""
    names, rows = others(path, extra, {}), range(len(table.text))
    if not names or not fits(path, len(rows), len(names)):
        return
    metadata = {name: [_plain(extra[name].get(row)) for row in rows] for name in names}
    dates = columns_called(COLUMNS["date"], names) if request.date_column is None else []
    if len(dates) == 1 and table.date is None and not any(map(_is_no_date, extra[dates[0]].values())):
        table.date = ["" if value is None else value for value in map(extra[dates[0]].get, rows)]
        del metadata[dates[0]]
    table.metadata = metadata


def _columns(path: Path, record: Mapping[str, Any], request: Request, line: int) -> dict[str, str]:
    """Columns for the first line; a date that nobody asked for is one only if it is a text or a number."""
    columns = columns_for(path, list(record), request, line)
    if request.date_column is None and _is_no_date(record.get(columns.get("date", ""))):
        del columns["date"]
    return columns


def _is_no_date(value: Any) -> bool:
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
    """Write one JSON object per line with the keys text, label, name, split and date, and the metadata.

    Keys that the corpus does not have are left out.
    """
    parts = table_of(corpus)
    with written_whole(path) as draft, compressed_text(draft, path) as stream:
        for row in zip(*parts.values(), strict=True):
            stream.write(json.dumps(dict(zip(parts, row, strict=True)), ensure_ascii=False) + "\n")
