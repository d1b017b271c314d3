"""Topics as lists of words: diversity, duplicates, and a summary with one row per topic."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from hftopic._numbers import is_number, is_whole
from hftopic._torch_state import neutral_torch
from hftopic.analysis.encoded import document_topics
from hftopic.analysis.information import prior_of, residual_of
from hftopic.analysis.models import (
    FittedTopicModel,
    check_topic_model,
    has_poles,
    model_vocabulary,
)
from hftopic.analysis.sampled import samples_shards
from hftopic.data.sequences import check_sequence, listed
from hftopic.topics.ids import ids_in_words
from hftopic.topics.information import ACTIVE_PEAK
from hftopic.topics.shares import prominence
from hftopic.topics.summary import COMPARED, DUPLICATE, n_compared, summarised


class TopicWords(NamedTuple):
    """Top words of topics, from a model, a table or lists of words."""

    topics: np.ndarray  # (n_topics,) int, topic numbers
    groups: np.ndarray | None  # (n_topics,) int, group of each topic; None if unknown
    words: list[list[str]]  # n_topics lists, most characteristic word first


def topic_diversity(model_or_topics: Any, top_n: int = 10, *, topics: Any = None) -> float:
    """Fraction of distinct words among the top words of all topics, in (0, 1].

    Dieng, Ruiz and Blei (2020), *Topic modeling in embedding spaces*, use the top 25 words. The default here
    is 10, so that the diversity refers to the same words as :func:`topic_coherence`.

    Parameters
    ----------
    model_or_topics : fitted topic model, DataFrame from its ``top_words``, or list of lists of str
        For a model fitted without a vocabulary, column numbers are used as words. For NVDM only the positive
        poles are counted; pass ``model.top_words(n, pole="-")`` for the negative poles.
    top_n : int, default=10
        Number of top words per topic; shorter lists are used completely.
    topics : array of bool (n_topics,) or of topic numbers, optional
        Topics to include, such as the column ``active`` of :func:`topic_information`. All by default.

    Returns
    -------
    float
        1 if no two topics share a word; 1 / n_topics if all topics have the same words.

    Raises
    ------
    ValueError
        There is no topic to count, or a topic in `topics` does not exist.

    Examples
    --------
    >>> from hftopic.analysis import topic_diversity
    >>> topic_diversity([["god", "faith"], ["faith", "church"]])
    0.75
    """
    table = topic_words(model_or_topics, top_n)
    chosen = select_topics(topics, table.topics)
    words = [word for position in chosen for word in table.words[position]]
    if not words:
        raise ValueError("no topic to count: topic_diversity needs at least one topic with at least one word")
    return len(set(words)) / len(words)


@samples_shards
def topic_summary(
    model: FittedTopicModel,
    X: Any = None,
    *,
    n_words: int = 10,
    top_n: int = COMPARED,
    vocabulary: Sequence[str] | None = None,
    threshold: float = ACTIVE_PEAK,
    duplicate_threshold: float = DUPLICATE,
) -> pd.DataFrame:
    """Summary of each topic: documents, share of the corpus, activity, information, words and duplicates.

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Documents over which the numbers are computed; counts and shares ignore empty documents. By default
        the training documents, whose numbers are saved with the model: see ``model.topic_summary_``. Which
        topics are active, and which are duplicates, is a property of the model: the training documents tell
        it also where others are passed, unless `threshold`, `top_n` or `duplicate_threshold` is another than
        the default.
    n_words : int, default=10
        Number of top words listed.
    top_n : int, default=10
        Number of top words compared to find duplicates, at most a quarter of the vocabulary: topics share
        more words than that by chance. It does not depend on `n_words`.
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words; not needed after a fit on a Corpus or DataFrame, or when `X` is one.
    threshold : float, default=0.25
        Peak information in nats above which a topic is active.
    duplicate_threshold : float, default=0.5
        Minimum fraction of shared top words for an active topic to count as a duplicate.

    Returns
    -------
    DataFrame
        One row per topic, in order. A topic is *in use* if it is active and no duplicate. Columns:

        - ``topic``, ``group``: numbers; ``name``: see :func:`topic_names`
        - ``documents``: number of documents that the topic leads: in which it has the largest proportion
          among the topics in use. Signed topics, those of NVDM, have no proportions: in which E[z|x] is the
          most standard deviations of q(z) from its mean. Ties go to the first topic; the classes of a
          Concrete variable are counted apart from the other topics. It is 0 for a topic that is not in use
        - ``share``: mean over the documents of the share that the topic has in each: its proportion divided
          by the sum over the topics in use, so that the shares sum to 1, those of each Concrete variable too.
          Proportions of a product of experts are flat, so shares differ less than ``documents``, which says
          more of how common a topic is. It is 0 for a topic that is not in use. Not for NVDM
        - ``active``: whether ``peak`` is above `threshold`, in the training documents unless settings are
          given; ``information``: I(x; z) of the topic, nats;
          ``peak``: the same in the documents that have it most, nats; ``kl``: its KL to the prior, nats per
          document. See :func:`topic_information`
        - ``words``: top words joined by ", "; NVDM also has ``words_negative`` for the negative pole
        - ``nearest``: the other *active* topic with the most top words in common; for a duplicate, the topic
          that it repeats. It is missing if no active topic shares a word, or if the topic is not active
        - ``similarity``: the fraction of top words that the topic shares with ``nearest``; for NVDM over both
          poles, with the signs that fit better
        - ``duplicate``: whether the topic repeats a more informative one: both are active, ``similarity`` is
          at least `duplicate_threshold`, and the other is no duplicate itself

        The topics that are worth reading are ``summary.query("active and not duplicate")``.
        ``summary.attrs["n_documents"]`` is the number of documents that are not empty, and
        ``summary.attrs["remainder"]`` the mean proportion that the model gives to all topics that are not in
        use together: they say nothing of a document, but keep a part of the softmax. NVDM has no remainder.

    Raises
    ------
    ValueError
        `vocabulary` does not have one word per column of the model, a threshold is out of range, all
        documents are empty, or a setting of the activity or of the duplicates is given without `X`.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topic_summary
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=20, random_state=0).fit(corpus)
    >>> summary = topic_summary(model)
    >>> summary[["topic", "group"]].to_numpy().tolist()
    [[0, 0], [1, 0], [2, 1], [3, 1]]
    >>> int(summary["documents"].sum()), bool(summary["share"].sum().round(5) == 1)
    (200, True)
    >>> topic_summary(model, corpus[:20]).attrs["n_documents"]
    20
    """
    if not (is_number(threshold) and threshold >= 0):
        raise ValueError(f"threshold must be >= 0 (peak information in nats); got {threshold!r}")
    if not (is_number(duplicate_threshold) and 0 < duplicate_threshold <= 1):
        raise ValueError(
            f"duplicate_threshold must be a fraction of words in (0, 1]; got {duplicate_threshold!r}"
        )
    if not is_whole(top_n):
        raise ValueError(f"top_n must be a positive int, got {top_n!r}")
    words = model_vocabulary(model, X, vocabulary)
    shown = topic_poles(model, n_words, vocabulary=words)
    is_default = (threshold, top_n, duplicate_threshold) == (ACTIVE_PEAK, COMPARED, DUPLICATE)
    if X is None:
        if not is_default:
            raise ValueError(
                "the saved summary of the training documents has the default threshold, top_n and "
                "duplicate_threshold; pass the documents for others"
            )
        summary = model.topic_summary_
    else:
        compared = topic_poles(model, n_compared(top_n, model.topic_word_.shape[1]), vocabulary=words)
        known = model.topic_summary_ if is_default else None
        summary = _summary_of(model, model.encode(X), compared, known, threshold, duplicate_threshold)
    summary.insert(2, "name", list(model.name_topics(vocabulary=words)))
    for column, listed_words in zip(("words", "words_negative"), shown, strict=False):
        place = summary.columns.tolist().index("nearest")
        summary.insert(place, column, [", ".join(of_topic) for of_topic in listed_words])
    return summary


@neutral_torch()
def _summary_of(
    model: FittedTopicModel,
    X: Any,
    compared: list[list[list[str]]],
    known: pd.DataFrame | None,
    threshold: float,
    duplicate_threshold: float,
) -> pd.DataFrame:
    """Summary of encoded documents, without names and words."""
    filled = np.zeros(len(X), dtype=bool)
    filled[document_topics(model, X).rows] = True  # an error if all are empty
    posterior, signed = model.posterior(X).mean_field(), has_poles(model)
    values = np.asarray(model.transform(X))[filled]
    return summarised(
        posterior,
        values,
        prominence(values, posterior[np.flatnonzero(filled)], model.latent_space_, signed),
        prior_of(model),
        signed,
        compared,
        np.asarray(model.topic_ids_),
        residual=residual_of(X),
        known=known,
        threshold=threshold,
        duplicate_threshold=duplicate_threshold,
    )


def topic_poles(
    model: FittedTopicModel, n: int, *, vocabulary: Sequence[str] | None
) -> list[list[list[str]]]:
    """Top words of every topic: one list, or for signed topics one list per pole, + first."""
    if not has_poles(model):
        return [topic_words(model, n, vocabulary=vocabulary).words]
    n = words_there_are(model, n)
    return [_listed_words(model.top_words(n, vocabulary=vocabulary, pole=pole)) for pole in ("+", "-")]


def words_there_are(model: FittedTopicModel, n: int) -> int:
    """`n`, or the number of words of the model if it has fewer."""
    known: int | None = getattr(model, "n_features_in_", None)
    return n if known is None else min(n, known)


def topic_words(source: Any, n: int, *, vocabulary: Sequence[str] | None = None) -> TopicWords:
    """Top `n` words of each topic, from a model, a table from ``top_words``, or lists of words.

    Raises
    ------
    ValueError
        `n` is not a positive int, or `source` is none of these.
    """
    if not is_whole(n):
        raise ValueError(f"the number of words per topic must be a positive int, got {n!r}")
    if hasattr(source, "top_words"):
        check_topic_model(source)
        source = source.top_words(words_there_are(source, n), vocabulary=vocabulary)
    if isinstance(source, pd.DataFrame):
        groups = source["group"].to_numpy() if "group" in source else None
        return TopicWords(source.index.to_numpy(), groups, [words[:n] for words in _listed_words(source)])
    words = [topic[:n] for topic in _checked_lists(source)]
    return TopicWords(np.arange(len(words)), None, words)


def _listed_words(table: pd.DataFrame) -> list[list[str]]:
    """Words of each row of a table from ``top_words``."""
    columns = [name for name in table.columns if str(name).startswith("word_")]
    if not columns:
        raise ValueError(f"a table of topics must have columns word_1, word_2, …; got {list(table.columns)}")
    return [[str(word) for word in row if not pd.isna(word)] for row in table[columns].to_numpy()]


def _checked_lists(source: Any) -> list[list[str]]:
    """Topics given as lists of words."""
    if not (isinstance(source, np.ndarray) and source.ndim == 2):
        check_sequence(
            source,
            f"expected a fitted model, a table or lists of words, got {type(source).__name__}: this",
            "pass one list of words per topic, such as [[word for word, _ in topic] for topic in "
            "topics.values()] for a dict of BERTopic",
        )
    return [_checked_words(topic, place) for place, topic in enumerate(listed(source))]


def _checked_words(topic: Any, place: int) -> list[str]:
    """Words of one topic; a number is the word of a column without a name."""
    if isinstance(topic, str):
        raise ValueError(f"each topic must be a list of words, got {topic!r}; put the words in a list")
    check_sequence(topic, f"each topic must be a list of words, but topic {place}", "put its words in a list")
    words = listed(topic)
    for word in words:
        if not isinstance(word, str) and not is_whole(word, 0):
            raise ValueError(
                f"each topic must be a list of words, but topic {place} contains {word!r}; if these are "
                "pairs of a word and a weight, pass [[word for word, _ in topic] for topic in topics]"
            )
    return [str(word) for word in words]


def select_topics(selection: Any, topics: np.ndarray) -> np.ndarray:
    """Positions in `topics` of a selection, given as a boolean mask or topic numbers; all if it is None.

    Raises
    ------
    ValueError
        The mask has the wrong length, or a number occurs twice or is not in `topics`.
    """
    if selection is None:
        return np.arange(len(topics))
    try:
        chosen = np.asarray(listed(selection) if isinstance(selection, Iterator) else selection)
    except ValueError as error:
        raise ValueError(
            f"select topics with a 1-D boolean mask or a list of topic numbers; got {selection!r}"
        ) from error
    if chosen.ndim != 1:
        raise ValueError(
            "select topics with a 1-D boolean mask or a list of topic numbers; "
            f"got an array of shape {chosen.shape}"
        )
    if chosen.dtype == bool:
        if len(chosen) != len(topics):
            raise ValueError(
                f"mask of {len(chosen)} values for {len(topics)} topics; pass one value per topic"
            )
        return np.flatnonzero(chosen)
    return _positions_of(chosen, topics)


def _positions_of(numbers: np.ndarray, topics: np.ndarray) -> np.ndarray:
    """Position of each topic number in `topics`."""
    position = {int(topic): place for place, topic in enumerate(topics)}
    unknown = [number for number in numbers.tolist() if number not in position]
    if unknown:
        raise ValueError(f"no topic {unknown[0]!r}: {ids_in_words(list(position))}")
    if len(set(numbers.tolist())) < len(numbers):
        raise ValueError(f"a topic occurs twice in {numbers.tolist()}; list each topic once")
    return np.array([position[number] for number in numbers.tolist()], dtype=int)
