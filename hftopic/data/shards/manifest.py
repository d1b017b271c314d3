"""``shards.json``: what a folder of shards holds, and the size and SHA-256 of each file of it."""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from hftopic._cached import cached_property
from hftopic.data.formats.embedding_files import EMBEDDINGS
from hftopic.data.formats.lines import FormatError
from hftopic.data.formats.manifest import SHARDS, sha256_of
from hftopic.data.reading import Reading

MANIFEST, VOCABULARY = SHARDS, "vocab.txt"
ARRAYS = ("indptr", "indices", "data")
FIELDS = ("label", "name", "split", "date", "text")
"""Columns of the documents that are no metadata; a column of metadata with such a name has a prefix."""
KINDS = ("none", "int64", "long", "float64", "bool", "str")
"""Types of columns; ``none`` has no value, and ``long`` are integers that float64 does not hold."""
OWN = re.compile(r"shards\.json|embeddings\.npy|part-\d{5,}\.(?:indptr\.npy|indices\.npy|data\.npy|parquet)")
"""Names of the files of a folder of shards, except the vocabulary."""
_KIND, _VERSION = "hftopic shards", 1
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST = 2**53  # of every number, which JSON and float64 then hold exactly


@dataclass(frozen=True)
class File:
    """Size of a file in bytes, and SHA-256 of its content."""

    n_bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> "File":
        """Those of a file that was written."""
        return cls(path.stat().st_size, sha256_of(path))


@dataclass(frozen=True)
class Part:
    """Consecutive documents whose counts are in files of their own.

    Attributes
    ----------
    name : str
        Start of the names of its files.
    n_documents, n_entries, n_empty : int
        Documents, stored counts, and documents without words.
    n_tokens : int or float
        Sum of the counts.
    columns : dict of str to str
        Type of each column of its table, one of :data:`KINDS`.
    files : dict of str to File
        By name.
    """

    name: str
    n_documents: int
    n_entries: int
    n_empty: int
    n_tokens: float
    columns: dict[str, str]
    files: dict[str, File]

    def array(self, what: str) -> str:
        """Name of the file of one of the :data:`ARRAYS`."""
        return f"{self.name}.{what}.npy"

    @property
    def table(self) -> str:
        """Name of the file with the columns of its documents."""
        return f"{self.name}.parquet"


@dataclass(frozen=True)
class Embeddings:
    """The file with the embeddings of all documents, and its number of columns."""

    n_columns: int
    file: File


@dataclass(frozen=True)
class Manifest:
    """All parts of a corpus, in the order of its documents."""

    n_words: int
    vocabulary: File
    parts: tuple[Part, ...]
    reading: Reading | None = None
    embeddings: Embeddings | None = None

    @property
    def n_documents(self) -> int:
        return sum(part.n_documents for part in self.parts)

    @property
    def n_empty(self) -> int:
        return sum(part.n_empty for part in self.parts)

    @property
    def n_tokens(self) -> float:
        """Sum of all counts; an int if it is a whole number."""
        return whole(math.fsum(part.n_tokens for part in self.parts))

    @cached_property
    def columns(self) -> dict[str, str]:
        """Type of each column of the documents, one that holds the values of all parts."""
        names = self.parts[0].columns if self.parts else ()
        return {name: joint_kind(part.columns[name] for part in self.parts) for name in names}

    @cached_property
    def starts(self) -> list[int]:
        """Number of the first document of each part, and the number of all documents."""
        return list(accumulate((part.n_documents for part in self.parts), initial=0))

    @property
    def files(self) -> dict[str, File]:
        """Every file of the folder but the manifest, by name."""
        held = {VOCABULARY: self.vocabulary}
        for part in self.parts:
            held |= part.files
        return held if self.embeddings is None else {**held, EMBEDDINGS: self.embeddings.file}

    def text(self) -> str:
        """The manifest as JSON, which begins with the sums over the parts."""
        sums = {name: getattr(self, name) for name in ("n_documents", "n_words", "n_tokens", "n_empty")}
        held = {
            "kind": _KIND,
            "version": _VERSION,
            **sums,
            "columns": self.columns,
            "reading": self.reading,
            "vocabulary": asdict(self.vocabulary),
            **({} if self.embeddings is None else {"embeddings": asdict(self.embeddings)}),
            "parts": [asdict(part) for part in self.parts],
        }
        return json.dumps(held, indent=1, ensure_ascii=False) + "\n"


def whole(number: float) -> float:
    """The number, as an int if it is whole."""
    return int(number) if float(number).is_integer() else float(number)


def joint_kind(kinds: Iterable[str]) -> str:
    """Type of a column that holds values of columns of these types.

    Examples
    --------
    >>> joint_kind(["int64", "none"]), joint_kind(["long", "int64"]), joint_kind(["bool", "float64"])
    ('float64', 'long', 'str')
    """
    held = set(kinds)
    if len(held) == 1:
        return held.pop()
    if held == {"int64", "long"}:
        return "long"
    return "float64" if held <= {"none", "int64", "float64"} else "str"


def part_name(number: int) -> str:
    """Name of a part by its number, from 0."""
    return f"part-{number:05d}"


