"""Distinct topics: those that are coherent and do not repeat a more coherent one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._numbers import is_number
from hftopic.analysis.cooccurrence import COHERENT, numbered, topic_occurrences
from hftopic.analysis.sampled import samples_shards
from hftopic.topics.repeats import first_of_its_kind, shared_words


@samples_shards
def distinct_topics(
    model_or_topics: Any,
    corpus: Any,
    *,
    top_n: int = 10,
    coherent: float = COHERENT,
    duplicate_threshold: float = 0.5,
    topics: Any = None,
    vocabulary: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Which topics are coherent and share fewer than half of their top words with a more coherent one.

    The number of distinct topics, the sum of the column ``distinct``, combines coherence and diversity: a
    model cannot raise it by more topics about the same, nor by different but incoherent topics.

    Parameters
    ----------
    model_or_topics : fitted topic model, DataFrame from its ``top_words``, or list of lists of str
        For NVDM only the positive poles are scored.
    corpus : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Reference documents, in which co-occurrence is counted. Empty documents are ignored.
    top_n : int, default=10
        Number of top words per topic; shorter lists are used completely.
    coherent : float, default=0.1
        Minimum mean NPMI of the pairs of top words.
    duplicate_threshold : float, default=0.5
        Minimum fraction of shared top words for a topic to repeat a more coherent one.
    topics : array of bool (n_topics,) or of topic numbers, optional
        Topics to include, such as the column ``active`` of :func:`topic_information`. All by default.
    vocabulary : sequence of str (n_words,), optional
        Names of the words, see :func:`topic_coherence`.

    Returns
    -------
    DataFrame
        One row per included topic, in order, with columns

        - ``topic`` and ``group`` (if known)
        - ``npmi``: mean NPMI of the pairs of top words
        - ``repeats``: the most coherent distinct topic that this topic repeats; missing if there is none, or
          if the topic is not coherent
        - ``distinct``: whether the topic is coherent and repeats none
        - ``words``: the top words, joined by ", "

    Raises
    ------
    ValueError
        `duplicate_threshold` is not in (0, 1], there is no topic, a topic has fewer than two words or lists
        one twice, the corpus has no names or no words, or it contains no word of any topic.

    Notes
    -----
    Topics are visited from the highest NPMI down; equally coherent topics in their order. A topic is compared
    only with the distinct topics before it. Two words co-occur if they are in the same document. With p the
    fraction of documents that contain a word, or both,

    .. math:: \\mathrm{NPMI}_{ij} = \\log \\frac{p_{ij}}{p_i\\, p_j} \\Big/ (-\\log p_{ij}),

    and -1 if the two words never co-occur, also if one of them is not in the corpus. NPMI is the measure of
    Lau, Newman and Baldwin (2014), *Machine reading tea leaves*. :func:`topic_coherence` has gensim's value,
    which adds 1e-12 to each probability and leaves absent words out.

    Examples
    --------
    >>> from hftopic import TextOptions, corpus_from_texts
    >>> from hftopic.analysis import distinct_topics
    >>> texts = ["god faith church", "god faith", "faith church", "bat ball", "bat ball team", "team ball"]
    >>> corpus = corpus_from_texts(texts, options=TextOptions(min_df=1))
    >>> topics = [["god", "faith"], ["bat", "ball"], ["faith", "church"], ["god", "bat"]]
    >>> distinct_topics(topics, corpus).round(2)
       topic  npmi  repeats  distinct         words
    0      0  0.63     <NA>      True    god, faith
    1      1  0.63     <NA>      True     bat, ball
    2      2  0.63        0     False faith, church
    3      3 -1.00     <NA>     False      god, bat
    """
    if not is_number(coherent):
        raise ValueError(f"coherent must be an NPMI, from -1 to 1; got {coherent!r}")
    if not (is_number(duplicate_threshold) and 0 < duplicate_threshold <= 1):
        raise ValueError(
            f"duplicate_threshold must be a fraction of words in (0, 1]; got {duplicate_threshold!r}"
        )
    table, occurs = topic_occurrences(model_or_topics, corpus, top_n, vocabulary, topics)
    columns = [occurs.of(words) for words in table.words]
    values = np.array([pair_mean(occurs.npmi(words, words)) for words in columns])
    alike = shared_words(table.words, table.words) >= duplicate_threshold
    distinct, repeats = first_of_its_kind(values, alike, coherent)
    result = numbered(table).assign(npmi=values)
    numbers = pd.Series(table.topics[repeats]).astype("Int64")
    result["repeats"] = numbers.where(repeats >= 0)
    result["distinct"] = distinct
    result["words"] = [", ".join(words) for words in table.words]
    return result


def pair_mean(values: NDArray[np.float64]) -> float:
    """Mean over the pairs of a symmetric matrix, (n, n)."""
    return float(values[np.triu_indices(len(values), k=1)].mean())
