"""A folder of ``SPLIT.npz`` matrices with ``vocab.txt``, labels, names and tokens.

=====================  =====================================================================================
``vocab.txt``          word of each column, one per line
``SPLIT.npz``          counts of the documents of a split, saved by scipy; ``counts.npz`` without splits
``SPLIT_labels.txt``   label of each document, one per line: its number in ``labels.txt`` if that file exists
``labels.txt``         names of the labels, one per line, numbered from 0
``SPLIT_names.txt``    name of each document, one per line
``SPLIT_tokens.npz``   words of each document in reading order: word ``ids``, and the position where each
                       document ``ends``
``SPLIT_texts.npz``    original text of each document: its bytes in ``utf8``, and the position where it
                       ``ends``
``SPLIT_metadata.csv`` table with a row for each document of the split, with any columns; ``metadata.csv``
                       for all documents
``SPLIT_table.npz``    dates of the documents, and the columns of their metadata by number: numbers and truth
                       values as they are, strings like the texts
``embeddings.npy``     embedding of each document of the corpus, in its order
``table.json``         names of these columns, and how the texts were read
``order.txt``          position of each document in the corpus, one per line, if the splits are mixed
``corpus.json``        SHA-256 of each of these files, if this package wrote them
=====================  =====================================================================================
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from hftopic._files import followed
from hftopic._sets import written_set
from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats.beside import Unit, read_exactly
from hftopic.data.formats.columns import (
    Description,
    read_columns,
    read_description,
    read_originals,
    write_columns,
    write_description,
    write_originals,
)
from hftopic.data.formats.counts import no_words
from hftopic.data.formats.embedding_files import (
    EMBEDDINGS,
    check_none_beside,
    embeddings_of_folder,
    read_embeddings,
    write_embeddings,
)
from hftopic.data.formats.lines import FormatError, blamed_on, read_list, write_list
from hftopic.data.formats.manifest import READ, check_manifest, replaceable, write_manifest
from hftopic.data.formats.metadata_csv import (
    check_no_table,
    check_only_table,
    fields_of,
    fields_of_splits,
    in_parts,
    table_of_folder,
)
from hftopic.data.formats.npz import read_arrays, read_npz, save_counts
from hftopic.data.formats.request import Request
from hftopic.data.formats.splits import chosen, in_order, joined
from hftopic.data.formats.vocabulary import read_vocabulary, write_vocabulary
from hftopic.data.metadata import Columns

_WORDS = ("vocab.txt", "vocabulary.txt")
_WHOLE = "counts"  # file name for a corpus without splits
_PARTS = ("_tokens", "_texts", "_table")  # ends of names of files that are not counts


def matrices(folder: Path) -> dict[str, Path]:
    """File with the matrix of each split in a folder."""
    found = (file for file in folder.glob("*.npz") if not file.is_dir())
    files = {file.stem: file for file in found if not file.stem.endswith(_PARTS)}
    return {name: files[name] for name in in_order(list(files))}


def words_file(folder: Path) -> Path | None:
    """File with the vocabulary of a folder, or None."""
    return next((file for name in _WORDS if (file := folder / name).is_file()), None)


def folder_unit(folder: Path) -> Unit:
    """The files of a folder that are read together."""
    return Unit(folder, "", lambda: [file for file in folder.iterdir() if READ.fullmatch(file.name)])


def read_folder(folder: Path, request: Request) -> Corpus:
    """Corpus from a folder: all splits, or the requested one.

    Raises
    ------
    FormatError
        A file is damaged, the files do not match each other or ``corpus.json``, or the split does not exist.
    """
    files = chosen(folder, matrices(folder), request.split)
    for file in files.values():
        if not file.is_file():  # to open a pipe would wait for its writer
            raise FormatError("is not a file, but a pipe or a broken link; move or delete it", file)
    whole = table_of_folder(folder)
    vectors = embeddings_of_folder(folder)
    if (whole or vectors) and request.split is not None and list(files) != [_WHOLE]:
        return read_folder(folder, replace(request, split=None)).split(request.split)
    check_manifest(folder, request)
    words = _words(folder, request)
    table = read_description(folder / "table.json")
    parts = [_read_part(folder, name, file, words, table, request) for name, file in files.items()]
    order = None
    if (folder / "order.txt").is_file() and request.split is None:
        order = _read_order(folder / "order.txt", sum(part.matrix.shape[0] for part in parts))
    known = _known(folder, whole, files, parts, table, order, request)
    with blamed_on(folder):
        corpus = Corpus(
            sp.vstack([part.matrix for part in parts], format="csr"),
            words,
            tokens=joined(folder, {part.name: part.tokens for part in parts}, "tokens"),
            texts=joined(folder, {part.name: part.texts for part in parts}, "texts"),
            reading=table.reading,
            **known,
        )
        corpus = corpus if order is None else corpus[np.argsort(order)]
        if vectors is not None:
            corpus = corpus.with_embeddings(read_embeddings(vectors, len(corpus)))
        return corpus if request.vocabulary is None else corpus.with_vocabulary(request.vocabulary)


def _known(
    folder: Path,
    whole: Path | None,
    files: dict[str, Path],
    parts: Sequence["_Part"],
    table: Description,
    order: np.ndarray | None,
    request: Request,
) -> dict[str, Any]:
    """Labels, names, splits, dates and metadata; ``order`` is the place in the corpus of each document."""
    names = {part.name: part.names for part in parts}
    sizes = {part.name: int(part.matrix.shape[0]) for part in parts}
    held: dict[str, Any] = {
        "labels": joined(folder, {part.name: part.labels for part in parts}, "labels"),
        "names": joined(folder, names, "names"),
        "splits": None if list(files) == [_WHOLE] else np.repeat(list(files), list(sizes.values())),
        "dates": np.concatenate([part.columns[""] for part in parts]) if table.dates else None,
    }
    if whole is None:
        fields = fields_of_splits(folder, files, sizes, names, request)
    else:
        check_only_table(whole, files.values())
        fields = fields_of(whole, sum(sizes.values()), held["names"], request, order=order)
    known = in_parts(fields, [what for what, values in held.items() if values is None])
    metadata = {name: np.concatenate([part.columns[name] for part in parts]) for name in table.columns}
    twice = metadata.keys() & known.get("metadata", {}).keys()
    if twice:
        raise FormatError(f"has the column {min(twice)!r} in table.json and in a table of metadata", folder)
    return {**held, **known, "metadata": metadata | known.get("metadata", {})}


def _words(folder: Path, request: Request) -> list[str]:
    if request.vocabulary_file is not None:
        return read_vocabulary(request.vocabulary_file, request.encoding)
    own = words_file(folder)
    if own is not None:
        return read_vocabulary(own, request.encoding)
    if request.vocabulary is not None:
        return list(request.vocabulary)
    raise FormatError(no_words(folder / "vocab.txt"), folder)


@dataclass(frozen=True)
class _Part:
    name: str
    matrix: Any
    labels: Sequence[str] | None
    names: Sequence[str] | None
    tokens: Sequence[Sequence[str]] | None
    texts: Sequence[str] | None
    columns: Columns


def _read_part(
    folder: Path, name: str, file: Path, words: list[str], table: Description, request: Request
) -> _Part:
    matrix = read_npz(file, len(words), request).matrix
    rows, encoding = matrix.shape[0], request.encoding
    ends = ("labels.txt", "names.txt", "tokens.npz", "texts.npz", "table.npz")
    labels, names, tokens, texts, columns = (folder / f"{name}_{end}" for end in ends)
    return _Part(
        name,
        matrix,
        class_names(labels, read_exactly(labels, rows, "labels", encoding), encoding)
        if labels.is_file() and not request.has_labels
        else None,
        read_exactly(names, rows, "names", encoding) if names.is_file() else None,
        _read_tokens(tokens, rows, words) if tokens.is_file() else None,
        read_originals(texts, rows) if texts.is_file() and request.keep_texts else None,
        read_columns(columns, rows, table) if table.dates or table.columns else {},
    )


def class_names(file: Path, labels: Sequence[str], encoding: str) -> list[str]:
    """Names of labels: if ``labels.txt`` is next to the file, numbers are replaced by the names in it.

    Raises
    ------
    FormatError
        A label is neither the number of a line of ``labels.txt`` nor one of its lines.
    """
    key = file.with_name("labels.txt")
    if not key.is_file():
        return list(labels)
    names = read_list(key, encoding)
    name_of = {str(number): name for number, name in enumerate(names)}
    if set(labels) <= set(name_of):
        return [name_of[label] for label in labels]
    if set(labels) <= set(names):
        return list(labels)
    line = next(line for line, label in enumerate(labels, start=1) if label not in name_of)
    told = (
        f"the label {labels[line - 1]!r} is neither a number from 0 to {len(names) - 1} "
        "nor a name in labels.txt"
    )
    raise FormatError(told, file, line)


def _read_tokens(path: Path, n_documents: int, words: list[str]) -> list[tuple[str, ...]]:
    arrays = read_arrays(path, ("ids", "ends"))
    ids, ends = arrays.get("ids"), arrays.get("ends")
    if ids is None or ends is None or any(a.ndim != 1 or a.dtype.kind not in "iu" for a in (ids, ends)):
        raise FormatError("must contain two integer arrays, 'ids' and 'ends'", path)
    ends = ends.astype(np.int64)
    if len(ends) != n_documents or (len(ids) if not len(ends) else 0) or (np.diff(ends, prepend=0) < 0).any():
        raise FormatError(
            f"'ends' must contain {n_documents:,} non-decreasing end positions, one per document", path
        )
    if len(ends) and ends[-1] != len(ids):
        raise FormatError(f"the last value of 'ends' is {ends[-1]:,}, but there are {len(ids):,} 'ids'", path)
    if ids.size and not (ids.min() >= 0 and ids.max() < len(words)):
        raise FormatError(f"all 'ids' must be from 0 to {len(words) - 1:,}", path)
    spelled = np.array(words, dtype=object)[ids].tolist()
    bounds = [0, *ends.tolist()]
    return [tuple(spelled[start:end]) for start, end in pairwise(bounds)]


def _read_order(path: Path, n_documents: int) -> np.ndarray:
    places = read_list(path)
    if sorted(places) != sorted(map(str, range(n_documents))):
        raise FormatError(f"must be a permutation of 0 to {n_documents - 1:,}", path)
    return np.array(places, dtype=np.int64)


def write_folder(corpus: Corpus, path: Path) -> None:
    """Write the corpus as a folder, atomically; an earlier corpus folder is replaced.

    Raises
    ------
    FileExistsError
        The folder exists and contains other files, which would be lost, or would be read with the corpus.
    CorpusError
        The files cannot store a word, label, name or split.
    """
    target = followed(path)
    if target.is_file():
        raise FileExistsError(f"{target} is a file and cannot be replaced by a corpus folder")
    names = [_WHOLE] if corpus.splits is None else in_order(list(corpus.splits))
    _check_file_names(names if corpus.splits is not None else [])
    classes = None if corpus.labels is None else np.unique(corpus.labels)
    rows = {
        name: np.arange(len(corpus)) if corpus.splits is None else np.flatnonzero(corpus.splits == name)
        for name in names
    }
    order = np.concatenate([np.zeros(0, dtype=np.int64), *rows.values()])
    check_no_table(target)
    check_none_beside(target)
    with written_set(path, earlier=lambda: replaceable(target)) as draft:
        write_vocabulary(draft / "vocab.txt", corpus.vocabulary)
        if classes is not None:
            write_list(draft / "labels.txt", classes, "label")
        if not np.array_equal(order, np.arange(len(order))):
            write_list(draft / "order.txt", map(str, order), "place")
        table = Description.of(corpus)
        if table:
            write_description(draft / "table.json", table)
        plain = corpus.with_embeddings(None)
        if corpus.embeddings is not None:
            write_embeddings(draft / EMBEDDINGS, corpus.embeddings)
        for name, own in rows.items():
            _write_part(draft, name, plain[own], classes, table)
        write_manifest(draft)


def _write_part(
    folder: Path, name: str, part: Corpus, classes: np.ndarray | None, table: Description
) -> None:
    save_counts(folder / f"{name}.npz", part.counts)
    if classes is not None and part.labels is not None:
        numbers = np.searchsorted(classes, part.labels)
        write_list(folder / f"{name}_labels.txt", map(str, numbers), "label")
    if part.names is not None:
        write_list(folder / f"{name}_names.txt", part.names, "name")
    if part.tokens is not None:
        column = {word: place for place, word in enumerate(part.vocabulary)}
        ids = [column[word] for document in part.tokens for word in document]
        ends = np.cumsum(list(map(len, part.tokens)), dtype=np.int64)
        np.savez_compressed(folder / f"{name}_tokens.npz", ids=np.array(ids, dtype=np.int32), ends=ends)
    if part.texts is not None:
        write_originals(folder / f"{name}_texts.npz", part.texts.tolist())
    if table.dates or table.columns:
        write_columns(folder / f"{name}_table.npz", part, table)


def _check_file_names(splits: Sequence[str]) -> None:
    for name in splits:
        if (
            not re.fullmatch(r"[^\W_](?:[\w-]*[^\W_])?", name, re.ASCII)
            or name == _WHOLE
            or name.endswith(_PARTS)
        ):
            raise CorpusError(
                f"cannot store the split {name!r}: its name must be a valid file name, such as 'train'"
            )
    if len({name.lower() for name in splits}) < len(splits):
        raise CorpusError(
            f"cannot store the splits {', '.join(splits)}: their files would have the same name"
        )