def read_manifest(content: bytes, path: Path) -> Manifest:
    """The manifest in the content of a file.

    Raises
    ------
    FormatError
        It is not one, or its numbers do not match each other.
    """
    try:
        held = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"not JSON: {error}", path) from error
    if not isinstance(held, dict) or held.get("kind") != _KIND:
        raise FormatError(f"is not a manifest of shards: its 'kind' is not {_KIND!r}", path)
    if held.get("version") != _VERSION:
        told = f"has version {held.get('version')!r}, but this package reads version {_VERSION}; update it"
        raise FormatError(told, path)
    try:
        reading = held["reading"]
        if not isinstance(reading, dict | None):
            raise ValueError("'reading' is neither an object nor null")
        if not isinstance(held["parts"], list):
            raise ValueError("'parts' is no list")
        parts = tuple(part_from(part, part_name(number)) for number, part in enumerate(held["parts"]))
        vectors = None if held.get("embeddings") is None else _embeddings(held["embeddings"])
        made = Manifest(_number(held, "n_words"), _file(held["vocabulary"]), parts, reading, vectors)
        _check_sums(made, held)
    except KeyError as error:
        raise FormatError(f"has no {error.args[0]!r}", path) from error
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise FormatError(str(error), path) from error
    return made


def part_from(held: Mapping[str, Any], name: str) -> Part:
    """A part with this name, from JSON.

    Raises
    ------
    KeyError, TypeError, ValueError
        It is not one.
    """
    if held["name"] != name:
        raise ValueError(f"the name of a part is {held['name']!r}, not {name!r}")
    columns = held["columns"]
    for column, kind in columns.items():
        if kind not in KINDS or (column in FIELDS and kind != "str") or not column.strip():
            raise ValueError(f"{name}: the column {column!r} has the type {kind!r}")
    files = {file: _file(given) for file, given in held["files"].items()}
    n_documents, n_entries, n_empty = (
        _number(held, what) for what in ("n_documents", "n_entries", "n_empty")
    )
    n_tokens = _real(held, "n_tokens")
    part = Part(name, n_documents, n_entries, n_empty, n_tokens, dict(columns), files)
    _check_files(part)
    return part


def _check_files(part: Part) -> None:
    """Check the names of the files of a part, and that these can hold what it has."""
    wanted = [part.array(what) for what in ARRAYS] + [part.table] * bool(part.columns)
    if sorted(part.files) != sorted(wanted):
        raise ValueError(f"the files of {part.name} are {', '.join(part.files)}, not {', '.join(wanted)}")
    sizes = dict(zip(ARRAYS, (4 * (part.n_documents + 1), 4 * part.n_entries, part.n_entries), strict=True))
    for what, least in sizes.items():
        if part.files[part.array(what)].n_bytes < least:
            raise ValueError(f"{part.array(what)} is too small for its {what}")
    if part.n_empty > part.n_documents or part.n_documents - part.n_empty > part.n_entries:
        raise ValueError(
            f"{part.name} cannot have {part.n_documents:,} documents, {part.n_empty:,} of them empty, and "
            f"{part.n_entries:,} entries"
        )


def _check_sums(manifest: Manifest, held: Mapping[str, Any]) -> None:
    for name in ("n_documents", "n_empty", "n_tokens", "columns"):
        if held[name] != getattr(manifest, name):
            raise ValueError(f"{name} is {held[name]!r}, but the parts have {getattr(manifest, name)!r}")
    if not 1 <= manifest.n_words <= manifest.vocabulary.n_bytes // 2:  # a word and its line end
        raise ValueError(f"'n_words' is {manifest.n_words:,}, which the vocabulary cannot have")
    vectors = manifest.embeddings
    if vectors is not None and vectors.file.n_bytes < 4 * manifest.n_documents * vectors.n_columns:
        raise ValueError("'embeddings' is too small for the documents")
    names = set(manifest.parts[0].columns) if manifest.parts else set()
    for part in manifest.parts:
        if part.columns.keys() != names:
            raise ValueError(f"{part.name} has the columns {_listed(part.columns)}, not {_listed(names)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _file(held: Mapping[str, Any]) -> File:
    sha256 = held["sha256"]
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise ValueError(f"the SHA-256 of a file is {sha256!r:.80}")
    return File(_number(held, "n_bytes"), sha256)


def _embeddings(held: Mapping[str, Any]) -> Embeddings:
    n_columns = _number(held, "n_columns")
    if not n_columns:
        raise ValueError("'embeddings' have no columns")
    return Embeddings(n_columns, _file(held["file"]))


def _number(held: Mapping[str, Any], name: str) -> int:
    value = held[name]
    if type(value) is not int or not 0 <= value <= _MOST:
        raise ValueError(f"{name!r} is {value!r:.80}, not a whole number from 0")
    return value


def _real(held: Mapping[str, Any], name: str) -> float:
    value = held[name]
    if type(value) not in (int, float) or not 0 <= value <= _MOST:
        raise ValueError(f"{name!r} is {value!r:.80}, not a number from 0")
    return float(value) if isinstance(value, float) else int(value)
