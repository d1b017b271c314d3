"""Files next to a file of counts or texts: vocabulary, labels, names, splits, dates, metadata and embeddings.

They have one value per line; the metadata one JSON object per line, or they are a table, ``metadata.csv``.
The embeddings are an array of NumPy.
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from hftopic._files import followed, parent_of
from hftopic._sets import written_set
from hftopic.data.corpus import Corpus
from hftopic.data.formats.embedding_files import EMBEDDINGS, mapped, read_embeddings, write_embeddings
from hftopic.data.formats.lines import COMPRESSIONS, FormatError, bare_name, read_list, write_list
from hftopic.data.formats.metadata_csv import TABLE, fields_of, in_parts
from hftopic.data.formats.request import Request
from hftopic.data.formats.vocabulary import write_vocabulary
from hftopic.data.metadata import plain_values

COUNT_ENDINGS = {
    ".npz": "npz",
    ".mtx": "matrixmarket",
    ".ldac": "ldac",
    ".lda-c": "ldac",
    ".dat": "ldac",
    ".svmlight": "svmlight",
    ".svm": "svmlight",
    ".libsvm": "svmlight",
    ".feat": "svmlight",
}
"""Format of counts for each ending of a file name."""

LISTS = ("labels", "names", "splits", "dates", "metadata")
KNOWN = (*LISTS, "embeddings")
"""What is known of the documents, and may be in files beside theirs."""


def lists_beside(
    path: Path, n_documents: int, request: Request, only: Sequence[str] = KNOWN
) -> dict[str, Any]:
    """What is known of the documents by the files next to ``path``, as far as there are any.

    A table of metadata may also have the labels, names, splits and dates that no other file has.
    """
    held: dict[str, Any] = {}
    for what in only:
        file = beside(path, what) if what != "labels" or not request.has_labels else None
        if file and what == "embeddings":
            held[what] = read_embeddings(file, n_documents)
        elif file and is_table(file):
            fields = fields_of(file, n_documents, held.get("names"), request)
            held |= in_parts(fields, [part for part in only if part not in held])
        elif file:
            held[what] = read_exactly(file, n_documents, what, request.encoding)
            if what == "metadata":
                held[what] = columns_of_lines(file, held[what])
    return held


def is_table(file: Path) -> bool:
    """Whether a file of metadata is a table, and not lines of JSON."""
    return bare_name(file).lower().endswith(".csv")


def columns_of_lines(file: Path, lines: Sequence[str], start: int = 1) -> dict[str, list[Any]]:
    """Columns of metadata from lines of JSON objects, all with the same keys; ``start`` is the first line."""
    columns: dict[str, list[Any]] = {}
    for line, text in enumerate(lines, start=start):
        try:
            record = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise FormatError(f"not JSON: {error}", file, line) from error
        if line == start and isinstance(record, dict):
            columns = {name: [] for name in record}
        if not isinstance(record, dict) or record.keys() != columns.keys():
            raise FormatError(
                f"expected a JSON object with the keys of line {start}, got {text[:40]!r}", file, line
            )
        for name, value in record.items():
            if isinstance(value, list | dict):
                raise FormatError(f"{name!r} is {text[:40]!r}, not a string or a number", file, line)
            columns[name].append(value)
    return columns


def _lists_of(corpus: Corpus, only: Sequence[str]) -> dict[str, Sequence[str]]:
    """Values for the lists next to a file of counts, of those parts that the corpus has."""
    lists: dict[str, Any] = {what: getattr(corpus, what) for what in only if what in LISTS[:-1]}
    columns = plain_values(corpus.metadata_columns)
    if "metadata" in only and columns:
        rows = zip(*columns.values(), strict=True)
        lists["metadata"] = [
            json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows
        ]
    return {what: values for what, values in lists.items() if values is not None}


def _stem(path: Path) -> str:
    return Path(bare_name(path)).stem


def names_beside(path: Path, what: str) -> list[str]:
    """Names that a list, or the vocabulary, of ``path`` can have."""
    stem = _stem(path)
    if what == "embeddings":
        return [f"{stem}.{EMBEDDINGS}", f"{stem}_{EMBEDDINGS}", EMBEDDINGS]
    if what != "vocab":
        tables = [f"{stem}.{TABLE}", f"{stem}_{TABLE}", TABLE] if what == "metadata" else []
        return [f"{stem}.{what}.txt", f"{stem}_{what}.txt", *tables]
    title = stem.removeprefix("docword.")
    own = [f"{stem}.vocab.txt", f"vocab.{title}.txt", f"{stem}.vocab"]
    if stem.startswith("docword."):
        own[:2] = own[1::-1]
    by_gensim = f"{bare_name(path)}.vocab"  # BleiCorpus and UciCorpus
    return [*own, by_gensim, "vocab.txt", "vocabulary.txt"]


def beside(path: Path, what: str) -> Path | None:
    """The file with the vocabulary of ``path``, or one of `KNOWN`, or None."""
    return next(filter(Path.is_file, _candidates(path, what)), None)


def lists_of(path: Path) -> list[Path]:
    """The files next to ``path`` that are read with it."""
    found = (beside(path, what) for what in ("vocab", *KNOWN))
    return [file for file in found if file is not None]


def _candidates(path: Path, what: str) -> Iterator[Path]:
    """Files next to ``path``, and next to the file that it links to, in the order in which they are tried."""
    for place in (path, path.resolve()) if path.is_symlink() else (path,):
        for name in names_beside(place, what):
            for ending in ("", *(COMPRESSIONS if what != "embeddings" else ())):
                yield place.parent / (name + ending)  # the path may be ".", which has no name


@dataclass(frozen=True)
class Unit:
    """Files that are written together and read together.

    Attributes
    ----------
    folder : Path
    key : str
        Name of the unit in its folder.
    files : callable
        The files; some need not exist.
    """

    folder: Path
    key: str
    files: Callable[[], Iterable[Path]]


def file_unit(path: Path) -> Unit:
    """A file, and the files next to it."""
    real = path.resolve()
    files = [path, *chain.from_iterable(_candidates(path, what) for what in ("vocab", *KNOWN))]
    return Unit(real.parent, _stem(real), lambda: files)


def read_exactly(path: Path, n_documents: int, what: str, encoding: str) -> list[str]:
    """One value per document, each a line of the file; blank lines after the last document are ignored."""
    values = read_list(path, encoding)
    while len(values) > n_documents and not values[-1].strip():
        values.pop()
    if len(values) != n_documents:
        raise FormatError(f"contains {len(values):,} {what} for {n_documents:,} documents", path)
    return values


@contextmanager
def written_with_lists(
    corpus: Corpus,
    path: Path,
    *,
    vocabulary: str | None = None,
    only: Sequence[str] = KNOWN,
) -> Iterator[Path]:
    """Draft of a file, which is committed together with its vocabulary and the files of `KNOWN`.

    Parameters
    ----------
    corpus : Corpus
    path : Path
        The file to write.
    vocabulary : str, optional
        Name of the vocabulary file; by default none is written.
    only : sequence of str
        Which of them are written to files.

    Raises
    ------
    FileExistsError
        An existing file would be read as a list that the corpus does not have, or a file that would be
        replaced also belongs to other counts.
    """
    target = followed(path)
    if target.is_dir():
        raise IsADirectoryError(f"{path} is a folder and cannot be replaced by a file")
    parent_of(target)
    lists = _lists_of(corpus, only)
    embeddings = corpus.embeddings if "embeddings" in only else None
    written = [*lists, *(["embeddings"] if embeddings is not None else [])]
    _check_none_stale(path, [what for what in only if what not in written])
    _check_links(path, target, ["vocab", *written])
    stem = _stem(target)
    beside_it: dict[str, Any] = {f"{stem}.{what}.txt": values for what, values in lists.items()}
    if embeddings is not None:
        beside_it[f"{stem}.{EMBEDDINGS}"] = embeddings
    if vocabulary is not None:
        beside_it[vocabulary] = corpus.vocabulary.tolist()
    _check_not_shared(target, beside_it)
    with written_set(target.parent, stem) as draft:
        for what, values in lists.items():
            write_list(draft / f"{stem}.{what}.txt", values, what.removesuffix("s"))
        if vocabulary is not None:
            write_vocabulary(draft / vocabulary, corpus.vocabulary)
        if embeddings is not None:
            write_embeddings(draft / f"{stem}.{EMBEDDINGS}", embeddings)
        yield draft / target.name


def _check_none_stale(path: Path, absent: Sequence[str]) -> None:
    for what in absent:
        file = beside(path, what)
        if file:
            raise FileExistsError(
                f"{file} exists and would be read as the {what} of {path.name}, which has none; "
                "move or delete it"
            )


def _check_links(path: Path, target: Path, kinds: Sequence[str]) -> None:
    """Raise FileExistsError if files next to a link would be read in place of those next to its target."""
    if not path.is_symlink():
        return
    own = [*chain.from_iterable(_candidates(target, what) for what in kinds)]
    for what in kinds:
        file = beside(path, what)
        if file and not any(other.exists() and file.samefile(other) for other in own):
            raise FileExistsError(
                f"{file} would be read with the link {path.name}, but {target} is what is written; remove "
                "the file, or write to the target of the link"
            )


def _check_not_shared(target: Path, lists: Mapping[str, Any]) -> None:
    """Raise FileExistsError if a file would change that another file is read with."""
    for name, values in lists.items():
        file = target.with_name(name)
        if not file.is_file() or _holds(file, values):
            continue
        other = next((one for one in sorted(os.listdir(target.parent)) if _reads(one, file, target)), None)
        if other is not None:
            raise FileExistsError(
                f"{file} would be replaced, but it also belongs to {other}; choose another name"
            )


def _holds(file: Path, values: Any) -> bool:
    """Whether a list, or a file of embeddings, has exactly these values."""
    if file.name.endswith(EMBEDDINGS):
        try:
            return np.array_equal(mapped(file), values)
        except FormatError:
            return False
    return file.read_bytes() == "".join(f"{value}\n" for value in values).encode("utf-8", "surrogatepass")


def _reads(name: str, file: Path, target: Path) -> bool:
    """Whether another file of a corpus than the target, with this name, is read with a list."""
    other = target.with_name(name)
    ending = Path(bare_name(other)).suffix.lower()
    is_text = ending == ".txt" and not name.startswith("docword.")
    kinds = KNOWN if is_text else ("vocab", *KNOWN)
    candidates = chain.from_iterable(names_beside(other, what) for what in kinds)
    return (
        ending in (*COUNT_ENDINGS, ".txt", ".tsv")
        and file.name in candidates
        and name != target.name
        and other.is_file()
        and not (target.is_file() and other.samefile(target))  # a link to it
        and any(file == beside(other, what) for what in kinds)
    )


def words_beside(path: Path) -> str:
    """Name of the vocabulary file that is written next to a file of counts, or next to what it links to."""
    return names_beside(followed(path), "vocab")[0]
