"""Tables with one text per row: which columns are the text, label, name, split and date, and all others."""

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np

from hftopic._callers import level_of_the_caller
from hftopic.data.columns import columns_called
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats.limits import TooLargeError, check_arrays
from hftopic.data.formats.lines import FormatError, encodable, not_text
from hftopic.data.formats.request import Request
from hftopic.data.formats.vectors import vector_of
from hftopic.data.metadata import plain_values

ORIGINAL, EMBEDDING = "original_text", "embedding"
COLUMNS = {
    "text": "text",
    "label": "label",
    "name": "name",
    "split": "split",
    "date": "date",
    "original": ORIGINAL,
}
"""What a column can be, and its name where the caller gives none."""
_OPTIONAL = ("label", "name", "date")  # a missing value is the empty string
_SHOWN = 10  # names of columns in a message
MOST = 1000  # other columns that are kept
_CELL = 8  # bytes


@dataclass
class Table:
    """Texts, and what else the rows of a table have."""

    text: list[str] = field(default_factory=list)
    label: list[Any] | None = None
    name: list[Any] | None = None
    split: list[Any] | None = None
    date: list[Any] | None = None
    original: list[Any] | None = None  # where the text is one of tokens
    embedding: Sequence[Any] | np.ndarray | None = None  # vectors of float32
    metadata: Mapping[str, Sequence[Any] | np.ndarray] = field(default_factory=dict)
    places: list[int] = field(default_factory=list)  # line or row of each text in the file
    are_lines: bool = True
    undated: set[str] = field(default_factory=set)  # metadata called date that is none

    def add(self, row: Mapping[str, Any], place: int) -> None:
        """Add a row whose keys are among `COLUMNS`, or "embedding"; all rows have the same keys."""
        for column, value in row.items():
            if getattr(self, column) is None:
                setattr(self, column, [])
            getattr(self, column).append(value)
        self.places.append(place)

    def of_rows(self, rows: Sequence[int]) -> "Table":
        """Table of some of the rows, without their places in the file."""
        lists: dict[str, Any] = {
            what: [values[row] for row in rows]
            for what in COLUMNS
            if (values := getattr(self, what)) is not None
        }
        chosen = {name: [column[row] for row in rows] for name, column in self.metadata.items()}
        if self.embedding is not None:
            lists[EMBEDDING] = [self.embedding[row] for row in rows]
        return Table(**lists, metadata=chosen, are_lines=self.are_lines)


def columns_for(
    path: Path, present: Sequence[str], request: Request, line: int | None = None
) -> dict[str, str]:
    """Columns of the table that contain the text, label, name, split, date and original text.

    These are the columns that the caller names, or else those with the names of `COLUMNS`, also with spaces
    around them or in capitals. The column of texts is required. A column that a model remembers need not be
    there, if there is one with the usual name.
    """
    held = {}
    for what in COLUMNS:
        column, asked = _column(what, present, request), request.column(what)
        if column is None and what != "original":
            near = columns_called(COLUMNS[what], present)
            if len(near) > 1:
                told = f"{' and '.join(map(repr, near))} may both be the column {what!r}; rename all but one"
                raise FormatError(told, path, line)
            column = near[0] if near else None
        if column is None and what == "text":
            of_model = f" and no column {asked!r}, which the model was fitted on" if asked else ""
            told = f"no column 'text'{of_model}; pass the name of the text column as text_column="
            raise FormatError(f"{told}. {listed_names(present)}", path, line)
        if column is not None and column not in present:
            near = get_close_matches(column, present[:1000], 1)  # slow, if there are a million
            hint = f"; did you mean {near[0]!r}?" if near else "."
            raise FormatError(f"no column {column!r}{hint} {listed_names(present)}", path, line)
        if column is not None:
            held[what] = column
    return held


def _column(what: str, present: Sequence[str], request: Request) -> str | None:
    """The column that is asked for; None if none is, or if a model remembers one that is not there."""
    column = request.column(what)
    if what == "original" and request.text_column is None:  # what `write_corpus` writes
        column = ORIGINAL if ORIGINAL in present else None
    if column is not None and column not in present:
        column = next((name for name in present if name.strip() == column.strip()), column)
    return None if column not in present and request.is_remembered(what) else column


