"""The second pass: the counts of all pieces with the columns of the vocabulary, written as shards."""

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from hftopic._callers import level_of_the_caller
from hftopic._progress import progress
from hftopic.data.ahead import read_ahead
from hftopic.data.building.gathering import Gathered
from hftopic.data.building.pieces import Piece, path_of
from hftopic.data.building.words import NoWordChosenError, WordTable, chosen_words
from hftopic.data.corpus import CorpusError
from hftopic.data.formats import told_of_unlabelled
from hftopic.data.formats.counts import warn_of_similar
from hftopic.data.reading import reading_of
from hftopic.data.text_options import TextOptions


def write_shards(
    out: Path,
    folder: Path,
    gathered: Gathered,
    table: WordTable,
    options: TextOptions,
    words: Sequence[str] | None,
    embeddings: NDArray[np.float32] | None,
    n_jobs: int,
    verbose: bool,
) -> None:
    """Write the pieces of a folder as shards.

    Parameters
    ----------
    out, folder : Path
        Folder of the shards, and that of the pieces.
    gathered : Gathered
    table : WordTable
    options : TextOptions
    words : sequence of str or None
        The given vocabulary.
    embeddings : ndarray, shape (n_documents, F), or None
        Those of the documents, instead of what the pieces have.
    n_jobs : int
        If it is more than one, the next piece is made while one is written.
    verbose : bool

    Raises
    ------
    CorpusError
        There are no texts, or another number of them than embeddings; the options remove every word, or the
        texts have none of the given words.
    """
    from hftopic.data.shards import ShardWriter

    request = gathered.sources[0].stream.request
    told = _check_documents(gathered, request.split)
    if embeddings is not None and len(embeddings) != gathered.n_documents:
        raise CorpusError(f"embeddings have {len(embeddings):,} rows for {gathered.n_documents:,} documents")
    gathered.settle()
    even: list[str] = []
    if words is None:
        table = table.exact(_pieces(folder))
        try:
            words, even = chosen_words(table, gathered.n_documents, options)
        except CorpusError as error:
            if gathered.phrases:
                raise CorpusError(gathered.phrases) from error
            if isinstance(error, NoWordChosenError):
                kept = f"What is counted is kept in {folder}; the call with another value goes on"
                raise NoWordChosenError(f"{error}. {kept}") from error
            raise
        told += _missing(table, options, gathered.n_documents)
    elif not any(piece.facts.n_entries for piece in _pieces(folder)):
        raise CorpusError(_nothing_in_common(gathered, words))
    reading = {**request.columns, **reading_of(options, spread_evenly=even or None)}
    column = {word: place for place, word in enumerate(words)}
    bar = progress(desc="write", unit=" documents", total=gathered.n_documents, verbose=verbose)
    pieces = (piece for piece in _pieces(folder) if piece.facts.n_documents)
    readings = (partial(_in_columns, piece, column) for piece in pieces)
    n_written = 0
    with bar, ShardWriter(out, words, reading=reading) as writer:
        for piece, counts in read_ahead(readings) if n_jobs > 1 else (reading() for reading in readings):
            start, n_written = n_written, n_written + piece.facts.n_documents
            vectors = piece.embeddings() if embeddings is None else embeddings[start:n_written]
            writer.append(counts, embeddings=vectors, **gathered.columns(piece.facts, piece.columns()))
            bar.update(piece.facts.n_documents)
    for text in told:
        warnings.warn(text, UserWarning, stacklevel=level_of_the_caller())


def _pieces(folder: Path) -> Iterator[Piece]:
    number = 0
    while (path := path_of(folder, number)).exists():
        yield Piece(path)
        number += 1


def _in_columns(piece: Piece, column: dict[str, int]) -> tuple[Piece, Any]:
    """A piece, and its counts with the columns of the vocabulary; words that are not in it are left out."""
    counts = piece.counts()
    if piece.facts.words is not None:
        # Both the words of a piece and the vocabulary are sorted, and so are the new columns of a document.
        places = map(column.get, piece.facts.words, repeat(-1))
        new = np.fromiter(places, dtype=np.int32, count=len(piece.facts.words))[counts.indices]
        kept = new >= 0
        before = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(kept)])
        counts = sp.csr_array(
            (counts.data[kept], new[kept], before[counts.indptr]), (counts.shape[0], len(column))
        )
    counts = counts.astype(np.float32)
    counts.has_sorted_indices = counts.has_canonical_format = True
    return piece, counts


def _check_documents(gathered: Gathered, split: str | None) -> list[str]:
    """Warnings about the documents; CorpusError if there are none."""
    splits = dict.fromkeys(name for source in gathered.sources for name in source.splits)
    if split is not None and split not in splits and splits:
        raise CorpusError(f"no split {split!r}; the splits are {', '.join(map(repr, splits))}")
    if not gathered.n_documents:
        raise CorpusError("there are no texts")
    told = list(gathered.warnings)
    for source in gathered.sources:
        path, n_empty = source.stream.path, source.n_unlabelled
        warn_of_similar(path, source.splits)
        if n_empty:
            told.append(told_of_unlabelled(path, n_empty, source.n_documents, source.first_unlabelled))
    return told + ([gathered.phrases] if gathered.phrases else [])


def _missing(table: WordTable, options: TextOptions, n_documents: int) -> list[str]:
    """Warning if words that the options keep may be missing."""
    fewest, _ = options.bounds(n_documents)
    if table.bound < fewest:
        return []
    return [
        f"the table of {table.most:,} words was full: words in {fewest:,} to {table.bound:,} documents may "
        "be missing from the vocabulary; pass a larger table_size, or a larger min_df"
    ]


def _nothing_in_common(gathered: Gathered, words: Sequence[str]) -> str:
    return (
        f"the texts and the vocabulary have no word in common: a text starts with {gathered.start!r}, and "
        f"the vocabulary has {len(words):,} words, such as {', '.join(map(repr, list(words)[:3]))}. Is it "
        "the right vocabulary, made with the same lowercase and token_pattern?"
    )
