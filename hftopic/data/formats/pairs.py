"""LDA-C and SVMlight: one document per line, as pairs ``word:count``."""

import re
from array import array
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from hftopic.data.corpus import Corpus, CorpusError
from hftopic.data.formats.beside import words_beside, written_with_lists
from hftopic.data.formats.counts import Counts, n_used_columns, summed, whole_counts
from hftopic.data.formats.lines import FormatError, compressed_text, read_lines
from hftopic.data.formats.request import Request
from hftopic.data.formats.vocabulary import may_be_heading
from hftopic.data.validation import LARGEST_COUNT

_LDAC = re.compile(r"\s*+[0-9]++(?:\s++[0-9]++:[0-9]++)*+\s*+")
_NUMBER = r"(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:[eE][-+]?+[0-9]++)?+"
_SVMLIGHT = re.compile(
    rf"\s*+(?P<label>[^\s:#]++)(?:\s++qid:[0-9]++)?+(?P<pairs>(?:\s++[0-9]++:\+?+{_NUMBER})*+)\s*+"
)
_BASE = re.compile(r"column indices are (zero|one)-based", re.IGNORECASE)


class _Rows:
    """Rows of a matrix while they are read, and the lines with the smallest and the largest word id."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ids, self.counts, self.ends = array("q"), array("d"), array("q", [0])
        self.low: tuple[int, int] | None = None  # id, line
        self.high = (-1, 0)

    def add(self, pairs: list[str], line: int) -> None:
        """Add a document, given as id, count, id, count …"""
        if not pairs:
            self.ends.append(len(self.ids))
            return
        try:
            self.ids.extend(map(int, pairs[::2]))
        except (OverflowError, ValueError) as error:
            raise FormatError(f"contains a number that is too large: {error}", self.path, line) from error
        counts = list(map(float, pairs[1::2]))
        if max(counts) > LARGEST_COUNT:
            told = f"the count {max(counts):.15g} is above {LARGEST_COUNT:,}, the largest allowed"
            raise FormatError(told, self.path, line)
        self.counts.extend(counts)
        own = self.ids[self.ends[-1] :]
        self.ends.append(len(self.ids))
        self.low = min(self.low or (own[0], line), (min(own), line))
        self.high = max(self.high, (max(own), line))

    def matrix(self, n_words: int, base: int) -> Any:
        for word, line in (self.low or (base, 0), self.high):
            if word >= n_words + base or (0 <= word < base):
                told = (
                    f"word id {word} is not from {base} to {n_words + base - 1:,}: "
                    f"the vocabulary has {n_words:,} words"
                )
                raise FormatError(told, self.path, line)
        ids = np.array(self.ids, dtype=np.int64) - base
        documents = np.repeat(np.arange(len(self.ends) - 1), np.diff(self.ends))
        return summed(self.path, documents, ids, np.array(self.counts), (len(self.ends) - 1, n_words))


def read_ldac(path: Path, n_words: int, request: Request) -> Counts:
    """Counts of an LDA-C file: ``M word:count …``, where M is the number of pairs; word ids start at 0.

    Blank lines are ignored (an empty document is ``0``). Repeated words of a document are added.

    Raises
    ------
    FormatError
        A line is malformed, its M is wrong, or a word id is out of range.
    """
    rows = _Rows(path)
    for line, text in read_lines(path, request.encoding):
        if not text.strip():
            continue
        if not _LDAC.fullmatch(text):
            raise FormatError(f"expected 'M word:count …' with integers, got {text[:40]!r}", path, line)
        declared, *pairs = text.replace(":", " ").split()
        if declared.lstrip("0") != str(len(pairs) // 2).lstrip("0"):
            told = (
                f"declares {declared} words but contains {len(pairs) // 2}: truncated, or not an LDA-C file"
            )
            raise FormatError(told, path, line)
        rows.add(pairs, line)
    return Counts(rows.matrix(n_words, 0), is_sized=False)


def write_ldac(corpus: Corpus, path: Path) -> None:
    """Write an LDA-C file, with ``NAME.vocab.txt``, labels, names and splits next to it."""
    sizes = map(str, np.diff(corpus.counts.indptr).tolist())
    _write_pairs(corpus, path, sizes, map(str, whole_counts(corpus, "LDA-C").tolist()))


def _write_pairs(
    corpus: Corpus, path: Path, starts: Iterable[str], counts: Iterable[str], base: int = 0, comment: str = ""
) -> None:
    """Write a line for each document: its start, and its pairs ``word:count`` with word ids from ``base``."""
    if may_be_heading(corpus.vocabulary.tolist(), n_used_columns(corpus.counts)):
        raise CorpusError(
            f"cannot store the vocabulary: its first word, {corpus.vocabulary[0]!r}, would be taken for a "
            "heading, because no document has the last word; write a folder or a .mtx file"
        )
    ids = iter(map(str, (corpus.counts.indices + base).tolist()))
    left = iter(counts)
    with (
        written_with_lists(corpus, path, vocabulary=words_beside(path)) as draft,
        compressed_text(draft, path) as stream,
    ):
        stream.write(comment)
        for start, size in zip(starts, np.diff(corpus.counts.indptr).tolist(), strict=True):
            pairs = map(":".join, zip(islice(ids, size), islice(left, size), strict=True))
            stream.write(" ".join([start, *pairs]) + "\n")


def read_svmlight(path: Path, n_words: int, request: Request, base: int | None = None) -> Counts:
    """Counts and labels of an SVMlight file: ``label word:count … # comment``.

    Word ids start at ``base``, if it is given. Otherwise the start is found from the comment that
    scikit-learn writes, "Column indices are zero-based", or else from an id that is only valid with one
    start: 0, or the number of words. If the start is still unclear, this is an error. If all labels are 0,
    the corpus has no labels.

    Raises
    ------
    FormatError
        A line is malformed, a word id is out of range, or it is unclear whether word ids start at 0 or 1.
    """
    rows, labels, told_base = _Rows(path), [], base
    for line, text in read_lines(path, request.encoding):
        text, _, comment = text.partition("#")
        found = _BASE.search(comment)
        if found and base is None:
            told_base = 0 if found.group(1).lower() == "zero" else 1
        if not text.strip():
            continue
        match = _SVMLIGHT.fullmatch(text)
        if not match:
            told = f"expected 'label word:count …' with counts >= 0, got {text[:40]!r}"
            raise FormatError(told, path, line)
        labels.append(match["label"])
        rows.add(match["pairs"].replace(":", " ").split(), line)
    matrix = rows.matrix(n_words, _first_id(rows, n_words) if told_base is None else told_base)
    return Counts(matrix, None if set(labels) <= {"0"} else labels, is_sized=False)


def _first_id(rows: _Rows, n_words: int) -> int:
    low = rows.low or (0, 0)
    if low[0] == 0:
        return 0
    if rows.high[0] >= n_words:
        return 1
    raise FormatError(
        f"word ids range from {low[0]} to {rows.high[0]} with {n_words:,} words, so it is unclear whether "
        "they start at 0 or 1; pass format='svmlight0' or format='svmlight1'",
        rows.path,
    )


def write_svmlight(corpus: Corpus, path: Path, base: int = 0) -> None:
    """Write an SVMlight file, with ``NAME.vocab.txt``, labels, names and splits next to it.

    A comment in the file states whether word ids start at 0 or 1. The file contains the labels as numbers, in
    the order of the sorted labels; ``NAME.labels.txt`` contains the labels themselves.
    """
    classes = np.zeros(len(corpus), dtype=np.int64)
    if corpus.labels is not None:
        classes = np.unique(corpus.labels, return_inverse=True)[1]
    counts = map("{:.16g}".format, corpus.counts.data.tolist())
    comment = f"# word counts of documents\n# Column indices are {'one' if base else 'zero'}-based\n"
    _write_pairs(corpus, path, map(str, classes.tolist()), counts, base, comment)
