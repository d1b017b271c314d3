"""Word intrusion: whether co-occurrence tells a word of another topic among the top words of a topic."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._numbers import is_whole
from hftopic.analysis.cooccurrence import Occurrences, numbered, topic_occurrences
from hftopic.analysis.sampled import samples_shards

TOP_N = 5  # words shown beside the intruder, as in Chang et al. (2009)
EXCLUDED = 50  # first words of a topic that are no intruders
TIE = 1e-9  # NPMI within which two words are equally odd


@samples_shards
def word_intrusion(
    model_or_topics: Any,
    corpus: Any,
    *,
    top_n: int = TOP_N,
    excluded: int = EXCLUDED,
    matches: int = 10,
    topics: Any = None,
    vocabulary: Sequence[str] | None = None,
) -> pd.DataFrame:
    r"""Share of intruders that are detected among the top words of each topic, by co-occurrence in documents.

    The word intrusion test shows people the top words of a topic and one word of another topic, the
    *intruder*, in random order; in a good topic the intruder is found. Here co-occurrence in reference
    documents takes the place of people.

    Parameters
    ----------
    model_or_topics : fitted topic model, DataFrame from its ``top_words``, or list of lists of str
        For NVDM only the positive poles are scored. Lists and tables should have about `excluded` words.
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Reference documents, best held-out ones. In a small corpus most pairs of words never co-occur, and few
        intruders are detected.
    top_n : int, default=5
        Number of top words per topic, at least 2; shorter lists are used completely.
    excluded : int, default=50
        Number of first words of a topic that cannot be its intruders; of a model, at most a tenth of its
        words.
    matches : int, default=10
        Number of intruders per top word: those with the most similar document frequency.
    topics : array of bool (n_topics,) or of topic numbers, optional
        Topics to include, such as the column ``active`` of :func:`topic_information`. Intruders are words of
        these topics only. All by default.
    vocabulary : sequence of str (n_words,), optional
        Names of the words, see :func:`topic_coherence`.

    Returns
    -------
    DataFrame
        One row per included topic, in order, with columns

        - ``topic`` and ``group`` (if known)
        - ``detected``: fraction of trials in which the intruder is detected. Chance is 1 / (`top_n` + 1).
          It is missing if there is no intruder
        - ``trials``: number of intruders
        - ``odd_word``: the top word that is most often taken for the intruder; missing if none ever is
        - ``words``: the top words, joined by ", "

    Raises
    ------
    ValueError
        `excluded` is less than `top_n`, `matches` is less than 1, there is no topic, a topic has fewer than
        two words or lists one twice, the corpus has no names or no words, or it contains no word of any
        topic.

    Notes
    -----
    Chang et al. (2009), *Reading tea leaves: how humans interpret topic models*. Lau, Newman and Baldwin
    (2014), *Machine reading tea leaves*, automate the test with a ranking learned from the answers of people;
    here nothing is learned. A trial shows the n top words of a topic and one intruder c. The odd word of
    the n + 1 words in S has the lowest mean NPMI to the others,

    .. math:: \arg\min_{i \in S} \frac{1}{n} \sum_{j \in S \setminus i} \mathrm{NPMI}_{ij},

    with the NPMI of :func:`distinct_topics`. If several words are equally odd, the trial counts as the chance
    to choose the intruder among them. Candidates for c are the top n words of the other topics that occur in
    the reference documents and are not among the first `excluded` words of this topic. A rare word meets
    few others, so it would be detected by its frequency alone. Therefore each top word has the `matches`
    candidates with the nearest log document frequency as intruders; each of them gives one trial.

    Examples
    --------
    >>> from hftopic import TextOptions, corpus_from_texts
    >>> from hftopic.analysis import word_intrusion
    >>> texts = ["god faith church", "god church", "god faith", "bat ball", "bat ball team", "team ball"]
    >>> corpus = corpus_from_texts(texts, options=TextOptions(min_df=1))
    >>> topics = [["god", "faith", "church"], ["bat", "ball", "team"]]
    >>> word_intrusion(topics, corpus)[["detected", "trials", "words"]]
       detected  trials              words
    0       1.0       3  god, faith, church
    1       1.0       3    bat, ball, team
    """
    _check(top_n, excluded, matches)
    if hasattr(model_or_topics, "topic_word_"):
        excluded = n_excluded(model_or_topics.topic_word_.shape[1], top_n, excluded)
    table, occurs = topic_occurrences(model_or_topics, corpus, excluded, vocabulary, topics)
    shown = [words[:top_n] for words in table.words]
    candidates = occurs.of(list(dict.fromkeys(word for words in shown for word in words)))
    candidates = candidates[occurs.frequency[candidates] > 0]
    rows = []
    for words, barred in zip(shown, table.words, strict=True):
        rivals = candidates[~np.isin(candidates, occurs.of(barred))]
        rows.append(_trials(words, _matched(occurs, occurs.of(words), rivals, matches), occurs))
    result = numbered(table).join(pd.DataFrame(rows, columns=["detected", "trials", "odd_word"]))
    result["words"] = [", ".join(words) for words in shown]
    return result


def n_excluded(n_words: int, top_n: int = TOP_N, excluded: int = EXCLUDED) -> int:
    """Number of first words of a topic that cannot be intruders, in a vocabulary of `n_words`."""
    return min(max(top_n, min(excluded, n_words // 10)), n_words)


def _matched(
    occurs: Occurrences, own: NDArray[np.int64], rivals: NDArray[np.int64], matches: int
) -> NDArray[np.int64]:
    """Columns of the intruders: for each own word the rivals with the nearest document frequency."""
    log_frequency = np.log(np.maximum(occurs.frequency, 1))
    distance = np.abs(log_frequency[own][:, None] - log_frequency[rivals])  # (n, R)
    return np.unique(rivals[np.argsort(distance, axis=1, kind="stable")[:, :matches]])


def _trials(
    words: list[str], intruders: NDArray[np.int64], occurs: Occurrences
) -> tuple[float, int, str | None]:
    """Share of the intruders that are detected, their number, and the word most often taken for one."""
    if not len(intruders):
        return float("nan"), 0, None
    own = occurs.of(words)
    within, to_intruder = occurs.npmi(own, own), occurs.npmi(own, intruders)  # (n, n), (n, T)
    np.fill_diagonal(within, 0.0)
    fit = np.vstack([within.sum(axis=1)[:, None] + to_intruder, to_intruder.sum(axis=0)]) / len(own)
    odd = fit <= fit.min(axis=0) + TIE  # (n + 1, T), the intruder last
    taken = odd / odd.sum(axis=0)
    wrongly = taken[:-1].sum(axis=1)
    odd_word = words[int(wrongly.argmax())] if wrongly.any() else None
    return float(taken[-1].mean()), len(intruders), odd_word


def _check(top_n: int, excluded: int, matches: int) -> None:
    if not is_whole(top_n, 2):
        raise ValueError(f"top_n must be at least 2: one word alone has no fit; got {top_n!r}")
    if not is_whole(excluded, top_n):
        raise ValueError(f"excluded={excluded!r} must be at least top_n={top_n!r}: top words do not intrude")
    if not is_whole(matches):
        raise ValueError(f"matches must be at least 1 intruder per word; got {matches!r}")
