"""What a caller of `read_corpus` asks for, and what a fitted model remembers of its own files."""

import codecs
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from hftopic.data.formats.lines import opened
from hftopic.data.reading import Reading, options_of
from hftopic.data.text import TextOptions

_BLOCK = 2**20  # bytes that are decoded at once
COLUMN_ARGUMENTS = ("text_column", "label_column", "name_column", "date_column")
EMBEDDING_ARGUMENT = "embedding_column"


@dataclass(frozen=True)
class Request:
    """Arguments of a call of `read_corpus`."""

    split: str | None = None
    vocabulary: Sequence[str] | None = None  # vocabulary of the returned corpus
    vocabulary_file: Path | None = None  # column names of the file, or words to count in texts
    has_labels: bool = False  # the caller gives the labels; those of the file are not read
    text_column: str | None = None
    label_column: str | None = None
    name_column: str | None = None
    date_column: str | None = None
    embedding_column: str | None = None
    bad_dates: str | None = None
    delimiter: str | None = None
    sheet: str | int | None = None
    encoding: str = "utf-8"
    text: TextOptions | None = None
    keep_texts: bool = True
    needs_words: bool = True  # whether texts without any word of the vocabulary are an error
    remembered: frozenset[str] = field(default_factory=frozenset)  # arguments of a model's reading

    def column(self, what: str) -> str | None:
        """Name of the column of texts, labels, names, dates or embeddings, if one is asked for."""
        name: str | None = getattr(self, f"{what}_column", None)
        return name

    def is_remembered(self, what: str) -> bool:
        """Whether a model remembers the column, so that a file without it may be read."""
        return f"{what}_column" in self.remembered

    @property
    def columns(self) -> Reading:
        """The arguments that name columns, and how fields become columns."""
        names = (*COLUMN_ARGUMENTS, EMBEDDING_ARGUMENT, "bad_dates", "delimiter", "sheet")
        held = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return held if self.encoding == "utf-8" else {**held, "encoding": self.encoding}


def with_reading(request: Request, reading: Reading | None, usable: Collection[str], path: Path) -> Request:
    """The request with the arguments of a model's reading that the format uses and the caller leaves open.

    The encoding is the one of the model only if the file is not in UTF-8.

    Raises
    ------
    ValueError
        The model has options that TextOptions does not take.
    """
    if reading is None:
        return request
    held: dict[str, Any] = {
        name: reading[name]
        for name in usable
        if name in reading and name != "encoding" and getattr(request, name) is None
    }
    if "text" in usable and request.text is None:
        held["text"] = _options_of(reading)
    encoding = reading.get("encoding")
    if encoding is not None and "encoding" in usable and path.is_file() and not is_utf8(path):
        held["encoding"] = encoding
    return replace(request, **held, remembered=frozenset(held))


def _options_of(reading: Reading) -> TextOptions:
    try:
        return TextOptions(**options_of(reading))
    except (TypeError, ValueError) as error:
        if "tokenizer" in options_of(reading):
            raise
        raise ValueError(
            f"the model was fitted on texts with options that cannot be read: {error}; pass text="
        ) from error


def is_utf8(path: Path) -> bool:
    """Whether all of a file is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with opened(path) as stream:
            for block in iter(partial(stream.read, _BLOCK), b""):
                decoder.decode(block)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
