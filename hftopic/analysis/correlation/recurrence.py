"""Correlations between groups that recur over random seeds."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import pandas as pd

from hftopic._numbers import is_number, is_whole
from hftopic.analysis.correlation.correlation import gaussian_topics, words_of_topics
from hftopic.analysis.correlation.scores import Kind, check_kind, topic_scores
from hftopic.analysis.encoded import empty_documents_known, posterior_of
from hftopic.analysis.models import FittedTopicModel, check_list_of_models, model_vocabulary
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.selection.stability import Similarity, match_topics
from hftopic.data.sequences import check_sequence
from hftopic.latent.posterior import Posterior


@samples_shards
def recurring_pairs(
    models: Sequence[Any],
    X: Any,
    *,
    reference: int = 0,
    active: Sequence[Any] | None = None,
    kind: Kind = "mean",
    smallest: float = 0.1,
    threshold: float = 0.5,
    similarity: Similarity = "cosine",
    n_top_words: int = 5,
    vocabulary: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Correlated pairs of topics across groups, ranked by the number of models that show the same sign.

    Topics of every model are matched to those of a reference model with :func:`match_topics`. Group numbers
    are not compared between models: a pair counts in every model in which its two topics are in different
    groups.

    Parameters
    ----------
    models : sequence of fitted ProdLDA or NVDM
        At least two models of the same class and vocabulary, usually the same setting with different seeds.
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents over which topics are correlated.
    reference : int, default=0
        Position in `models` of the reference model. Its topics name the pairs; pairs that it does not have
        are not found.
    active : sequence of selections, optional
        Topics to include, one selection per model, see :func:`topic_correlation`. By default the active ones.
    kind : {"mean", "total", "clr", "partial"}, default="mean"
        What is correlated, see :func:`topic_correlation`.
    smallest : float, default=0.1
        Minimum ``|r|`` for a model to show a pair.
    threshold, similarity
        Criteria for matching topics, see :func:`match_topics`.
    n_top_words : int, default=5
        Number of words per topic of the reference model.
    vocabulary : sequence of str, optional
        Names of the models' words, see :func:`topic_summary`.

    Returns
    -------
    DataFrame
        One row per pair that is across groups in at least one model. The most recurrent pairs are first; ties
        are in descending order of the absolute mean. Columns are

        - ``topic_a``, ``group_a``, ``topic_b``, ``group_b``: numbers in the reference model; ``topic_a`` is
          the smaller. The two groups can be equal if only other models separate the topics
        - ``models``: number of models with both topics, including the reference
        - ``across``: number of these models with the two topics in different groups
        - ``recurring``: number of models in ``across`` with ``|r|`` of at least `smallest` and the same sign;
          the more frequent sign is counted
        - ``r_mean``, ``r_min``, ``r_max``: over the models counted in ``across``
        - ``words_a``, ``words_b``: top words of the topics

        If an NVDM topic has the opposite sign in a model, the sign of its correlations there is flipped.

    Raises
    ------
    TypeError, ValueError
        There are fewer than two models, `reference` is not a position in `models`, `active` does not have one
        selection per model, `smallest` is outside [0, 1], or there are fewer than three documents. Also the
        errors of :func:`match_topics` and :func:`topic_correlation`.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import recurring_pairs
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> models = [ProdLDA(groups=(2, 2), max_iter=5, random_state=seed).fit(corpus) for seed in range(2)]
    >>> pairs = recurring_pairs(models, corpus, active=[range(4)] * 2)
    >>> bool((pairs["recurring"] <= pairs["across"]).all())
    True
    """
    active = active if active is None or not isinstance(active, Iterator) else list(active)
    _check_request(models, reference, active, smallest)
    for model in models:
        check_kind(model, kind)
    selections: Sequence[Any] = [None] * len(models) if active is None else active
    names = model_vocabulary(models[reference], X, vocabulary)
    posteriors = _posteriors(models, X)
    topics = [
        gaussian_topics(model, posterior, selection)
        for model, posterior, selection in zip(models, posteriors, selections, strict=True)
    ]
    known = topics[reference]
    r, apart = [], []
    for i, (model, posterior, of_model) in enumerate(zip(models, posteriors, topics, strict=True)):
        place, sign = np.arange(len(known)), np.ones(len(known))
        if i != reference:
            place, sign = _places(models[reference], model, known, of_model, threshold, similarity)
        own = topic_scores(model, posterior, of_model, kind).correlation()
        r.append(_moved(own, place) * np.outer(sign, sign))
        groups = np.asarray(model.topic_groups_)[of_model].astype(float)
        apart.append(_moved(groups[:, None] != groups, place))
    a, b = np.triu_indices(len(known), 1)
    counts = _counts(np.stack(r)[:, a, b], np.stack(apart)[:, a, b], smallest)
    words = words_of_topics(models[reference], n_top_words, names)
    return _ranked(models[reference], known[a], known[b], counts, words)


