"""The vocabulary of a build: how many documents have each word, in bounded memory, and which are kept."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count

import numpy as np

from hftopic.data.building.pieces import Piece
from hftopic.data.evenness import used_evenly
from hftopic.data.text import most_frequent, why_no_word
from hftopic.data.text_options import TextOptions, number_of
from hftopic.data.validation import CorpusError

CHOOSING = ("min_df", "max_df", "max_features", "even_df")
"""Options that choose among the counted words: the pieces do not depend on them."""


class NoWordChosenError(CorpusError):
    """No counted word is chosen; with other options of the choice, the pieces are of use."""


class WordTable:
    """Numbers of documents and of uses of words, for at most some million words: lossy counting.

    When the table is full, the rarest words are left out, at least half of the table. A word that is not in
    the table is in at most `bound` documents; a word that was left out before may be in up to `bound` more
    documents than the table says.

    Parameters
    ----------
    most : int
        Number of words of a full table.

    Attributes
    ----------
    bound : int
        Largest number of documents of a word that is not in the table; 0 if no word was ever left out.

    Notes
    -----
    Manku & Motwani (2002), "Approximate frequency counts over data streams". The table depends on the order
    of the pieces alone.
    """

    def __init__(self, most: int) -> None:
        self.most, self.bound = most, 0
        self._place = _numbered({})
        self._held = np.zeros((4, 1024), dtype=np.int64)  # documents, uses, counted, and documents before

    def __len__(self) -> int:
        return len(self._place)

    def add(self, piece: Piece) -> None:
        """Add the words of a piece."""
        words, start = piece.facts.words, len(self)
        if words is None:  # those of a given vocabulary
            return
        places = np.fromiter(map(self._place.__getitem__, words), dtype=np.int64, count=len(words))
        self._reserve(len(self))
        self._held[3, start : len(self)] = self.bound
        self._held[:3, places] += piece.sums
        if len(self) > self.most:
            self._prune()

    def _reserve(self, n: int) -> None:
        if n > self._held.shape[1]:
            larger = np.zeros((4, max(n, 2 * self._held.shape[1])), dtype=np.int64)
            larger[:, : self._held.shape[1]] = self._held
            self._held = larger

    def _prune(self) -> None:
        """Leave out the words that are in the fewest documents, so that half of the table is free."""
        n = len(self)
        possible = self._held[0, :n] + self._held[3, :n]
        last = n - self.most // 2 - 1
        self.bound = int(np.partition(possible, last)[last])
        kept = np.flatnonzero(possible > self.bound)
        new = np.full(n, -1)
        new[kept] = np.arange(len(kept))
        self._place = _numbered(
            {word: int(new[place]) for word, place in self._place.items() if new[place] >= 0}
        )
        self._held[:, : len(kept)] = self._held[:, kept]
        self._held[:, len(kept) :] = 0

    def exact(self, pieces: Iterable[Piece]) -> "WordTable":
        """Table of the same words with their exact numbers, from all pieces once more."""
        if not self.bound:
            return self
        found = WordTable(self.most)
        found._place, found.bound = self._place, self.bound
        found._held = np.zeros((4, len(self) + 1), dtype=np.int64)  # the last column is that of other words
        for piece in pieces:
            places = [self._place.get(word, -1) for word in piece.facts.words or []]
            found._held[:3, places] += piece.sums
            found._held[:, -1] = 0
        return found

    def sorted(self) -> tuple[list[str], np.ndarray]:
        """The words in order, and their numbers of documents, uses and counted uses, shape (3, n_words)."""
        words = sorted(self._place)
        return words, self._held[:3, [self._place[word] for word in words]]


def _numbered(place: dict[str, int]) -> defaultdict[str, int]:
    """Places of words, in which a new word gets the next place."""
    return defaultdict(count(len(place)).__next__, place)


def chosen_words(table: WordTable, n_documents: int, options: TextOptions) -> tuple[list[str], list[str]]:
    """Words of the vocabulary, and the words that are left out because they are spread evenly.

    They are those that :func:`hftopic.data.text.corpus_from_texts` chooses.

    Raises
    ------
    NoWordChosenError
        The options remove every word, or the table was too small; the message names the option.
    CorpusError
        The texts have no words.
    """
    words, (documents, uses, counted) = table.sorted()
    fewest, most = options.bounds(n_documents)
    columns = np.flatnonzero((documents >= fewest) & (documents <= most))
    if not columns.size:
        if table.bound and (not words or table.bound >= fewest):
            raise NoWordChosenError(
                f"table_size={table.most} is too small: words in up to {table.bound:,} of {n_documents:,} "
                "texts did not fit into the table, and no other word is kept; pass a larger table_size"
            )
        spread = dict(zip(words, documents.tolist(), strict=True))
        kind = NoWordChosenError if words else CorpusError
        raise kind(why_no_word(spread, n_documents, options.resolved(n_documents)))
    even = np.zeros(len(columns), dtype=bool)
    if options.even_df is not None:
        least = number_of(options.even_df, n_documents)
        even = used_evenly(documents[columns], uses[columns], n_documents, least)
        even &= not even.all()
    kept = most_frequent(counted, columns[~even], options.max_features)
    return _of(words, kept), _of(words, columns[even])


def _of(words: Sequence[str], columns: np.ndarray) -> list[str]:
    return [words[column] for column in columns]
