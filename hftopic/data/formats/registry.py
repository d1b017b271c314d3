"""Registry of the file formats, by name; ``register_format`` adds a custom format."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hftopic._files import written_whole
from hftopic.data.corpus import Corpus
from hftopic.data.formats.beside import Unit, file_unit
from hftopic.data.formats.counts import Counts, read_counts
from hftopic.data.formats.delimited import write_delimited
from hftopic.data.formats.detection import ENDINGS
from hftopic.data.formats.docword import read_docword, write_docword
from hftopic.data.formats.folder import folder_unit, read_folder, write_folder
from hftopic.data.formats.jsonl import write_jsonl
from hftopic.data.formats.lines import FormatError
from hftopic.data.formats.matrix_market import read_matrix_market, write_matrix_market
from hftopic.data.formats.npz import read_npz, write_npz
from hftopic.data.formats.octis import octis_table, read_octis, write_octis
from hftopic.data.formats.pairs import read_ldac, read_svmlight, write_ldac, write_svmlight
from hftopic.data.formats.parquet import write_parquet
from hftopic.data.formats.request import COLUMN_ARGUMENTS, EMBEDDING_ARGUMENT, Request
from hftopic.data.formats.sharded import read_shards, shards_unit, write_shards
from hftopic.data.formats.texts import READERS, read_files, read_split_files, read_texts, write_txt
from hftopic.data.formats.vocabulary import read_vocabulary

Reader = Callable[[Path, Request], Corpus]
Writer = Callable[[Corpus, Path], None]


@dataclass(frozen=True)
class Format:
    """Reader of a format, its writer if the format can be written, and the files that belong together."""

    read: Reader
    write: Writer | None
    of_text: bool = False
    arguments: tuple[str, ...] = ()  # of a reading, which have an effect
    is_folder: bool | None = None  # None: a file or a folder
    unit: Callable[[Path], Unit] = file_unit


def _counts(read: Callable[[Path, int, Request], Counts], write: Writer) -> Format:
    return Format(lambda path, request: read_counts(path, read, request), write, is_folder=False)


_OF_TEXT = ("text", "encoding")
_OF_TABLES = (*_OF_TEXT, *COLUMN_ARGUMENTS, "bad_dates")


def _texts(name: str, write: Writer | None, *arguments: str) -> Format:
    return Format(
        lambda path, request: read_texts(path, READERS[name], request),
        write,
        of_text=True,
        arguments=arguments,
        is_folder=False,
    )


SPLIT_FILES = Format(
    lambda path, request: read_texts(path, read_split_files, request),
    None,
    of_text=True,
    arguments=(*_OF_TABLES, EMBEDDING_ARGUMENT, "delimiter", "sheet"),
)
FORMATS: dict[str, Format] = {
    "folder": Format(read_folder, write_folder, is_folder=True, unit=folder_unit),
    "shards": Format(read_shards, write_shards, is_folder=True, unit=shards_unit),
    "npz": _counts(read_npz, write_npz),
    "docword": _counts(read_docword, write_docword),
    "ldac": _counts(read_ldac, write_ldac),
    "matrixmarket": _counts(read_matrix_market, write_matrix_market),
    "svmlight": _counts(read_svmlight, write_svmlight),
    "svmlight0": _counts(partial(read_svmlight, base=0), partial(write_svmlight, base=0)),
    "svmlight1": _counts(partial(read_svmlight, base=1), partial(write_svmlight, base=1)),
    "octis": Format(read_octis, write_octis, unit=lambda path: file_unit(octis_table(path))),
    "txt": _texts("txt", write_txt, *_OF_TEXT),
    "files": Format(
        lambda path, request: read_texts(path, read_files, request),
        None,
        of_text=True,
        arguments=_OF_TEXT,
        is_folder=True,
    ),
    "csv": _texts("csv", partial(write_delimited, delimiter=","), *_OF_TABLES, "delimiter"),
    "tsv": _texts("tsv", partial(write_delimited, delimiter="\t"), *_OF_TABLES, "delimiter"),
    "jsonl": _texts("jsonl", write_jsonl, *_OF_TABLES, EMBEDDING_ARGUMENT),
    "parquet": _texts("parquet", write_parquet, *_OF_TABLES, EMBEDDING_ARGUMENT),
    "xlsx": _texts("xlsx", None, *_OF_TABLES, "sheet"),
}


def register_format(
    name: str,
    read: Callable[[Path], Corpus],
    write: Writer | None = None,
    *,
    endings: Sequence[str] = (),
) -> None:
    """Add a custom format to ``read_corpus`` and ``write_corpus``, in this process.

    On the command line, ``hftopic --import MODULE`` imports the module that calls this function.

    Parameters
    ----------
    name : str
        Name of the format, for ``format=``.
    read : function
        Takes a path and returns a Corpus with all documents. ``read_corpus`` then applies the split, the
        vocabulary and the labels that the user asks for. Raise :class:`hftopic.data.formats.FormatError` for
        an error message that names the file.
    write : function, optional
        Takes a Corpus and a temporary path, and writes only that path. The file appears at its place only if
        the function succeeds. Without it, the format can only be read.
    endings : sequence of str
        Endings of file names that identify the format, such as ".bow": a point and letters, in lower case.

    Raises
    ------
    TypeError
        ``read`` or ``write`` is not a function, or ``endings`` is a string.
    ValueError
        The name or an ending is not valid, or another format uses it.

    Examples
    --------
    >>> from hftopic import Corpus
    >>> from hftopic.data.formats import register_format
    >>> def read_lengths(path):
    ...     lengths = [[int(line)] for line in path.read_text().split()]
    ...     return Corpus(lengths, ["word"])
    >>> register_format("lengths", read_lengths, endings=[".lengths"])
    """
    _check_format(name, read, write, endings)

    def read_as_asked(path: Path, request: Request) -> Corpus:
        corpus = read(path)
        if not isinstance(corpus, Corpus):
            raise TypeError(
                f"the reader of format {name!r} must return a Corpus; got {type(corpus).__name__}"
            )
        corpus = corpus if request.split is None else corpus.split(request.split)
        words = request.vocabulary
        if request.vocabulary_file is not None:
            words = read_vocabulary(request.vocabulary_file, request.encoding)
        return corpus if words is None else corpus.with_vocabulary(words)

    def write_atomically(corpus: Corpus, path: Path) -> None:
        if path.is_dir():
            raise FileExistsError(f"the folder {path} exists; pass another path, or remove it first")
        with written_whole(path) as draft:
            write(corpus, draft)  # type: ignore[misc]
            others = [file.name for file in draft.parent.iterdir() if file != draft]
            if others:
                raise FormatError(f"the writer of format {name!r} also wrote {others[0]!r}", path)
            if not draft.exists():
                raise FormatError(f"the writer of format {name!r} wrote nothing", path)

    FORMATS[name] = Format(read_as_asked, write_atomically if write else None)
    ENDINGS.update(dict.fromkeys(endings, name))
    _CUSTOM[name] = _origin(read)


_CUSTOM: dict[str, tuple[str, str] | None] = {}
"""Where the reader of each custom format is defined."""


def _check_format(name: str, read: Any, write: Any, endings: Any) -> None:
    """Refuse a name, functions or endings that cannot be used."""
    if not isinstance(name, str) or not name:
        raise ValueError(f"the name of a format must be a non-empty string; got {name!r}")
    if not callable(read) or not (write is None or callable(write)):
        raise TypeError("read and write of a format must be functions")
    if isinstance(endings, str):
        raise TypeError(f"endings must be a list, such as [{endings!r}]")
    wrong = [ending for ending in endings if not re.fullmatch(r"\.[a-z0-9_-]+", str(ending))]
    if wrong:
        raise ValueError(f"an ending is a point and letters in lower case, such as '.bow'; got {wrong[0]!r}")
    origin = _origin(read)
    again = origin is not None and _CUSTOM.get(name) == origin  # a notebook's cell that is run again
    taken = [ending for ending in endings if ENDINGS.get(ending, name) != name]
    if (name in FORMATS and not again) or taken:
        what = f"ending {taken[0]!r}" if taken else f"format {name!r}"
        raise ValueError(f"the {what} is already in use; choose another")


def _origin(function: Any) -> tuple[str, str] | None:
    """Where a function is defined; None for one without a name, such as a partial."""
    name = getattr(function, "__qualname__", None)
    return None if name is None else (function.__module__, name)