def _posteriors(models: Sequence[Any], X: Any) -> list[Posterior]:
    """Posteriors of all models; only the first call warns about empty documents."""
    found = []
    for i, model in enumerate(models):
        with empty_documents_known() if i else nullcontext():
            found.append(posterior_of(model, X))
    if len(found[0].mean) < 3:
        raise ValueError(f"correlations need at least three documents, got {len(found[0].mean)}")
    return found


def _places(
    reference: Any,
    model: FittedTopicModel,
    known: np.ndarray,
    of_model: np.ndarray,
    threshold: float,
    similarity: Similarity,
) -> tuple[np.ndarray, np.ndarray]:
    """For each `known` topic of the reference: its position in the model (-1 if unmatched) and its sign."""
    place, sign = np.full(len(known), -1), np.ones(len(known))
    ids, own = np.asarray(reference.topic_ids_)[known], np.asarray(model.topic_ids_)[of_model]
    matched = match_topics(
        reference, model, topics_a=ids, topics_b=own, threshold=threshold, similarity=similarity
    )
    rows = np.searchsorted(ids, matched["topic_a"])
    place[rows] = np.searchsorted(own, matched["topic_b"])
    sign[rows] = matched["sign"]
    return place, sign


def _moved(matrix: np.ndarray, place: np.ndarray) -> np.ndarray:
    """A matrix over a model's topics, rearranged to the reference's topics; NaN for unmatched topics."""
    result = np.full((len(place), len(place)), np.nan)
    found = np.flatnonzero(place >= 0)
    result[np.ix_(found, found)] = matrix[np.ix_(place[found], place[found])]
    return result


def _counts(r: np.ndarray, apart: np.ndarray, smallest: float) -> pd.DataFrame:
    """Number of models with each pair, and its correlations; `r` and `apart` are (models, pairs) with NaN."""
    across = apart == 1
    of_across = np.where(across, r, np.nan)
    positive, negative = (of_across >= smallest).sum(axis=0), (of_across <= -smallest).sum(axis=0)
    listed = pd.DataFrame(of_across)
    return pd.DataFrame(
        {
            "models": (~np.isnan(r)).sum(axis=0),
            "across": across.sum(axis=0),
            "recurring": np.maximum(positive, negative),
            "r_mean": listed.mean(),
            "r_min": listed.min(),
            "r_max": listed.max(),
        }
    )


def _ranked(
    model: FittedTopicModel, a: np.ndarray, b: np.ndarray, counts: pd.DataFrame, words: list[str]
) -> pd.DataFrame:
    """Pairs (at places) that are across groups in a model, most recurrent first; ties in their order."""
    ids, groups = np.asarray(model.topic_ids_), np.asarray(model.topic_groups_)
    named = pd.DataFrame({"topic_a": ids[a], "group_a": groups[a], "topic_b": ids[b], "group_b": groups[b]})
    spelt = pd.DataFrame({"words_a": [words[t] for t in a], "words_b": [words[t] for t in b]})
    pairs = pd.concat([named, counts, spelt], axis=1)[counts["across"] > 0]
    order = np.lexsort((-pairs["r_mean"].abs(), -pairs["recurring"]))
    return pairs.iloc[order].reset_index(drop=True)


def _check_request(
    models: Sequence[Any], reference: int, active: Sequence[Any] | None, smallest: float
) -> None:
    check_list_of_models(models)
    if len(models) < 2:
        raise ValueError(f"recurring_pairs needs at least two models, got {len(models)}: fit more seeds")
    if not is_whole(reference, 0) or reference >= len(models):
        raise ValueError(
            f"reference={reference!r} is out of range: models are numbered 0 to {len(models) - 1}"
        )
    if active is not None:
        check_sequence(active, "active", "pass one selection of topics per model")
    if active is not None and len(active) != len(models):
        raise ValueError(
            f"active has {len(active)} selections of topics for {len(models)} models; pass one per model"
        )
    if not (is_number(smallest) and 0 <= smallest <= 1):
        raise ValueError(f"smallest must be an absolute correlation in [0, 1]; got {smallest!r}")
