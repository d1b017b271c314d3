"""Numbers of windows with a word, and with two words, of whole documents or sliding over running text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, combinations_with_replacement, pairwise, repeat

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from hftopic.analysis.cooccurrence import Occurrences


class WindowCounts:
    """Numbers of windows with the words of topics; gensim's measures read them as those that it counts.

    ``counts[i]`` is the number of windows with word i, ``counts[i, j]`` that of windows with both words.

    Parameters
    ----------
    num_docs : int
        Number of windows; the name is gensim's.
    together : dict of pairs of int to int
        Number of windows with the words i <= j, for all words that share a topic.
    """

    def __init__(self, num_docs: int, together: dict[tuple[int, int], int]) -> None:
        self.num_docs, self.together = num_docs, together

    def __getitem__(self, words: int | tuple[int, int]) -> int:
        first, second = words if isinstance(words, tuple) else (words, words)
        return self.together[(first, second) if first <= second else (second, first)]


def count_documents(found: Occurrences, topics: Iterable[Sequence[int]]) -> WindowCounts:
    """Counts where each document is a window; a topic is a list of columns."""
    together: dict[tuple[int, int], int] = {}
    for topic in topics:
        words = sorted(topic)
        of_topic = found.matrix[:, words]
        shared = (of_topic.T @ of_topic).toarray().astype(np.int64).tolist()
        for i, j in combinations_with_replacement(range(len(words)), 2):
            together[words[i], words[j]] = shared[i][j]
    return WindowCounts(found.matrix.shape[0], together)


def count_windows(text: "RunningText", size: int, topics: Iterable[Sequence[int]]) -> WindowCounts:
    """Counts in windows of ``size`` tokens; a document with fewer is one window."""
    spans = Spans.of(text, size)
    pairs = {pair for topic in topics for pair in combinations_with_replacement(sorted(topic), 2)}
    return WindowCounts(spans.n_windows, {pair: spans.shared(*pair) for pair in pairs})


@dataclass(frozen=True)
class RunningText:
    """Where some words are in documents of tokens.

    Attributes
    ----------
    columns : dict of str to int
        Number of each word.
    lengths : ndarray of int, shape (N,)
        Number of tokens of each document, at least 1.
    words, documents, places : ndarray of int, shape (n_found,)
        Word, document and place in it of each token that is one of the words, sorted by word, then in
        reading order.
    """

    columns: dict[str, int]
    lengths: NDArray[np.int64]
    words: NDArray[np.int64]
    documents: NDArray[np.int64]
    places: NDArray[np.int64]

    @classmethod
    def of(cls, documents: Sequence[Sequence[str]], wanted: Iterable[str]) -> "RunningText":
        """Where the `wanted` words are in documents, of which none is empty."""
        columns = {word: column for column, word in enumerate(wanted)}
        lengths = np.fromiter(map(len, documents), dtype=np.int64, count=len(documents))
        found = map(columns.get, chain.from_iterable(documents), repeat(-1))
        tokens = np.fromiter(found, dtype=np.int64, count=lengths.sum())
        at = np.flatnonzero(tokens >= 0)
        at = at[np.argsort(tokens[at], kind="stable")]
        last = np.cumsum(lengths)
        document = np.searchsorted(last, at, side="right")
        return cls(columns, lengths, tokens[at], document, at - (last - lengths)[document])

    def occurrences(self) -> Occurrences:
        """Which words occur in which documents."""
        shape = len(self.lengths), len(self.columns)
        ones = np.ones(len(self.words))
        times = sparse.csc_array((ones, (self.documents, self.words)), shape=shape)
        return Occurrences(self.columns, sparse.csc_array(times > 0, dtype=np.float64))


class Spans:
    """Runs of windows with each word, on one line of the windows of all documents.

    A word that leaves a window counts as absent, as in gensim, until it enters a window again: if it is at
    the places p of a document, it enters the window p - size + 1, or the first, and leaves that at p + 1. A
    run goes from where it enters to the first place after it where it leaves.

    Parameters
    ----------
    n_windows : int
    starts, ends : list of ndarray of int
        First window of each run of each word, and the first one after it.
    """

    def __init__(
        self, n_windows: int, starts: list[NDArray[np.int64]], ends: list[NDArray[np.int64]]
    ) -> None:
        self.n_windows, self.starts, self.ends = n_windows, starts, ends
        self.before = [np.concatenate([[0], np.cumsum(e - s)]) for s, e in zip(starts, ends, strict=True)]

    @classmethod
    def of(cls, text: RunningText, size: int) -> "Spans":
        """Runs of windows of ``size`` tokens."""
        n_windows = np.maximum(text.lengths - size + 1, 1)
        last = np.cumsum(n_windows)
        first = (last - n_windows)[text.documents]
        enter = first + np.maximum(text.places - size + 1, 0)
        leave = first + np.minimum(text.places + 1, n_windows[text.documents])
        borders = np.searchsorted(text.words, np.arange(len(text.columns) + 1))
        starts, ends = [], []
        for i, j in pairwise(borders):
            until = leave[i:j][np.searchsorted(leave[i:j], enter[i:j], side="right")]
            new = np.diff(until, prepend=-1) > 0  # others enter during a run
            starts.append(enter[i:j][new])
            ends.append(until[new])
        return cls(int(last[-1]), starts, ends)

    def shared(self, one: int, other: int) -> int:
        """Number of windows with two words, or with one word that is given twice."""
        if one == other:
            return int(self.before[one][-1])
        if len(self.starts[one]) > len(self.starts[other]):
            one, other = other, one
        return int((self._until(other, self.ends[one]) - self._until(other, self.starts[one])).sum())

    def _until(self, word: int, windows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Number of windows with a word before each of some windows."""
        run = np.searchsorted(self.starts[word], windows, side="right")  # of runs that have begun
        beyond = np.where(run > 0, self.ends[word][run - 1] - windows, 0)
        return self.before[word][run] - np.maximum(beyond, 0)
