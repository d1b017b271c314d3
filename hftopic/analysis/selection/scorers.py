"""Scorers for scikit-learn's searches, to choose the weights of the objective.

The ELBO, which ``score`` returns, always favours the plain VAE, because other weights trade likelihood for
properties that the ELBO does not measure. Use it to choose a learning rate, but not β or γ. Topics should be
interpretable, so choose the weights by coherence, together with the number of active topics, or by the number
of distinct topics, which combines both.
"""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from hftopic._numbers import is_whole
from hftopic.analysis.coherence import Window, topic_coherence
from hftopic.analysis.distinct import distinct_topics
from hftopic.analysis.information import topic_information
from hftopic.analysis.intrusion import TOP_N, n_excluded, word_intrusion
from hftopic.analysis.models import FittedTopicModel, check_topic_model, model_vocabulary
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.topics import topic_poles
from hftopic.data.inputs import column_words
from hftopic.data.validation import check_order
from hftopic.topics.information import ACTIVE_PEAK
from hftopic.topics.summary import NothingLearntWarning, nothing_learnt

LOWEST = {"c_npmi": -1.0, "c_v": 0.0, "c_uci": math.log(1e-12), "u_mass": math.log(1e-12)}  # of coherence


@samples_shards
def coherence_score(
    estimator: Any,
    X: Any,
    y: Any = None,  # noqa: ARG001
    *,
    measure: str = "c_npmi",
    reference: Any = None,
    top_n: int = 10,
    window: Window | None = None,
    threshold: float = ACTIVE_PEAK,
    vocabulary: Sequence[str] | None = None,
) -> float:
    """Mean coherence of the active topics, as a scorer for ``GridSearchCV`` and ``cross_val_score``.

    Pass it as ``scoring=coherence_score``, or with other parameters as
    ``scoring=functools.partial(coherence_score, measure="c_v")``. Inactive topics are ignored: their words
    are noise, and unused topics must not lower the score.

    Parameters
    ----------
    estimator : fitted ProdLDA or NVDM, or a Pipeline that ends in one
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Held-out documents, on which the active topics are determined. For a Pipeline, the input of its first
        step.
    y : ignored
    measure, top_n, window, vocabulary
        As in :func:`topic_coherence`. Higher is better for every measure.
    reference : Corpus, sparse matrix, ndarray or DataFrame, optional
        Reference corpus for the coherence; by default the held-out documents.
    threshold : float, default=0.25
        Peak information in nats above which a topic is active.

    Returns
    -------
    float
        Mean coherence. Topics without a value, because their words are too rare in the reference corpus, are
        left out. If no topic is active, or none has a value, it is the lowest value of the measure: -1 for
        "c_npmi", 0 for "c_v", log(1e-12) for the others. A search then ranks the setting last.

    Raises
    ------
    TypeError
        The estimator is not a topic model of this package.
    ValueError
        As :func:`topic_coherence`.

    Warns
    -----
    NothingLearntWarning
        The score is the lowest for want of topics, and why.

    Examples
    --------
    >>> from sklearn.model_selection import GridSearchCV
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import coherence_score
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0)
    >>> search = GridSearchCV(model, {"gamma": [1.0, 4.0]}, scoring=coherence_score, cv=2).fit(corpus)
    >>> sorted(search.best_params_)
    ['gamma']
    """
    model, counts, active, names = _evaluated(estimator, X, threshold, vocabulary)
    topics = active_words(model, active, top_n, names)
    against = counts if reference is None else reference
    found = mean_coherence(topics, against, measure=measure, window=window, top_n=top_n, vocabulary=names)
    return _at_worst(found, LOWEST[measure], model, active, needed=1)


@samples_shards
def active_topics_score(
    estimator: Any,
    X: Any,
    y: Any = None,  # noqa: ARG001
    *,
    threshold: float = ACTIVE_PEAK,
) -> float:
    """Number of active topics, whose peak information is above `threshold` nats, as a scorer.

    Use it together with coherence: a model can keep many active topics that are not interpretable.

    Parameters
    ----------
    estimator : fitted ProdLDA or NVDM, or a Pipeline that ends in one
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Held-out documents. For a Pipeline, the input of its first step.
    y : ignored
    threshold : float, default=0.25
        Peak information in nats above which a topic is active, see :func:`topic_information`.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        The estimator is not a topic model of this package.

    Examples
    --------
    >>> from sklearn.model_selection import cross_validate
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import active_topics_score, coherence_score
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> scoring = {"coherence": coherence_score, "active": active_topics_score}
    >>> scores = cross_validate(ProdLDA(groups=(2, 2), max_iter=5), corpus, scoring=scoring, cv=2)
    >>> scores["test_active"].shape
    (2,)
    """
    model, counts, _ = model_and_counts(estimator, X)
    return float(topic_information(model, counts, threshold=threshold)["active"].sum())


@samples_shards
def distinct_topics_score(
    estimator: Any,
    X: Any,
    y: Any = None,  # noqa: ARG001
    *,
    reference: Any = None,
    top_n: int = 10,
    threshold: float = ACTIVE_PEAK,
    vocabulary: Sequence[str] | None = None,
) -> float:
    """Number of active topics that are coherent and repeat no other, as a scorer.

    Parameters
    ----------
    estimator, X, y, reference, threshold, vocabulary
        As in :func:`coherence_score`.
    top_n : int, default=10
        Number of top words per topic, see :func:`distinct_topics`.

    Returns
    -------
    float
        0 if no topic is active.

    Raises
    ------
    TypeError, ValueError
        As :func:`coherence_score` and :func:`distinct_topics`.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import distinct_topics_score
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> 0 <= distinct_topics_score(model, corpus) <= 4
    True
    """
    model, counts, active, names = _evaluated(estimator, X, threshold, vocabulary)
    topics = active_words(model, active, top_n, names)
    return n_distinct(topics, counts if reference is None else reference, top_n=top_n, vocabulary=names)


