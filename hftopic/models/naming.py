"""Names of topics as they are given: a dict, a list, a table, or a file as spreadsheets save it."""

import codecs
import os
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from hftopic._numbers import is_whole
from hftopic._spreadsheets import with_formula
from hftopic.data.columns import columns_called
from hftopic.data.formats.delimited import SEPARATORS, read_rows
from hftopic.data.formats.lines import FormatError, opened, read_lines
from hftopic.data.formats.request import is_utf8
from hftopic.data.formats.tables import listed_names
from hftopic.data.sequences import described, why_unwritable
from hftopic.topics.ids import ids_in_words

COLUMNS = ("topic", "name")
PlacesT = TypeVar("PlacesT")
OF_WINDOWS = "cp1252"  # encoding of a file that is not UTF-8: Excel's in Western Europe and America


def given_names(names: Any, ids: Sequence[int]) -> dict[int, str | None]:
    """Names by topic number, from what ``set_topic_names`` takes; None where the automatic name is wanted.

    White space around a name is dropped, and within a name, with line breaks, it is one space.

    Raises
    ------
    ValueError, TypeError
        As :meth:`hftopic.ProdLDA.set_topic_names`; a FormatError for a line of a file.
    OSError
        The file cannot be read.
    """
    if isinstance(names, str | os.PathLike):
        return _names_in_file(Path(names), ids)
    if isinstance(names, pd.DataFrame):
        if not set(COLUMNS) <= set(names.columns):
            raise ValueError(f"names need the columns topic and name; got {list(names.columns)}")
        values = names["name"].astype(object).where(names["name"].notna(), "")
        pairs = list(zip(names["topic"].tolist(), values.tolist(), strict=True))
        wanted = [(topic, name) for topic, name in pairs if not _is_blank(name)]
        given = _checked(wanted, ids)
        left = [(topic, "automatic") for topic, name in pairs if _is_blank(name)]
        _checked([(topic, "given") for topic, _ in wanted] + left, ids)
        return {**given, **{int(topic): None for topic, _ in left}}
    return {**_checked(_pairs(names, ids), ids)}


def checked_names(names: Any, ids: Sequence[int]) -> dict[int, str]:
    """Names by topic number, without surrounding whitespace, from a dict or a list.

    Raises
    ------
    ValueError, TypeError
        A topic does not exist, or a name is empty or no str.
    """
    return {topic: name.strip() for topic, name in _valid(_pairs(names, ids), ids)}


def check_unique(given: Mapping[int, str]) -> None:
    """Raise ValueError if two topics have the same name."""
    first: dict[str, int] = {}
    for topic, name in given.items():
        if name in first:
            raise ValueError(f"topics {first[name]} and {topic} would both be named {name!r}")
        first[name] = topic


def _is_blank(name: Any) -> bool:
    return isinstance(name, str) and not name.strip()


def _checked(named: Sequence[tuple[Any, Any]], ids: Sequence[int]) -> dict[int, str]:
    """Names that files, figures and pages can show."""
    return {topic: _shown(topic, name) for topic, name in _valid(named, ids)}


def _shown(topic: int, name: str) -> str:
    name = " ".join(name.split())
    reason = why_unwritable(name)
    if reason is not None:
        raise ValueError(f"the name of topic {topic} {reason}")
    control = next((letter for letter in name if unicodedata.category(letter) == "Cc"), None)
    if control is not None:
        raise ValueError(f"the name of topic {topic} has the control character {control!r}; remove it")
    return name


def _valid(named: Sequence[tuple[Any, Any]], ids: Sequence[int]) -> list[tuple[int, str]]:
    """The pairs, if the topics exist, each of them once, and the names are not empty."""
    seen: set[int] = set()
    for topic, name in named:
        if not is_whole(topic, 0) or topic not in ids:
            raise ValueError(f"no topic {topic!r}: {ids_in_words(ids)}")
        if not isinstance(name, str):
            raise TypeError(f"the name of topic {topic} must be a str; got {described(name)}")
        if not name.strip():
            raise ValueError(f"the name of topic {topic} is empty; leave the topic out to keep its name")
        if topic in seen:
            raise ValueError(f"topic {topic} is named twice")
        seen.add(int(topic))
    return [(int(topic), name) for topic, name in named]


def _pairs(names: Any, ids: Sequence[int]) -> list[tuple[Any, Any]]:
    """Topics with their names, from a dict or a sequence with a name for each topic."""
    if isinstance(names, Mapping):
        return list(names.items())
    if not isinstance(names, Sequence | np.ndarray | pd.Series):
        raise TypeError(
            f"names must be a dict of topic number to name, a list, a table or a file; got {described(names)}"
        )
    if len(names) != len(ids):
        raise ValueError(f"{len(names)} names for {len(ids)} topics; pass a dict to name some of them")
    return list(zip(ids, names, strict=True))


def _names_in_file(path: Path, ids: Sequence[int]) -> dict[int, str | None]:
    """Names in a CSV file: separator and encoding are found, and an empty name is an automatic one."""
    rows, places = rows_and_columns(path, _columns, "names need the columns topic and name")
    named: dict[int, str | None] = {}
    for line, row in rows:
        topic, name = (row[place] if place < len(row) else "" for place in places)
        if not topic.strip() and not name.strip():
            continue
        number = whole_number(topic)
        try:
            if number in named:
                raise ValueError(f"topic {number} is named twice")
            given = _checked([(number, with_formula(name) if name.strip() else "automatic")], ids)
        except ValueError as error:
            raise FormatError(str(error), path, line) from error
        named |= given if name.strip() else dict.fromkeys(given)
    return named


def rows_and_columns(
    path: Path, columns_of: Callable[[Sequence[str]], PlacesT | None], needed: str
) -> tuple[list[tuple[int, list[str]]], PlacesT]:
    """Rows behind the header of a CSV file as a spreadsheet saves it, and the places of the columns.

    ``columns_of`` finds these in a header, or returns None; ``needed`` then says in the message which they
    are.

    Raises
    ------
    FormatError
    """
    encoding = _encoding_of(path)
    lines = read_lines(path, encoding, needs_end=False, keep_ends=True)
    header = next((text for _, text in lines if text.strip()), "")
    separator = max(
        SEPARATORS, key=lambda one: (columns_of(header.split(one)) is not None, header.count(one))
    )
    rows = read_rows(path, encoding, separator, needs_end=False)
    if not rows:
        raise FormatError(f"is empty; {needed}, in a header", path)
    line, fields = rows[0]
    places = columns_of(fields)
    if places is None:
        raise FormatError(f"{needed}. {listed_names(fields)}", path, line)
    return rows[1:], places


def _columns(fields: Sequence[str]) -> tuple[int, int] | None:
    """Places of the columns topic and name in a header, whatever their capitals; None without one of each."""
    names = [field.strip().strip('"') for field in fields]
    topic, name = (columns_called(column, names) for column in COLUMNS)
    return (names.index(topic[0]), names.index(name[0])) if len(topic) == len(name) == 1 else None


def _encoding_of(path: Path) -> str:
    """UTF-8, UTF-16 with its mark, or else the encoding of spreadsheets on Windows."""
    with opened(path) as stream:
        start = stream.read(2)
    if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    return "utf-8" if is_utf8(path) else OF_WINDOWS


def whole_number(field: str | None) -> Any:
    """A whole number, as in "7" or "7.0"; another field as it is."""
    if field is None:
        return None
    text = field.strip()
    whole, _, zeros = text.replace(",", ".").partition(".")
    return int(whole) if whole.isdecimal() and not zeros.strip("0") else text
