"""Names of topics: their most relevant words that are frequent enough, unique among the topics."""

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from hftopic.data.forms import first_forms

WORDS_IN_NAME = 3
POLES = ("+", "-")
FLOOR = 0.3  # a word of a name is in at least so many documents, times the square root of their number
SPREAD = 9.0  # effective number of documents from which no document has more than a third of a word's tokens
EQUAL = 0.6  # a word of no other name is preferred if its relevance is at least so much of the other's
ROUNDING = 1e-4
LISTED = 5  # words that are considered for each word of a name


def least_documents(n_documents: float) -> int:
    """Number of documents that a word of a name is in at least: 3 of 100, 17 of 3,000, 95 of 100,000."""
    return max(1, math.ceil(FLOOR * math.sqrt(n_documents)))


def frequent(
    documents: NDArray[np.floating], spread: NDArray[np.floating], n_documents: float, n_needed: int
) -> NDArray[np.bool_]:
    """Mask of the words that are in enough documents for a name, and not by bursts, (n_words,).

    `documents` are the numbers of documents with each word, and `spread` the effective numbers of documents
    over which its tokens are spread. While there are fewer than `n_needed` such words, half as many
    documents are enough, and no larger spread than that is needed.
    """
    floor, n_needed = float(least_documents(n_documents)), min(n_needed, len(documents))

    def enough() -> NDArray[np.bool_]:
        most = 1 - ROUNDING
        return np.asarray((documents > floor * most) & (spread > min(floor, SPREAD) * most))

    while enough().sum() < n_needed and floor > ROUNDING:
        floor /= 2
    return enough() if enough().sum() >= n_needed else np.ones(len(documents), dtype=bool)


def names_of(
    relevance: Sequence[NDArray[np.floating]],
    words: Sequence[str],
    allowed: NDArray[np.bool_],
    order: Iterable[int],
    n_words: int = WORDS_IN_NAME,
    ids: Sequence[int] | None = None,
) -> list[str]:
    """A unique name for each topic, such as "god, faith, church".

    A name has the words of the highest relevance among those that are allowed, without inflected forms of
    each other. A word that another topic has in its name gives way to one that is nearly as relevant. No two
    names have the same words in another order.

    Parameters
    ----------
    relevance : sequence of ndarray, shape (n_topics, n_words) each
        One array, or for signed topics one for each pole.
    words : sequence of str, shape (n_words,)
    allowed : ndarray of bool, shape (n_words,)
        See :func:`frequent`.
    order : iterable of int
        Topics in the order in which they choose their words, the most informative first.
    n_words : int
        Number of words of a name, for each pole; fewer if there are fewer.
    ids : sequence of int, optional
        Numbers of the topics that tell equal names apart; by default their places.
    """
    columns = np.flatnonzero(allowed)
    taken: set[int] = set()
    names: dict[int, str] = {}
    known: set[frozenset[tuple[int, int]]] = set()
    for topic in order:
        poles = [_candidates(scores[topic, columns], columns, words, n_words) for scores in relevance]
        chosen = [next(_choices(pole, taken, n_words)) for pole in poles]
        for last in _choices(poles[-1], taken, n_words):
            if _signed([*chosen[:-1], last]) not in known:
                chosen[-1] = last
                break
        known.add(_signed(chosen))
        taken.update(word for pole in chosen for word in pole)
        names[topic] = joined([", ".join(words[word] for word in pole) for pole in chosen])
    return numbered_repeats([names[topic] for topic in sorted(names)], ids=ids)


def _signed(chosen: Sequence[Sequence[int]]) -> frozenset[tuple[int, int]]:
    return frozenset((place, word) for place, pole in enumerate(chosen) for word in pole)


def _candidates(
    scores: NDArray[np.floating], columns: NDArray[np.int64], words: Sequence[str], n_words: int
) -> list[tuple[int, float]]:
    """Words for a name with their relevance, the most relevant first, one of the forms of each."""
    ranked = np.argsort(-scores, kind="stable")[: 2 * LISTED * n_words]
    kept = first_forms([words[column] for column in columns[ranked]])
    return [(int(columns[ranked[place]]), float(scores[ranked[place]])) for place in kept]


def _choices(candidates: list[tuple[int, float]], taken: set[int], n_words: int) -> Iterator[list[int]]:
    """Choices of words, the best first; the later ones differ in the last word."""
    worth = {word: EQUAL * score if word in taken and score > 0 else score for word, score in candidates}
    best = sorted(worth, key=lambda word: -worth[word])
    place = {word: i for i, (word, _) in enumerate(candidates)}
    yield sorted(best[:n_words], key=place.__getitem__)
    for other in best[n_words:]:
        yield [*sorted(best[: n_words - 1], key=place.__getitem__), other]


def joined(of_poles: Sequence[str]) -> str:
    """One name from the names of a topic's poles."""
    if len(of_poles) == 1:
        return of_poles[0]
    return " / ".join(f"{sign} {name}" for sign, name in zip(POLES, of_poles, strict=True))


def numbered_repeats(
    names: Sequence[str], kept: Iterable[int] = (), ids: Sequence[int] | None = None
) -> list[str]:
    """Unique names: repeated names get the topic's number, except those of the topics `kept`.

    The numbers of the topics are `ids`, by default their places.
    """
    taken, kept = set(names), set(kept)
    unique = []
    for topic, name in zip(range(len(names)) if ids is None else ids, names, strict=True):
        if topic not in kept and names.count(name) > 1:
            name = f"{name} ({topic})"
            while name in taken:
                name += "'"
            taken.add(name)
        unique.append(name)
    return unique
