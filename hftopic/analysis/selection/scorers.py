"""Scorers for scikit-learn's search, by which weights of the objective can be chosen.

The ELBO, which ``score`` returns, always favours the plain VAE: any other weights give up some of it for
something that it does not see. It can choose a learning rate, but neither β nor γ. What is wanted of topics
is that people can read them, so weights are chosen by coherence, with an eye on how many topics are active.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from hftopic.analysis.coherence import Window, topic_coherence
from hftopic.analysis.information import topic_information
from hftopic.analysis.models import ACTIVE_INFORMATION, FittedTopicModel, check_topic_model, model_vocabulary
from hftopic.analysis.topics import topic_poles
from hftopic.data.inputs import column_words


def coherence_score(
    estimator: Any,
    X: Any,
    y: Any = None,  # noqa: ARG001
    *,
    measure: str = "c_npmi",
    reference: Any = None,
    top_n: int = 10,
    window: Window | None = None,
    threshold: float = ACTIVE_INFORMATION,
    vocabulary: Sequence[str] | None = None,
) -> float:
    """Mean coherence of the active topics, as a scorer for ``GridSearchCV`` and ``cross_val_score``.

    Pass it as ``scoring=coherence_score``; for other settings
    ``scoring=functools.partial(coherence_score, measure="c_v")``. Topics that are not active have no say:
    their words are noise, and a setting is not to be blamed for having pruned them.

    Parameters
    ----------
    estimator : fitted ProdLDA or NVDM, or a Pipeline that ends in one
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Held-out documents, on which topics are active or not. For a Pipeline, what its first step takes.
    y : ignored
    measure, top_n, window, vocabulary
        As in :func:`topic_coherence`. Every measure is the better the higher.
    reference : Corpus, sparse matrix, ndarray or DataFrame, optional
        Corpus in which words are counted; by default the held-out documents.
    threshold : float, default=0.05
        Information in nats above which a topic is active.

    Returns
    -------
    float
        Topics too rare in the reference corpus to have a value are left out. Missing (nan) when no topic is
        active or none has a value: scikit-learn then says so and ranks the setting last.

    Raises
    ------
    TypeError
        The estimator is no topic model of this package.
    ValueError
        What :func:`topic_coherence` refuses.

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
    model, counts, names = model_and_counts(estimator, X)
    names = words_of_columns(model, counts, names if vocabulary is None else vocabulary)
    active = topic_information(model, counts, threshold=threshold)["active"].to_numpy()
    topics = active_words(model, active, top_n, names)
    against = counts if reference is None else reference
    return mean_coherence(topics, against, measure=measure, window=window, top_n=top_n, vocabulary=names)


def active_topics_score(
    estimator: Any,
    X: Any,
    y: Any = None,  # noqa: ARG001
    *,
    threshold: float = ACTIVE_INFORMATION,
) -> float:
    """Number of topics that tell more than `threshold` nats about held-out documents, as a scorer.

    Beside coherence rather than alone: a model may keep many topics alive that nobody can read.

    Parameters
    ----------
    estimator : fitted ProdLDA or NVDM, or a Pipeline that ends in one
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Held-out documents. For a Pipeline, what its first step takes.
    y : ignored
    threshold : float, default=0.05
        See :func:`topic_information`.

    Returns
    -------
    float

    Raises
    ------
    TypeError
        The estimator is no topic model of this package.

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


def model_and_counts(estimator: Any, X: Any) -> tuple[Any, Any, Sequence[str] | None]:
    """The topic model, the counts it sees, and their words if they are known from the steps before it."""
    if not hasattr(estimator, "steps"):
        check_topic_model(estimator)
        return estimator, X, None
    check_topic_model(estimator[-1])
    before = estimator[:-1]
    if not len(before):
        return estimator[-1], X, None
    return estimator[-1], before.transform(X), before.get_feature_names_out()


def words_of_columns(model: FittedTopicModel, X: Any, vocabulary: Sequence[str] | None) -> list[str]:
    """Name of each word of a model: as given, as the model or `X` knows it, else the number of its column."""
    return [str(word) for word in column_words(model, model_vocabulary(model, X, vocabulary))]


def active_words(
    model: FittedTopicModel, active: np.ndarray, top_n: int, names: Sequence[str]
) -> list[list[str]]:
    """Top words of the active topics, a list each; a signed topic has two, one a pole.

    `active` is (n_topics,) bool. Classes of a Concrete variable are not signed, and have one.
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
    """Mean of one measure over lists of words, those without a value left out; nan if none is left."""
    if not topics:
        return float("nan")
    return float(topic_coherence(topics, reference, measure=measure, **settings)[measure].mean())
