"""The first pass: the words of a piece of texts, counted in whatever process has time for it."""

import json
import warnings
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from hftopic.data.building.pieces import Facts, path_of, write_piece
from hftopic.data.building.streams import Stream
from hftopic.data.embeddings import as_embeddings
from hftopic.data.formats.jsonl import late_dates
from hftopic.data.formats.limits import allowing
from hftopic.data.formats.lines import FormatError, blamed_on
from hftopic.data.formats.tables import Table
from hftopic.data.formats.texts import checks_dates
from hftopic.data.formats.vectors import stacked_rows
from hftopic.data.kinds import KindOfFields, KindOfValues
from hftopic.data.metadata import as_dates_of_documents, as_texts, as_values
from hftopic.data.text import own_spellings, unsegmented_texts
from hftopic.data.text_options import TextOptions
from hftopic.data.validation import as_splits, as_strings, check_exact
from hftopic.data.words import analyser


@dataclass(frozen=True)
class Recipe:
    """How texts are counted, and where the pieces are.

    Attributes
    ----------
    folder : Path
    options : TextOptions
    vocabulary : Path or None
        File with the words to count; all words are counted without one.
    split : str or None
        The only split that is counted.
    keep_texts : bool
    max_bytes : int or None
    """

    folder: Path
    options: TextOptions
    vocabulary: Path | None = None
    split: str | None = None
    keep_texts: bool = False
    max_bytes: int | None = None


def count_piece(recipe: Recipe, number: int, source: int, stream: Stream, piece: Any) -> Exception | None:
    """Count a piece and write its file; an error is returned, so that the first one in order is raised."""
    try:
        with allowing(recipe.max_bytes), blamed_on(stream.path), warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found = _counted(recipe, number, source, stream, piece)
        found[0].warnings = [str(warning.message) for warning in told]
        write_piece(path_of(recipe.folder, number), *found)
    except Exception as error:
        return error
    return None


def _counted(
    recipe: Recipe, number: int, source: int, stream: Stream, piece: Any
) -> tuple[Facts, Any, np.ndarray, dict[str, Any], np.ndarray | None]:
    """What the file of a piece holds."""
    table = stream.table(piece)
    splits = _splits(stream.path, table)
    table = of_split(recipe.split, stream.path, table)
    read = _reader(recipe.options, recipe.vocabulary)
    tokens, starts, words = read(table.text)
    columns = _columns(table, recipe)
    facts = Facts(source, len(table.text), words)
    embeddings = _embeddings(stream.path, table)
    facts.has = [what for what in columns if what != "metadata"]
    facts.has += ["embedding"] * (embeddings is not None)
    facts.kinds = _kinds(columns["metadata"], stream.fields)
    facts.undated, facts.splits = sorted(table.undated), splits
    if checks_dates(stream.request):
        facts.dates = _dates(table, columns, late_dates(list(columns["metadata"]), stream.request))
    facts.unlabelled = _unlabelled(columns)
    facts.start = next((text.strip()[:40] for text in table.text if text.strip()), "")
    if number == 0 and words is not None:
        facts.phrases = unsegmented_texts(_documents(tokens, starts, words), recipe.options)
    n_words = read.n_words if words is None else len(words)
    counts = _matrix(tokens, starts, n_words)
    facts.n_words, facts.n_entries = n_words, counts.nnz
    if words is None:  # a given vocabulary is not chosen by its sums
        _limit(counts, recipe.options)
        return facts, counts, np.zeros((3, 0), dtype=np.int64), columns, embeddings
    uses = np.bincount(counts.indices, counts.data, n_words)
    _limit(counts, recipe.options)
    counted = np.bincount(counts.indices, counts.data, n_words)
    documents = np.bincount(counts.indices, minlength=n_words)
    return facts, counts, np.array([documents, uses, counted], dtype=np.int64), columns, embeddings


def _limit(counts: Any, options: TextOptions) -> None:
    if options.max_count is not None:
        counts.data = np.minimum(counts.data, options.max_count)


class _Words:
    """Columns of the words of texts: of all words, in the order of the words, or of those of a vocabulary."""

    def __init__(self, options: TextOptions, vocabulary: Sequence[str] | None) -> None:
        self.analyse = analyser(options, vocabulary)
        self.n_words = 0 if vocabulary is None else len(vocabulary)
        self.column: dict[str, int] | None = None
        if vocabulary is not None:
            place = {word: column for column, word in enumerate(vocabulary)}
            self.column = {word: place[own] for word, own in own_spellings(vocabulary).items()}

    def __call__(self, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray, list[str] | None]:
        """The column of each token, where the tokens of each text begin, and the words of the columns."""
        column = defaultdict[str, int](count().__next__) if self.column is None else self.column
        tokens, starts = array("q"), [0]
        for text in texts:
            words = self.analyse(text)
            known = words if self.column is None else filter(column.__contains__, words)
            tokens.extend(map(column.__getitem__, known))
            starts.append(len(tokens))
        places, ends = np.frombuffer(tokens, dtype=np.int64), np.array(starts, dtype=np.int64)
        if self.column is not None:
            return places, ends, None
        found = sorted(column)
        order = np.empty(len(found), dtype=np.int64)
        order[[column[word] for word in found]] = np.arange(len(found))
        return order[places], ends, found


