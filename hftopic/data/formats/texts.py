"""Texts in files: one document per line, per file, or per row of a table."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from hftopic.data.corpus import Corpus
from hftopic.data.formats.counts import Request, beside, read_exactly, warn_of_similar, written_with_lists
from hftopic.data.formats.folder import chosen, class_names, in_order, joined
from hftopic.data.formats.lines import (
    FormatError,
    bare_name,
    blamed_on,
    compressed_text,
    not_text,
    read_lines,
)
from hftopic.data.formats.parquet import read_parquet
from hftopic.data.formats.tables import Table, read_delimited, read_jsonl, table_of
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
    table = Table([line for _, line in read_lines(path, request.encoding)])
    lists = {what: beside(path, what) for what in ("labels", "names", "splits")}
    for what, file in lists.items():
        if file and not (what == "labels" and request.has_labels):
            setattr(
                table, what.removesuffix("s"), read_exactly(file, len(table.text), what, request.encoding)
            )
    return table


READERS: dict[str, TextReader] = {
    "txt": read_txt,
    "csv": read_csv,
    "tsv": read_tsv,
    "jsonl": read_jsonl,
    "parquet": read_parquet,
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
}


def read_files(folder: Path, request: Request) -> Table:
    """Texts of a folder, one per file; the name of a document is the path of its file in the folder.

    If all files are in subfolders, the names of the subfolders are the labels. Hidden files are ignored. If
    any file ends in .txt, other files are ignored too.
    """
    files = sorted(text_files(folder), key=lambda file: file.relative_to(folder).parts)
    if not files:
        raise FormatError("contains no text files", folder)
    parts = [file.relative_to(folder).parts for file in files]
    odd = next((name for name in map("/".join, parts) if not_text(name)), None)
    if odd is not None:
        raise FormatError(f"the name of the file {odd!r} is not in UTF-8; rename it", folder)
    texts = [
        "".join(line for _, line in read_lines(file, request.encoding, keep_ends=True, needs_end=False))
        for file in files
    ]
    labels = [part[0] for part in parts] if all(len(part) > 1 for part in parts) else None
    return Table(texts, labels, ["/".join(part) for part in parts])


def text_files(folder: Path) -> list[Path]:
    """The .txt files in a folder and its subfolders; if there are none, all files that are not hidden."""
    files = [
        file
        for file in folder.rglob("*")
        if file.is_file() and not any(part.startswith(".") for part in file.relative_to(folder).parts)
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
        table = READERS[EXTENSIONS[Path(bare_name(file)).suffix.lower()]](file, request)
        if not table.text:
            raise FormatError("contains no texts; remove it if there is no such split", file)
        if table.label is not None:
            table.label = class_names(file, list(map(str, table.label)), request.encoding)
        tables[name] = table
    return Table(
        [text for table in tables.values() for text in table.text],
        joined(folder, {name: table.label for name, table in tables.items()}, "labels"),
        joined(folder, {name: table.name for name, table in tables.items()}, "names"),
        [name for name, table in tables.items() for _ in table.text],
    )


def read_texts(path: Path, read: TextReader, request: Request) -> Corpus:
    """Corpus from a file or folder of texts: all documents, or those of the requested split.

    With a split, the vocabulary is chosen from the texts of that split only.

    Raises
    ------
    FormatError
        No word of a given vocabulary occurs in the texts.
    """
    table = read(path, request)
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
        )
    if wanted is not None and not corpus.counts.nnz and any(map(str.strip, table.text)):
        start = next(filter(str.strip, table.text)).strip()[:40]
        told = (
            f"the texts and the vocabulary have no word in common: a text starts with {start!r}, and the "
            f"vocabulary has {len(wanted):,} words, such as {', '.join(map(repr, list(wanted)[:3]))}. Is it "
            "the right vocabulary, made with the same lowercase and token_pattern?"
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
    picked = {
        column: [values[row] for row in rows]
        for column in ("text", "label", "name", "split")
        if (values := getattr(table, column)) is not None
    }
    return replace(Table(), **picked)


def write_txt(corpus: Corpus, path: Path) -> None:
    """Write one document per line, as tokens separated by spaces; labels, names and splits next to it."""
    texts = table_of(corpus)["text"]
    with written_with_lists(corpus, path) as draft, compressed_text(draft, path) as stream:
        stream.writelines(f"{text}\n" for text in texts)
