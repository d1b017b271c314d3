"""Texts in files: one document per line, per file, or per row of a table."""

import warnings
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from hftopic._callers import level_of_the_caller
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats.beside import lists_beside, written_with_lists
from hftopic.data.formats.counts import warn_of_similar
from hftopic.data.formats.delimited import read_delimited
from hftopic.data.formats.embedding_files import (
    EMBEDDINGS,
    embeddings_of_folder,
    read_embeddings,
)
from hftopic.data.formats.excel import read_excel
from hftopic.data.formats.folder import class_names
from hftopic.data.formats.jsonl import read_jsonl
from hftopic.data.formats.lines import (
    FormatError,
    bare_name,
    blamed_on,
    compressed_text,
    not_text,
    read_lines,
)
from hftopic.data.formats.metadata_csv import TABLE, fields_of, in_parts, table_of_folder
from hftopic.data.formats.parquet import read_parquet
from hftopic.data.formats.request import Request
from hftopic.data.formats.splits import chosen, in_order, joined
from hftopic.data.formats.tables import COLUMNS, Table, table_of
from hftopic.data.formats.vectors import stacked_rows
from hftopic.data.formats.vocabulary import read_vocabulary
from hftopic.data.text import corpus_from_texts

TextReader = Callable[[Path, Request], Table]
_SPLITS = frozenset({"train", "valid", "val", "dev", "test"})


def read_csv(path: Path, request: Request) -> Table:
    """Texts of a CSV file."""
    return read_delimited(path, request, ",")


def read_tsv(path: Path, request: Request) -> Table:
    """Texts of a TSV file."""
    return read_delimited(path, request, "\t")


def read_txt(path: Path, request: Request) -> Table:
    """Texts of a file with one text per line; a blank line is an empty document."""
    texts = [line for _, line in read_lines(path, request.encoding)]
    return table_of_parts(texts, lists_beside(path, len(texts), request))


READERS: dict[str, TextReader] = {
    "txt": read_txt,
    "csv": read_csv,
    "tsv": read_tsv,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
    "xlsx": read_excel,
}
EXTENSIONS = {
    ".txt": "txt",
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}


def read_files(folder: Path, request: Request) -> Table:
    """Texts of a folder, one per file; the name of a document is the path of its file in the folder.

    If all files are in subfolders, the names of the subfolders are the labels. Hidden files are ignored. If
    any file ends in .txt, other files are ignored too. The table ``metadata.csv``, in the folder, or
    ``NAME.metadata.csv`` beside it, has metadata of the files, by their names. ``embeddings.npy`` has their
    embeddings, in the order of their paths.
    """
    files, names, labels = named_files(folder)
    known = known_of_files(folder, names, labels, request)
    return table_of_parts([text_of(file, request) for file in files], known)


def known_of_files(
    folder: Path, names: list[str], labels: list[str] | None, request: Request
) -> dict[str, Any]:
    """Parts of a corpus of files: their names, their labels, and what the table of the folder says.

    Raises
    ------
    FormatError
        The table does not have exactly one row for each file.
    """
    held: dict[str, Any] = {"names": names} if labels is None else {"names": names, "labels": labels}
    vectors = embeddings_of_folder(folder)
    if vectors is not None:
        held["embeddings"] = read_embeddings(vectors, len(names))
    file = table_of_folder(folder)
    if file is None:
        return held
    fields = fields_of(file, len(names), names, request, by_name=True)
    return held | in_parts(fields, {"labels", "splits", "dates"} - held.keys())


def table_of_parts(texts: list[str], known: Mapping[str, Any]) -> Table:
    """Table of texts and the parts of a corpus."""
    parts = {what.removesuffix("s"): values for what, values in known.items() if what != "metadata"}
    return Table(texts, **parts, metadata=known.get("metadata", {}))


def named_files(folder: Path) -> tuple[list[Path], list[str], list[str] | None]:
    """The files of such a folder in order, the names of the documents, and their labels."""
    files = sorted(text_files(folder), key=lambda file: file.relative_to(folder).parts)
    if not files:
        raise FormatError("contains no text files", folder)
    parts = [file.relative_to(folder).parts for file in files]
    odd = next((name for name in map("/".join, parts) if not_text(name)), None)
    if odd is not None:
        raise FormatError(f"the name of the file {odd!r} is not in UTF-8; rename it", folder)
    labels = [part[0] for part in parts] if all(len(part) > 1 for part in parts) else None
    return files, ["/".join(part) for part in parts], labels