def _reader(options: TextOptions, vocabulary: Path | None) -> _Words:
    # A function of the user need have no hash, and is another object in each task of another process.
    return (_made_once if options.tokenizer is None else _made)(options, vocabulary)


def _made(options: TextOptions, vocabulary: Path | None) -> _Words:
    return _Words(options, None if vocabulary is None else json.loads(vocabulary.read_text("utf-8")))


_made_once = lru_cache(maxsize=1)(_made)


def _documents(tokens: np.ndarray, starts: np.ndarray, words: list[str]) -> Iterator[list[str]]:
    """Words of each document."""
    return ([words[place] for place in tokens[start:end]] for start, end in pairwise(starts.tolist()))


def _matrix(tokens: np.ndarray, starts: np.ndarray, n_words: int) -> Any:
    ones = np.ones(len(tokens), dtype=np.int64)
    counts = sp.csr_array((ones, tokens, starts), shape=(len(starts) - 1, n_words))
    counts.sum_duplicates()
    check_exact(counts.data, "counts")
    return counts


def of_split(name: str | None, path: Path, table: Table) -> Table:
    """The documents of the split that is asked for."""
    if name is None:
        return table
    if table.split is None:
        raise FormatError(f"no split {name!r}: the file has no split column or splits file", path)
    rows = [row for row, split in enumerate(table.split) if str(split) == name]
    chosen = table.of_rows(rows)
    chosen.places, chosen.undated = [table.places[row] for row in rows], table.undated
    return chosen


def _splits(path: Path, table: Table) -> list[str]:
    blank = next((row for row, split in enumerate(table.split or ()) if not str(split).strip()), None)
    if blank is not None:
        line = table.places[blank]
        told = "the split is empty; give every document the name of a split"
        raise FormatError(told if table.are_lines else f"row {line}: {told}", path, line * table.are_lines)
    return list(dict.fromkeys(map(str, table.split or ())))


def _columns(table: Table, recipe: Recipe) -> dict[str, Any]:
    """The columns of the documents, as JSON can hold them."""
    n = len(table.text)
    held: dict[str, Any] = {
        "label": as_strings(table.label, "labels", n),
        "name": as_strings(table.name, "names", n),
        "split": as_splits(table.split, n),
        "date": as_dates_of_documents(table.date, n),
    }
    if recipe.keep_texts:
        held["text"] = as_texts(table.text if table.original is None else table.original, n)
    columns = {what: values.tolist() for what, values in held.items() if values is not None}
    metadata = table.metadata
    return {
        **columns,
        "metadata": {name: as_values(values, f"metadata[{name!r}]") for name, values in metadata.items()},
    }


def _embeddings(path: Path, table: Table) -> np.ndarray | None:
    """Embeddings of the documents, checked."""
    if table.embedding is None or not table.text:
        return None
    rows = stacked_rows(path, table.embedding, table.places, table.are_lines)
    return as_embeddings(np.asarray(rows), len(table.text))


def _kinds(metadata: Mapping[str, Sequence[Any]], fields: bool) -> dict[str, Any]:
    kind = KindOfFields if fields else KindOfValues
    return {name: kind.of(values).state() for name, values in metadata.items()}


def _dates(table: Table, columns: Mapping[str, Any], late: str | None) -> dict[str, tuple[int, int]]:
    """Where each date is first, and how often it is there; ``late`` may be the column of the dates."""
    dates = columns.get("date", ())
    if not dates and late is not None and late not in table.undated:
        dates = as_dates_of_documents(columns["metadata"][late], len(table.text))
    dates = list(dates)
    first = dict(zip(reversed(dates), reversed(table.places), strict=True)) if dates else {}
    return {date: (first[date], n) for date, n in Counter(dates).items()}


def _unlabelled(columns: Mapping[str, Any]) -> tuple[int, int]:
    """Number of documents without a label, and the first of them."""
    blank = [row for row, label in enumerate(columns.get("label", ())) if not label.strip()]
    return len(blank), blank[0] if blank else 0
