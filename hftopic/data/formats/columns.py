"""Texts, dates and metadata of the documents of a split, in .npz files that need no pandas."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from hftopic.data.corpus import Corpus
from hftopic.data.formats.lines import FormatError
from hftopic.data.formats.npz import read_arrays
from hftopic.data.metadata import Columns
from hftopic.data.reading import Reading

_KINDS = ("int64", "float64", "bool", "str")


@dataclass(frozen=True)
class Description:
    """What ``table.json`` says: whether there are dates, the types of the metadata, and the reading."""

    dates: bool = False
    columns: dict[str, str] = field(default_factory=dict)
    reading: Reading | None = None

    @classmethod
    def of(cls, corpus: Corpus) -> "Description":
        """Description of a corpus."""
        kinds = {name: _kind(column) for name, column in corpus.metadata_columns.items()}
        return cls(corpus.dates is not None, kinds, corpus.reading)

    def __bool__(self) -> bool:
        return self.dates or bool(self.columns) or self.reading is not None

    def names(self, kind: str) -> list[str]:
        """Names of the columns of this type."""
        return [name for name, held in self.columns.items() if held == kind]


def _kind(column: np.ndarray) -> str:
    return "str" if column.dtype.kind == "O" else column.dtype.name


def read_description(path: Path) -> Description:
    """Description in a file; an empty one if there is no file.

    Raises
    ------
    FormatError
        The file is not a description.
    """
    if not path.is_file():
        return Description()
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not JSON: {error}", path) from error
    if not isinstance(held, dict) or held.keys() != {"dates", "columns", "reading"}:
        raise FormatError("must be a JSON object with the keys 'dates', 'columns' and 'reading'", path)
    dates, columns, reading = held["dates"], held["columns"], held["reading"]
    if not isinstance(dates, bool) or not isinstance(reading, dict | None):
        raise FormatError("'dates' must be true or false, and 'reading' an object or null", path)
    if not isinstance(columns, dict) or any(kind not in _KINDS for kind in columns.values()):
        raise FormatError(f"'columns' must give each name one of the types {', '.join(_KINDS)}", path)
    return Description(dates, columns, reading)


def write_description(path: Path, description: Description) -> None:
    """Write a description as JSON."""
    held = {
        "dates": description.dates,
        "columns": description.columns,
        "reading": description.reading,
    }
    path.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_columns(path: Path, n_documents: int, description: Description) -> Columns:
    """Dates, as the column "", and metadata of a split.

    Raises
    ------
    FormatError
        The file is damaged, or does not have the columns of the description.
    """
    if not path.is_file():
        raise FormatError("is missing, but table.json has dates or columns", path)
    arrays = read_arrays(path, ("utf8", "ends", *_KINDS[:-1]))
    strings = [""] * description.dates + description.names("str")
    texts = _strings(path, arrays, n_documents * len(strings))
    columns = {
        name: np.array(texts[start * n_documents : (start + 1) * n_documents], dtype=object)
        for start, name in enumerate(strings)
    }
    for kind in _KINDS[:-1]:
        names = description.names(kind)
        held = arrays.get(kind, np.zeros((0, n_documents), dtype=kind))
        if held.shape != (len(names), n_documents) or held.dtype != np.dtype(kind):
            told = f"{kind!r} must be an array of shape {(len(names), n_documents)} and type {kind}"
            raise FormatError(told, path)
        columns |= dict(zip(names, held, strict=True))
    return {name: columns[name] for name in [""] * description.dates + list(description.columns)}


def write_columns(path: Path, corpus: Corpus, description: Description) -> None:
    """Write the dates and the metadata of a split."""
    held = corpus.metadata_columns
    strings = [held[name].tolist() for name in description.names("str")]
    if corpus.dates is not None:
        strings.insert(0, corpus.dates.tolist())
    arrays = {
        kind: np.array([held[name] for name in names], dtype=kind)
        for kind in _KINDS[:-1]
        if (names := description.names(kind))
    }
    _save(path, [value or "" for values in strings for value in values], arrays)


def read_originals(path: Path, n_documents: int) -> list[str]:
    """Original texts of a split.

    Raises
    ------
    FormatError
        The file is damaged, or has another number of texts.
    """
    return _strings(path, read_arrays(path, ("utf8", "ends")), n_documents)


def write_originals(path: Path, texts: Sequence[str]) -> None:
    """Write the original texts of a split."""
    _save(path, texts, {})


def _save(path: Path, strings: Sequence[str], arrays: dict[str, Any]) -> None:
    """Write strings, joined in UTF-8 with the position where each ends, and other arrays."""
    encoded = [value.encode("utf-8") for value in strings]
    ends = np.cumsum(list(map(len, encoded)), dtype=np.int64)
    utf8 = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    np.savez_compressed(path, utf8=utf8, ends=ends, **arrays)


def _strings(path: Path, arrays: dict[str, np.ndarray], n: int) -> list[str]:
    utf8, ends = arrays.get("utf8"), arrays.get("ends")
    if utf8 is None or ends is None or utf8.dtype != np.uint8 or ends.dtype.kind not in "iu":
        raise FormatError("must contain the array 'utf8' of bytes and the array 'ends' of integers", path)
    if utf8.ndim != 1 or ends.shape != (n,):
        raise FormatError(f"'ends' must have {n:,} values, one per string, and 'utf8' one dimension", path)
    bounds = [0, *ends.tolist()]
    if bounds[-1] != len(utf8) or any(start > end for start, end in pairwise(bounds)):
        raise FormatError(
            f"'ends' must not decrease, and must end with {len(utf8):,}, the bytes of 'utf8'", path
        )
    content = utf8.tobytes()
    try:
        return [content[start:end].decode("utf-8") for start, end in pairwise(bounds)]
    except UnicodeDecodeError as error:
        raise FormatError(f"'utf8' is not UTF-8: {error}", path) from error