@samples_shards
def word_intrusion_score(
    estimator: Any,
    X: Any,
    y: Any = None,  # noqa: ARG001
    *,
    reference: Any = None,
    top_n: int = TOP_N,
    threshold: float = ACTIVE_PEAK,
    vocabulary: Sequence[str] | None = None,
) -> float:
    """Mean share of intruders that are detected among the words of an active topic, as a scorer.

    Parameters
    ----------
    estimator, X, y, reference, threshold, vocabulary
        As in :func:`coherence_score`.
    top_n : int, default=5
        Number of top words per topic, see :func:`word_intrusion`.

    Returns
    -------
    float
        From 0 to 1, by chance 1 / (`top_n` + 1). It is 0, with a :class:`NothingLearntWarning`, if no topic
        has an intruder, as with fewer than two active topics.

    Raises
    ------
    TypeError, ValueError
        As :func:`coherence_score` and :func:`word_intrusion`.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import word_intrusion_score
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> 0 <= word_intrusion_score(model, corpus) <= 1
    True
    """
    if not is_whole(top_n, 2):
        raise ValueError(f"top_n must be at least 2: one word alone has no fit; got {top_n!r}")
    model, counts, active, names = _evaluated(estimator, X, threshold, vocabulary)
    against = counts if reference is None else reference
    found = mean_intrusion(model, active, against, top_n=top_n, vocabulary=names)
    return _at_worst(found, 0.0, model, active, needed=2)


def _at_worst(score: float, lowest: float, model: FittedTopicModel, active: np.ndarray, needed: int) -> float:
    """The score, or the lowest one with a warning if it is missing: a search ranks a missing score anyhow."""
    if not np.isnan(score):
        return score
    few = nothing_learnt(model.n_iter_, int(active.sum()))
    why = few if active.sum() < needed else "the words of no active topic are in the reference corpus"
    warnings.warn(f"the score is {lowest:g}, the lowest: {why}", NothingLearntWarning, stacklevel=3)
    return lowest


def _evaluated(
    estimator: Any, X: Any, threshold: float, vocabulary: Sequence[str] | None
) -> tuple[Any, Any, np.ndarray, list[str]]:
    """The topic model, its input, which topics are active on it, (n_topics,) bool, and the words."""
    model, counts, names = model_and_counts(estimator, X)
    words = words_of_columns(model, counts, names if vocabulary is None else vocabulary)
    check_order(words, names, "the steps before the model")
    active = topic_information(model, counts, threshold=threshold)["active"].to_numpy(dtype=bool)
    return model, counts, active, words


def model_and_counts(estimator: Any, X: Any) -> tuple[Any, Any, Sequence[str] | None]:
    """The topic model, its input, and the words of the input if earlier steps of a Pipeline have them."""
    if hasattr(estimator, "read"):  # a TopicPipeline
        corpus = estimator.read(X)
        return estimator.model_, corpus, corpus.vocabulary
    if not hasattr(estimator, "steps"):
        check_topic_model(estimator)
        return estimator, X, None
    check_topic_model(estimator[-1])
    before = estimator[:-1]
    if not len(before):
        return estimator[-1], X, None
    try:
        names = before.get_feature_names_out()
    except AttributeError:  # a step that has no names
        names = None
    return estimator[-1], before.transform(X), names


def words_of_columns(model: FittedTopicModel, X: Any, vocabulary: Sequence[str] | None) -> list[str]:
    """Name of each word of a model: from `vocabulary`, the model or `X`, else the column number."""
    return [str(word) for word in column_words(model, model_vocabulary(model, X, vocabulary))]


def active_words(
    model: FittedTopicModel, active: np.ndarray, top_n: int, names: Sequence[str]
) -> list[list[str]]:
    """Top words of the active topics, one list per topic; a signed topic has one list per pole.

    `active` is (n_topics,) bool. Classes of a Concrete variable are not signed and have one list.
    """
    poles = topic_poles(model, top_n, vocabulary=names)
    signed = np.asarray(model.latent_space_.gaussian)
    return [
        words
        for pole, listed in enumerate(poles)
        for words, counts in zip(listed, active & (signed | (pole == 0)), strict=True)
        if counts
    ]


def mean_coherence(topics: list[list[str]], reference: Any, *, measure: str, **settings: Any) -> float:
    """Mean of one measure over lists of words, without missing values; NaN if there is no value."""
    if not topics:
        return float("nan")
    return float(topic_coherence(topics, reference, measure=measure, **settings)[measure].mean())


def n_distinct(topics: list[list[str]], reference: Any, **settings: Any) -> int:
    """Number of distinct topics among lists of words; 0 if there are none."""
    return int(distinct_topics(topics, reference, **settings)["distinct"].sum()) if topics else 0


def mean_intrusion(
    model: FittedTopicModel,
    active: np.ndarray,
    reference: Any,
    *,
    top_n: int = TOP_N,
    vocabulary: Sequence[str],
) -> float:
    """Mean share of intruders that are detected, over the active topics; NaN if there is no intruder."""
    top_n = min(top_n, len(vocabulary))
    excluded = n_excluded(len(vocabulary), top_n)
    topics = active_words(model, active, excluded, vocabulary)
    if not topics:
        return float("nan")
    found = word_intrusion(topics, reference, top_n=top_n, excluded=excluded, vocabulary=vocabulary)
    return float(found["detected"].mean())
