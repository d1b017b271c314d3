"""Topics that repeat others: the top words that they share, and rows of words that are compared."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def first_of_its_kind(
    values: NDArray[np.float64], alike: NDArray[np.bool_], smallest: float
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Which topics repeat none with a higher value, and the topic that each repeats, or -1; both (K,).

    Topics are visited from the highest value down, and compared only with those before that repeat none.
    Topics with a value below `smallest` are neither first nor repeats.
    """
    first, repeats = np.zeros(len(values), dtype=bool), np.full(len(values), -1)
    counted: list[int] = []
    for topic in np.argsort(-values, kind="stable").tolist():
        if values[topic] < smallest:
            break
        repeats[topic] = next((better for better in counted if alike[topic, better]), -1)
        if repeats[topic] < 0:
            first[topic] = True
            counted.append(topic)
    return first, repeats


def shared_by_poles(poles: Sequence[list[list[str]]], active: np.ndarray) -> NDArray[np.float64]:
    """Fraction of top words that two active topics share, (K, K); 0 for the others and on the diagonal.

    `poles` has one list of word lists, or two for signed topics; `active` is (n_topics,) bool.
    """
    shared = np.stack([[shared_words(a, b) for b in poles] for a in poles])  # (P, P, K, K)
    straight = np.trace(shared) / len(poles)
    mirrored = np.trace(shared[::-1]) / len(poles)
    overlap = np.maximum(straight, mirrored)
    overlap[:, ~active] = overlap[~active, :] = 0.0
    np.fill_diagonal(overlap, 0.0)
    return np.asarray(overlap)


def unit_rows(values: NDArray[Any]) -> NDArray[np.float64]:
    """Rows scaled to norm 1 in float64, whose products are cosines; rows of zeros stay zero."""
    norms = np.linalg.norm(values.astype(np.float64), axis=1, keepdims=True)
    return np.asarray(values / np.where(norms > 0, norms, 1.0))


def shared_words(left: list[list[str]], right: list[list[str]]) -> np.ndarray:
    """Fraction of the top words that each topic of `left` shares with each topic of `right`, (K, K)."""
    columns = {word: column for column, word in enumerate(dict.fromkeys(w for t in left + right for w in t))}
    occurs = [np.zeros((len(side), len(columns))) for side in (left, right)]
    for matrix, side in zip(occurs, (left, right), strict=True):
        for row, words in zip(matrix, side, strict=True):
            row[[columns[word] for word in words]] = 1.0
    longest = max(len(words) for words in left + right)
    return np.asarray(occurs[0] @ occurs[1].T / longest)
