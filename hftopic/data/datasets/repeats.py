"""Repeated text in a corpus: documents that are nearly the same, and sentences that several documents share.

A topic model takes words that are copied together for a topic. Both kinds of copies are also removed from the
corpora of language models: Lee et al. (2022), "Deduplicating training data makes language models better";
Raffel et al. (2020), section 2.2.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

Words = tuple[str, ...]

_SHINGLE = 3  # words
_TWINS = 0.7


def without_twins(documents: Sequence[Words]) -> list[int]:
    """Positions of the documents that are not near-duplicates of an earlier one that is kept.

    Two documents are near-duplicates if their sets of three consecutive words have a Jaccard similarity of at
    least 0.7 (Broder, 1997). The result is exact: two sets of this similarity share one of their rarest
    members, so only documents that share one are compared (Chaudhuri et al., 2006).

    Examples
    --------
    >>> without_twins([tuple("abcdefghijkl"), tuple("abcdefghijkz"), tuple("abcdwxyzijkl")])
    [0, 2]
    """
    sets = [frozenset(_shingles(words)) for words in documents]
    spread = Counter(shingle for shingles in sets for shingle in shingles)
    kept: list[int] = []
    having: defaultdict[Words, list[int]] = defaultdict(list)
    for position, shingles in enumerate(sets):
        n_rarest = len(shingles) - math.ceil(_TWINS * len(shingles)) + 1
        shared = [shingle for shingle in shingles if spread[shingle] > 1]
        shared.sort(key=lambda shingle: (spread[shingle], shingle))
        rarest = shared[: max(0, n_rarest - (len(shingles) - len(shared)))]  # the other rarest have no twin
        candidates = {earlier for shingle in rarest for earlier in having[shingle]}
        if not any(_similarity(shingles, sets[earlier]) >= _TWINS for earlier in candidates):
            kept.append(position)
            for shingle in rarest:
                having[shingle].append(position)
    return kept


def _shingles(words: Words) -> Iterable[Words]:
    """Every three consecutive words; all words of a shorter text."""
    if len(words) < _SHINGLE:
        return [words]
    return zip(*(words[start:] for start in range(_SHINGLE)), strict=False)


def _similarity(one: frozenset[Words], other: frozenset[Words]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)


def without_repeated_sentences(documents: Iterable[Iterable[Words]]) -> list[list[int]]:
    """Positions of the sentences of each document that occur for the first time.

    A sentence that many documents share ("Pass an int for reproducible output.") characterises none of them.

    Examples
    --------
    >>> without_repeated_sentences([[("a", "graph"), ("see", "there")], [("see", "there"), ("a", "tree")]])
    [[0, 1], [1]]
    """
    seen: set[Words] = set()
    kept = []
    for sentences in documents:
        new = []
        for position, words in enumerate(sentences):
            if words not in seen:
                seen.add(words)
                new.append(position)
        kept.append(new)
    return kept