def embedding_column_for(path: Path, present: Sequence[str], request: Request) -> str | None:
    """The column of embeddings: the one that is asked for, or else "embedding", if there is one."""
    column = _column(EMBEDDING, present, request)
    if column is not None and column not in present:
        raise FormatError(f"no column {column!r}. {listed_names(present)}", path)
    return column or next(iter(columns_called(EMBEDDING, present)), None)


def listed_names(names: Sequence[str]) -> str:
    """Names of columns for a message."""
    if not names:
        return "There are no columns"
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f"The columns are {', '.join(repr(name[:80]) for name in names[:_SHOWN])}{more}"


def others(path: Path, present: Iterable[str], columns: Mapping[str, str]) -> list[str]:
    """Names of the columns that are kept as metadata: all others with a name, if there are not too many."""
    used = set(columns.values())
    names = [name for name in present if name.strip() and name not in used]
    if len(names) <= MOST:
        return names
    _tell_of_left_out(path, f"has more than {MOST:,} other columns")
    return []


def fits(path: Path, n_documents: int, n_columns: int) -> bool:
    """Whether columns that a file need not write out in each row are small enough to be kept."""
    try:
        check_arrays(_CELL * n_documents * n_columns, path.stat().st_size)
    except TooLargeError as error:
        _tell_of_left_out(path, f"the table of the other columns {error}")
        return False
    return True


def _tell_of_left_out(path: Path, told: str) -> None:
    warnings.warn(
        f"{path}: {told}; none of them is kept as metadata", UserWarning, stacklevel=level_of_the_caller()
    )


def value_of(path: Path, what: str, column: str, value: Any, line: int | None, where: str = "") -> Any:
    """A value of a table; a missing label, name or date is the empty string, as in files without null."""
    if what == EMBEDDING:
        return _vector(path, column, value, line, where)
    missing = value is None or (isinstance(value, float) and math.isnan(value))
    if missing and what in _OPTIONAL:
        return ""
    is_text = what in ("text", "original")
    kinds: tuple[type, ...] = (str,) if is_text else (str, int, float)
    if missing or not isinstance(value, kinds):
        wanted = "a string" if is_text else "a string or a number"
        raise FormatError(f"{where}{column!r} is {repr(value)[:40]}, not {wanted}", path, line)
    told = not_text(value) if isinstance(value, str) else None
    if told:
        raise FormatError(f"{where}{column!r} contains {told}", path, line)
    return value


def _vector(path: Path, column: str, value: Any, line: int | None, where: str) -> np.ndarray:
    vector = vector_of(value)
    if vector is None:
        got = "missing" if value is None else repr(value)[:40]
        told = f"{where}{column!r} is {got}, not a list of numbers; give every document its embedding"
        raise FormatError(told, path, line)
    return vector


def table_of(corpus: Corpus, *taken: str) -> dict[str, list[Any]]:
    """Columns of a corpus as a table; the texts are the tokens, separated by spaces.

    Original texts are the column ``original_text``, unless they are the tokens themselves. Metadata has its
    own types, with None for missing values. ``taken`` are names of columns that are written beside these.

    Raises
    ------
    CorpusError
        The corpus has no tokens, a word contains a space, or a column of the metadata has the name of one of
        the others.
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
    parts: dict[str, list[Any]] = {"text": [" ".join(document) for document in corpus.tokens]}
    lists = {"label": corpus.labels, "name": corpus.names, "split": corpus.splits, "date": corpus.dates}
    parts |= {what: values.tolist() for what, values in lists.items() if values is not None}
    if corpus.texts is not None and corpus.texts.tolist() != parts["text"]:
        parts[ORIGINAL] = corpus.texts.tolist()
    for name, column in plain_values(corpus.metadata_columns).items():
        if any(columns_called(known, [name]) for known in (*COLUMNS.values(), *taken)):
            raise CorpusError(
                f"cannot be written as a table: the column {name!r} of the metadata would be read as the "
                "document's own; rename it, or write a folder"
            )
        encodable(name, "the name of a column", len(parts))
        parts[name] = column
    for what, values in parts.items():
        for place, value in enumerate(values):
            if isinstance(value, str):
                encodable(value, what, place)
    return parts