def text_of(file: Path, request: Request) -> str:
    """All of a file."""
    lines = read_lines(file, request.encoding, keep_ends=True, needs_end=False)
    return "".join(line for _, line in lines)


def text_files(folder: Path) -> list[Path]:
    """The .txt files in a folder and its subfolders; if there are none, all but hidden files and metadata."""
    files = [
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
        if file not in (folder / TABLE, folder / EMBEDDINGS)
    ]
    return [file for file in files if bare_name(file).lower().endswith(".txt")] or files


def split_files(folder: Path) -> dict[str, Path]:
    """The table or text file of each split in a folder, such as ``train.jsonl`` and ``test.jsonl``."""
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        name = Path(bare_name(file))
        if name.stem in _SPLITS and name.suffix.lower() in EXTENSIONS and file.is_file():
            if name.stem in found:
                both = f"{found[name.stem].name} and {file.name}"
                raise FormatError(
                    f"{both} both contain the split {name.stem!r}; pass the path of one of them", folder
                )
            found[name.stem] = file
    return {name: found[name] for name in in_order(list(found))}


def read_split_files(folder: Path, request: Request) -> Table:
    """Texts of a folder with one file per split; numeric labels get their names from ``labels.txt``."""
    tables = {}
    for name, file in chosen(folder, split_files(folder), request.split).items():
        table = _read_checked(file, READERS[EXTENSIONS[Path(bare_name(file)).suffix.lower()]], request)
        if not table.text:
            raise FormatError("contains no texts; remove it if there is no such split", file)
        if table.label is not None:
            table.label = class_names(file, list(map(str, table.label)), request.encoding)
        tables[name] = table
    with blamed_on(folder):
        parts = _joined_parts(list(tables.values()))
    return Table(
        [text for table in tables.values() for text in table.text],
        joined(folder, {name: table.label for name, table in tables.items()}, "labels"),
        joined(folder, {name: table.name for name, table in tables.items()}, "names"),
        [name for name, table in tables.items() for _ in table.text],
        **parts,
    )


def _joined_parts(tables: list[Table]) -> dict[str, Any]:
    """Dates, original texts and metadata of all splits; what a split does not have is missing there."""
    names = dict.fromkeys(name for table in tables for name in table.metadata)
    missing = [[None] * len(table.text) for table in tables]
    metadata = {
        name: [
            value
            for table, nothing in zip(tables, missing, strict=True)
            for value in table.metadata.get(name, nothing)
        ]
        for name in names
    }
    dates = [table.date or nothing for table, nothing in zip(tables, missing, strict=True)]
    originals = [table.original or table.text for table in tables]
    return {
        "date": list(chain(*dates)) if any(table.date for table in tables) else None,
        "original": list(chain(*originals)) if any(table.original for table in tables) else None,
        "metadata": metadata,
        "embedding": _joined_embeddings([table.embedding for table in tables]),
    }


def _joined_embeddings(parts: list[Any]) -> np.ndarray | None:
    """Embeddings of all splits, which all have them, or none has."""
    held = [part for part in parts if part is not None]
    if not held:
        return None
    widths = sorted({part.shape[1] for part in held})
    if len(held) < len(parts) or len(widths) > 1:
        told = (
            "some splits have embeddings and others none"
            if len(held) < len(parts)
            else (f"the embeddings of splits have {' and '.join(map(str, widths))} columns")
        )
        raise CorpusError(f"{told}; give all documents embeddings of one model, or none")
    return np.concatenate(held)


def _read_checked(path: Path, read: TextReader, request: Request) -> Table:
    """The table of a file; the dates of a column that the caller names can all be read, or are missing."""
    table = read(path, request)
    if table.embedding is not None:
        table.embedding = stacked_rows(path, table.embedding, table.places, table.are_lines)
    elif request.embedding_column is not None and not request.is_remembered("embedding") and table.text:
        raise FormatError(f"has no column {request.embedding_column!r} of lists of numbers", path)
    if table.date is not None and checks_dates(request):
        written = list(map(str, table.date))  # as the corpus has them
        kept = check_dates(path, written, table.places, request, are_lines=table.are_lines)
        if request.bad_dates == "missing":
            table.date = [text if text in kept else "" for text in written] if kept else None
    return table


def checks_dates(request: Request) -> bool:
    """Whether dates must be readable or are made missing: the caller names their column, or asks for it."""
    is_named = request.date_column is not None and not request.is_remembered("date")
    return is_named or request.bad_dates == "missing"


