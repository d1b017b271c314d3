"""Subjects of a topic: whether its top words fall into two sets that do not co-occur."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._numbers import is_number, is_whole
from hftopic.analysis.cooccurrence import COHERENT, numbered, topic_occurrences
from hftopic.analysis.sampled import samples_shards

MOST_WORDS = 16  # 2^15 splits
EQUAL = 1e-9  # separations closer than this are equal


@samples_shards
def topic_subjects(
    model_or_topics: Any,
    corpus: Any,
    *,
    top_n: int = 10,
    min_words: int = 3,
    coherent: float = COHERENT,
    topics: Any = None,
    vocabulary: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Best split of each topic's top words into two sets, and whether they are two subjects.

    Two subjects in one topic can each be coherent, so a mean over all pairs of words hides them.

    Parameters
    ----------
    model_or_topics : fitted topic model, DataFrame from its ``top_words``, or list of lists of str
        For NVDM only the positive poles are scored.
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Reference documents, in which co-occurrence is counted. Empty documents are ignored.
    top_n : int, default=10
        Number of top words per topic, at most 16; shorter lists are used completely.
    min_words : int, default=3
        Minimum number of words in each set, at least 2.
    coherent : float, default=0.1
        Minimum mean NPMI within each set of two subjects.
    topics : array of bool (n_topics,) or of topic numbers, optional
        Topics to include, such as the column ``active`` of :func:`topic_information`. All by default.
    vocabulary : sequence of str (n_words,), optional
        Names of the words, see :func:`topic_coherence`.

    Returns
    -------
    DataFrame
        One row per included topic, in order, with columns

        - ``topic`` and ``group`` (if known)
        - ``separation``: mean NPMI of the pairs within the two sets - mean NPMI of the pairs across them
        - ``within_a``, ``within_b``: mean NPMI within each set; ``across``: mean NPMI across them
        - ``two_subjects``: whether ``across`` is at most 0 and ``within_a`` and ``within_b`` are at least
          `coherent`
        - ``words_a``, ``words_b``: the words of each set, joined by ", "; the first word of the topic is in
          set a

        A topic of fewer than 2 `min_words` words has no split: its values are missing,
        and ``two_subjects`` is False.

    Raises
    ------
    ValueError
        `top_n` or `min_words` is out of range, there is no topic, a topic has fewer than two words or lists
        one twice, the corpus has no names or no words, or it contains no word of any topic.

    Notes
    -----
    All splits with at least `min_words` words on each side are compared (375 for ten words), and the one with
    the largest separation is returned; of equal ones, the first. NPMI is that of :func:`distinct_topics`. The
    largest of many separations is positive even for random words, so compare it between topics and not with
    0; ``two_subjects`` does not depend on it alone.

    Examples
    --------
    >>> from hftopic import TextOptions, corpus_from_texts
    >>> from hftopic.analysis import topic_subjects
    >>> texts = ["god faith church", "god church", "god faith", "bat ball", "bat ball team", "team ball"]
    >>> corpus = corpus_from_texts(texts, options=TextOptions(min_df=1))
    >>> topic_subjects([["god", "bat", "faith", "ball"]], corpus, min_words=2).round(2).T.squeeze()
    topic                     0
    separation             1.63
    within_a               0.63
    within_b               0.63
    across                 -1.0
    two_subjects           True
    words_a          god, faith
    words_b           bat, ball
    Name: 0, dtype: object
    """
    if not is_whole(top_n, 2) or top_n > MOST_WORDS:
        raise ValueError(f"top_n must be from 2 to {MOST_WORDS}, because all splits are tried; got {top_n!r}")
    if not is_number(coherent):
        raise ValueError(f"coherent must be an NPMI, from -1 to 1; got {coherent!r}")
    if not is_whole(min_words, 2):
        raise ValueError(f"min_words must be at least 2: one word has no pair within; got {min_words!r}")
    table, occurs = topic_occurrences(model_or_topics, corpus, top_n, vocabulary, topics)
    rows = []
    for words in table.words:
        columns = occurs.of(words)
        rows.append(_best_split(words, occurs.npmi(columns, columns), min_words))
    result = numbered(table).join(pd.DataFrame(rows))
    subjects = (result["across"] <= 0) & (result[["within_a", "within_b"]].min(axis=1) >= coherent)
    result.insert(result.columns.get_loc("words_a"), "two_subjects", subjects)  # type: ignore[arg-type]
    return result


class _Split(NamedTuple):
    separation: float
    within_a: float
    within_b: float
    across: float
    words_a: str | None
    words_b: str | None


def _best_split(words: list[str], npmi: NDArray[np.float64], min_words: int) -> _Split:
    """Split of the words with the largest separation; missing values if there is none."""
    sides = _splits(len(words), min_words)  # (S, n)
    if not len(sides):
        nan = float("nan")
        return _Split(nan, nan, nan, nan, None, None)
    pairs = npmi - np.diag(npmi.diagonal())
    a, b = sides.astype(np.float64), (~sides).astype(np.float64)
    sum_a, sum_b = (np.einsum("si,ij,sj->s", side, pairs, side, optimize=True) / 2 for side in (a, b))
    n_a, n_b = (side.sum(axis=1) * (side.sum(axis=1) - 1) / 2 for side in (a, b))
    across = np.einsum("si,ij,sj->s", a, pairs, b, optimize=True) / (a.sum(axis=1) * b.sum(axis=1))
    separation = (sum_a + sum_b) / (n_a + n_b) - across
    best = int(np.flatnonzero(separation >= separation.max() - EQUAL)[0])
    set_a, set_b = (
        ", ".join(word for word, there in zip(words, side, strict=True) if there)
        for side in (sides[best], ~sides[best])
    )
    within_a, within_b = sum_a[best] / n_a[best], sum_b[best] / n_b[best]
    return _Split(separation[best], within_a, within_b, across[best], set_a, set_b)


@cache
def _splits(n: int, min_words: int) -> NDArray[np.bool_]:
    """All splits of n words into two sets of at least `min_words`, (S, n); True is set a, that of word 0."""
    codes = np.arange(2 ** (n - 1))
    sides = np.ones((len(codes), n), dtype=bool)
    sides[:, 1:] = (codes[:, None] >> np.arange(n - 1)) & 1
    sizes = sides.sum(axis=1)
    return np.asarray(sides[(sizes >= min_words) & (n - sizes >= min_words)])
