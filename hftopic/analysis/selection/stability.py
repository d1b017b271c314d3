"""Matching of topics between models, and stability of topics over seeds."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from hftopic._numbers import is_number, is_one_of
from hftopic.analysis.models import FittedTopicModel, check_list_of_models, check_topic_model, has_poles
from hftopic.analysis.topics import select_topics, topic_poles
from hftopic.data.inputs import known_words
from hftopic.data.sequences import check_sequence, listed
from hftopic.topics.repeats import shared_words, unit_rows

Similarity = Literal["cosine", "words"]


def match_topics(
    a: Any,
    b: Any,
    *,
    topics_a: Any = None,
    topics_b: Any = None,
    threshold: float = 0.5,
    similarity: Similarity = "cosine",
    top_n: int = 10,
) -> pd.DataFrame:
    """One-to-one matching of the topics of two models by similarity.

    The matching maximises the total similarity of the pairs that reach `threshold` (Hungarian method; Kuhn,
    1955).

    Parameters
    ----------
    a, b : fitted ProdLDA or NVDM
        Two models of the same class and vocabulary. They can have different numbers of topics.
    topics_a, topics_b : array of bool (n_topics,) or of topic numbers, optional
        Topics to match, such as the column ``active`` of :func:`topic_information`. All by default.
    threshold : float, default=0.5
        Minimum similarity of a pair, in [0, 1]; other topics stay unmatched.
    similarity : {"cosine", "words"}, default="cosine"
        ``"cosine"``: cosine of two rows of ``topic_word_``, which is low for different topics, but near 1
        for topics that are not active, which have the words of the corpus; for NVDM,
        whose topics are signed, the absolute cosine of two rows of ``components_``. ``"words"``: fraction of
        the `top_n` words in common; for NVDM over both poles, with the signs that fit better.
    top_n : int, default=10
        Number of words per topic, with ``similarity="words"``.

    Returns
    -------
    DataFrame
        One row per pair, in the order of the topics of `a`, with columns ``topic_a``, ``topic_b``,
        ``similarity`` in [0, 1] and ``sign``. The sign is -1 if an NVDM topic of `b` points in the opposite
        direction, so that its correlations have the opposite sign; else 1. A Gaussian topic is never matched
        with a class of a Concrete variable.

    Raises
    ------
    TypeError
        `a` or `b` is not a topic model, or only one of them has signed topics.
    ValueError
        The models have different vocabularies, a topic does not exist, or a parameter is out of range.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import match_topics
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> match_topics(model, model, topics_b=[1, 3]).round(3)
       topic_a  topic_b  similarity  sign
    0        1        1         1.0     1
    1        3        3         1.0     1
    """
    _check_settings(threshold, similarity)
    check_comparable(a, b)
    kept_a, kept_b = (
        select_topics(topics, np.asarray(model.topic_ids_))
        for model, topics in ((a, topics_a), (b, topics_b))
    )
    alike = (cosines(a, b) if similarity == "cosine" else common_words(a, b, top_n))[np.ix_(kept_a, kept_b)]
    strength = np.minimum(np.abs(alike), 1.0)  # by rounding, a cosine can exceed 1
    rows, columns = linear_sum_assignment(np.where(strength >= threshold, strength, 0.0), maximize=True)
    order = np.argsort(kept_a[rows], kind="stable")
    rows, columns = rows[order], columns[order]
    found = (strength[rows, columns] >= threshold) & (strength[rows, columns] > 0)
    rows, columns = rows[found], columns[found]
    return pd.DataFrame(
        {
            "topic_a": np.asarray(a.topic_ids_)[kept_a[rows]],
            "topic_b": np.asarray(b.topic_ids_)[kept_b[columns]],
            "similarity": strength[rows, columns],
            "sign": np.where(alike[rows, columns] < 0, -1, 1),
        }
    )


def topic_stability(
    models: Sequence[Any],
    *,
    topics: Sequence[Any] | None = None,
    threshold: float = 0.5,
    similarity: Similarity = "cosine",
    top_n: int = 10,
) -> pd.DataFrame:
    """Stability of topics over models of one setting, such as over seeds, one row per pair of models.

    Parameters
    ----------
    models : sequence of fitted ProdLDA or NVDM
        At least two models of the same class and vocabulary.
    topics : sequence of selections, optional
        Topics to include, one selection per model, see :func:`match_topics`; usually the active topics. All
        by default.
    threshold, similarity, top_n
        As in :func:`match_topics`.

    Returns
    -------
    DataFrame
        One row per pair of models, with columns

        - ``model_a``, ``model_b``: positions in `models`
        - ``topics_a``, ``topics_b``: number of topics of each model
        - ``matched``: number of matched pairs of topics; ``similarity``: their mean similarity, missing if no
          pair is matched
        - ``stability``: sum of the similarities of matched pairs, divided by the larger number of topics, so
          an unmatched topic counts as 0. It is 1 if all topics recur and 0 if none does; it is missing if
          neither model has a topic

        The mean of ``stability`` is the stability of the setting.

    Raises
    ------
    TypeError, ValueError
        There are fewer than two models, or `topics` does not have one selection per model. Also the errors of
        :func:`match_topics`.

    Notes
    -----
    This is the agreement of Greene, O'Callaghan and Cunningham (2014), *How many topics? Stability analysis
    for topic models*, but unmatched topics count as 0.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topic_stability
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> topic_stability([model, model])["stability"].round(3).tolist()
    [1.0]
    """
    check_list_of_models(models)
    if len(models) < 2:
        raise ValueError(f"topic_stability needs at least two models, got {len(models)}: fit more seeds")
    if topics is not None:
        check_sequence(topics, "topics", "pass one selection of topics per model")
    chosen: Sequence[Any] = [None] * len(models) if topics is None else listed(topics)
    if len(chosen) != len(models):
        raise ValueError(
            f"topics has {len(chosen)} selections of topics for {len(models)} models; pass one per model"
        )
    sizes = [
        len(select_topics(selection, _ids(model))) for model, selection in zip(models, chosen, strict=True)
    ]
    rows = []
    for i, j in combinations(range(len(models)), 2):
        pairs = match_topics(
            models[i],
            models[j],
            topics_a=chosen[i],
            topics_b=chosen[j],
            threshold=threshold,
            similarity=similarity,
            top_n=top_n,
        )
        most = max(sizes[i], sizes[j])
        rows.append(
            {
                "model_a": i,
                "model_b": j,
                "topics_a": sizes[i],
                "topics_b": sizes[j],
                "matched": len(pairs),
                "similarity": pairs["similarity"].mean(),
                "stability": pairs["similarity"].sum() / most if most else np.nan,
            }
        )
    return pd.DataFrame(rows)


def check_comparable(a: Any, b: Any) -> None:
    """Check that two models are of the same kind and have the same vocabulary.

    Raises
    ------
    TypeError
        Only one of the models has signed topics.
    ValueError
        The models have different vocabularies.
    """
    if has_poles(a) != has_poles(b):
        raise TypeError(
            f"{type(a).__name__} and {type(b).__name__} cannot be matched: only one has signed topics; "
            "match models of the same class"
        )
    n_a, n_b = (model.topic_word_.shape[1] for model in (a, b))
    if n_a != n_b:
        raise ValueError(f"the models have {n_a:,} and {n_b:,} words; fit both on the same vocabulary")
    words_a, words_b = known_words(a), known_words(b)
    if words_a is not None and words_b is not None and not np.array_equal(words_a, words_b):
        first = int(np.flatnonzero(words_a != words_b)[0])
        raise ValueError(
            f"the models have different vocabularies: column {first} is {words_a[first]!r} in one and "
            f"{words_b[first]!r} in the other; fit both on the same vocabulary"
        )


def cosines(a: Any, b: Any) -> np.ndarray:
    """Cosine of every topic of `a` with every topic of `b`, (K_a, K_b); 0 between a topic and a class."""
    source = "components_" if has_poles(a) else "topic_word_"
    rows_a, rows_b = (unit_rows(np.asarray(getattr(model, source))) for model in (a, b))
    alike: np.ndarray = rows_a @ rows_b.T
    both_topics, both_classes = _same_kind(a, b)
    # A class is not signed: the opposite direction is not similar to it.
    return np.where(both_topics, alike, np.where(both_classes, np.maximum(alike, 0.0), 0.0))


def common_words(a: Any, b: Any, top_n: int) -> np.ndarray:
    """Fraction of shared top words of every pair of topics, (K_a, K_b); negative if opposite poles match."""
    poles_a, poles_b = (topic_poles(model, top_n, vocabulary=_words(a, b)) for model in (a, b))
    shared = np.array([[shared_words(p, q) for q in poles_b] for p in poles_a])  # (P, P, K_a, K_b)
    straight = np.trace(shared) / len(poles_a)
    mirrored = np.trace(shared[::-1]) / len(poles_a) if len(poles_a) > 1 else np.zeros_like(straight)
    both_topics, both_classes = _same_kind(a, b)
    either_way = np.where(mirrored > straight, -mirrored, straight)
    return np.where(both_topics, either_way, np.where(both_classes, shared[0, 0], 0.0))


def _words(a: Any, b: Any) -> Any:
    """Vocabulary of the first model that has one, used for both models."""
    words = known_words(a)
    return known_words(b) if words is None else words


def _same_kind(a: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:
    """Whether both are Gaussian topics, and whether both are classes of Concrete variables, (K_a, K_b)."""
    gaussian_a, gaussian_b = (np.asarray(model.latent_space_.gaussian) for model in (a, b))
    return np.outer(gaussian_a, gaussian_b), np.outer(~gaussian_a, ~gaussian_b)


def _ids(model: FittedTopicModel) -> np.ndarray:
    check_topic_model(model)
    return np.asarray(model.topic_ids_)


def _check_settings(threshold: float, similarity: str) -> None:
    if not (is_number(threshold) and 0 <= threshold <= 1):
        raise ValueError(f"threshold must be a similarity in [0, 1]; got {threshold!r}")
    if not is_one_of(similarity, ("cosine", "words")):
        raise ValueError(f"similarity={similarity!r} is unknown; did you mean 'cosine' or 'words'?")
