"""Which correlations between groups come back when the same model is fitted with other seeds."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import pandas as pd

from hftopic.analysis.correlation.correlation import gaussian_topics, words_of_topics
from hftopic.analysis.correlation.scores import Kind, check_kind, topic_scores
from hftopic.analysis.encoded import empty_documents_known, posterior_of
from hftopic.analysis.models import FittedTopicModel, check_list_of_models, model_vocabulary
from hftopic.analysis.selection.stability import Similarity, match_topics
from hftopic.latent.posterior import Posterior


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
    """Pairs of topics from different groups, by the number of models that show them with the same sign.

    Topics of every model are matched to those of a reference model with :func:`match_topics`. Which number a
    group has in a model is of no account: a pair counts where its two topics lie in different groups there.

    Parameters
    ----------
    models : sequence of fitted ProdLDA or NVDM
        Two or more of the same kind over the same words, as a rule of the same setting with other seeds.
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents over which topics are correlated.
    reference : int, default=0
        Position in `models` of the one whose topics are looked for in the others, and name the pairs. A pair
        that it does not have is not found.
    active : sequence of selections, optional
        For each model its topics that count, see :func:`topic_correlation`; by default the active ones.
    kind : {"mean", "total", "clr", "partial"}, default="mean"
        What is correlated, see :func:`topic_correlation`.
    smallest : float, default=0.1
        Least ``|r|`` for a model to show a pair.
    threshold, similarity
        Of a match, see :func:`match_topics`.
    n_top_words : int, default=5
        Words of each topic of the reference.
    vocabulary : sequence of str, optional
        Names of the models' words, see :func:`topic_summary`.

    Returns
    -------
    DataFrame
        A row for each pair that lies across groups in at least one model, the most recurrent first, then by
        the size of the mean. Columns are

        - ``topic_a``, ``group_a``, ``topic_b``, ``group_b``: numbers in the reference, `topic_a` the smaller;
          the groups are the same where only other models part them
        - ``models``: how many have both topics, the reference included; ``across``: how many of these have
          them in different groups; ``recurring``: how many of these show a correlation of at least `smallest`
          with the sign that more of them show
        - ``r_mean``, ``r_min``, ``r_max``: over the models counted in ``across``
        - ``words_a``, ``words_b``

        A topic of NVDM that points the other way in a model counts there with the other sign.

    Raises
    ------
    TypeError, ValueError
        Fewer than two models, a `reference` that is none of them, not one selection for each, a `smallest`
        outside [0, 1], fewer than three documents, or what :func:`match_topics` and
        :func:`topic_correlation` raise.

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
    _check_request(models, reference, active, smallest)
    for model in models:
        check_kind(model, kind)
    selections = [None] * len(models) if active is None else active
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
    words = words_of_topics(
        models[reference], n_top_words, model_vocabulary(models[reference], X, vocabulary)
    )
    return _ranked(known[a], known[b], np.asarray(models[reference].topic_groups_), counts, words)


def _posteriors(models: Sequence[Any], X: Any) -> list[Posterior]:
    """Of every model; of documents without words only the first warns."""
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
    """Of each `known` topic of the reference, its place among the model's, -1 if none, and its sign there."""
    place, sign = np.full(len(known), -1), np.ones(len(known))
    matched = match_topics(
        reference, model, topics_a=known, topics_b=of_model, threshold=threshold, similarity=similarity
    )
    rows = np.searchsorted(known, matched["topic_a"])
    place[rows] = np.searchsorted(of_model, matched["topic_b"])
    sign[rows] = matched["sign"]
    return place, sign


def _moved(matrix: np.ndarray, place: np.ndarray) -> np.ndarray:
    """A matrix over a model's topics as one over the reference's; nan where a topic has no counterpart."""
    result = np.full((len(place), len(place)), np.nan)
    found = np.flatnonzero(place >= 0)
    result[np.ix_(found, found)] = matrix[np.ix_(place[found], place[found])]
    return result


def _counts(r: np.ndarray, apart: np.ndarray, smallest: float) -> pd.DataFrame:
    """In how many models each pair stands, and how strongly; of (models, pairs), nan where it does not."""
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
    a: np.ndarray, b: np.ndarray, groups: np.ndarray, counts: pd.DataFrame, words: list[str]
) -> pd.DataFrame:
    """Pairs that lie across groups somewhere, the most recurrent first; ties in the order of the topics."""
    named = pd.DataFrame({"topic_a": a, "group_a": groups[a], "topic_b": b, "group_b": groups[b]})
    spelt = pd.DataFrame({"words_a": [words[t] for t in a], "words_b": [words[t] for t in b]})
    pairs = pd.concat([named, counts, spelt], axis=1)[counts["across"] > 0]
    order = np.lexsort((-pairs["r_mean"].abs(), -pairs["recurring"]))
    return pairs.iloc[order].reset_index(drop=True)


def _check_request(
    models: Sequence[Any], reference: int, active: Sequence[Any] | None, smallest: float
) -> None:
    check_list_of_models(models)
    if len(models) < 2:
        raise ValueError(f"recurrence needs two models or more; got {len(models)}: fit more seeds")
    if not 0 <= reference < len(models):
        raise ValueError(f"reference={reference!r} is none of the {len(models)} models, counted from 0")
    if active is not None and len(active) != len(models):
        raise ValueError(f"{len(active)} selections of topics for {len(models)} models; give one a model")
    if not 0 <= smallest <= 1:
        raise ValueError(f"smallest={smallest!r} is not the size of a correlation, in [0, 1]")