def check_dates(
    path: Path,
    dates: Sequence[str],
    places: Sequence[int],
    request: Request,
    *,
    are_lines: bool,
    times: Mapping[str, int] | None = None,
) -> set[str]:
    """The dates that are kept, of those of a file; the others are missing, with a warning.

    Parameters
    ----------
    path : Path
    dates : sequence of str
    places : sequence of int
        Line, or row, of each date.
    request : Request
    are_lines : bool
    times : dict, optional
        How often each date is in the file, if ``dates`` has each only once.

    Raises
    ------
    FormatError
        A date cannot be read, and bad dates are not made missing; or dates contradict each other.
    """
    from hftopic.data.dates import MISSING, DateError, as_dates, readable_dates  # pandas takes time

    is_tolerant = request.bad_dates == "missing"
    kept = readable_dates(dates) if is_tolerant else list(dates)
    pairs = zip(dates, kept, strict=True)
    bad = [text for text, date in pairs if not date and text.strip().lower() not in MISSING]
    if bad and is_tolerant:
        times = times or Counter(dates)
        _warn_of_bad_dates(path, bad[0], sum(times[text] for text in set(bad)), sum(times.values()))
    try:
        as_dates(kept)
    except DateError as error:
        told = f"{request.date_column or COLUMNS['date']!r}: {error.reason}"
        told = told if is_tolerant else f"{told}. Pass bad_dates='missing' to read such dates as missing"
        place = places[error.place]
        if are_lines:
            raise FormatError(told, path, place) from error
        raise FormatError(f"row {place}: {told}", path) from error
    return {date for date in kept if date}


def _warn_of_bad_dates(path: Path, example: str, n_bad: int, n_dates: int) -> None:
    warnings.warn(
        f"{path}: {n_bad:,} of {n_dates:,} dates cannot be read, such as {example!r}; they are missing",
        UserWarning,
        stacklevel=level_of_the_caller(),
    )


def read_texts(path: Path, read: TextReader, request: Request) -> Corpus:
    """Corpus from a file or folder of texts: all documents, or those of the requested split.

    With a split, the vocabulary is chosen from the texts of that split only.

    Raises
    ------
    FormatError
        No word of a given vocabulary occurs in the texts.
    """
    table = _read_checked(path, read, request)
    warn_of_similar(path, table.split)
    if request.split is not None:
        table = _of_split(path, table, request.split)
    wanted = request.vocabulary
    if request.vocabulary_file is not None:
        wanted = read_vocabulary(request.vocabulary_file, request.encoding)
    with blamed_on(path):
        corpus = corpus_from_texts(
            table.text,
            options=request.text,
            labels=table.label if not request.has_labels else None,
            names=table.name,
            splits=table.split,
            vocabulary=wanted,
            dates=table.date,
            metadata=table.metadata or None,
            keep_texts=request.keep_texts and table.original is None,
        )
        if table.embedding is not None:
            corpus = corpus.with_embeddings(table.embedding)
        corpus = corpus.with_reading({**request.columns, **(corpus.reading or {})})
        if table.original is not None and request.keep_texts:
            corpus = corpus.with_texts(table.original)
    is_lost = wanted is not None and not corpus.counts.nnz and any(map(str.strip, table.text))
    if wanted is not None and is_lost and request.needs_words:
        start = next(filter(str.strip, table.text)).strip()[:40]
        column = request.text_column
        which = "" if column is None else f" in the column {column!r}"
        right = "vocabulary" if column is None else "column, and the right vocabulary"
        told = (
            f"the texts{which} and the vocabulary have no word in common: a text starts with {start!r}, and "
            f"the vocabulary has {len(wanted):,} words, such as {', '.join(map(repr, list(wanted)[:3]))}. Is "
            f"it the right {right}, made with the same lowercase and token_pattern?"
        )
        raise FormatError(told, path)
    return corpus


def _of_split(path: Path, table: Table, split: str) -> Table:
    if table.split is None:
        raise FormatError(f"no split {split!r}: the file has no split column or splits file", path)
    rows = np.flatnonzero(np.array(table.split, dtype=object) == split)
    if not rows.size:
        known = ", ".join(map(repr, dict.fromkeys(table.split)))
        raise FormatError(f"no split {split!r}; the splits are {known}", path)
    return table.of_rows(rows.tolist())


def write_txt(corpus: Corpus, path: Path) -> None:
    """Write one document per line, as tokens separated by spaces; labels, names and splits next to it."""
    texts = table_of(corpus)["text"]
    with written_with_lists(corpus, path) as draft, compressed_text(draft, path) as stream:
        stream.writelines(f"{text}\n" for text in texts)
