"""Topics that may be one: pairs with the same words, for :func:`hftopic.edit_topics`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hftopic._numbers import is_number, is_whole
from hftopic.analysis.correlation.scores import centred_log_ratios, standardised
from hftopic.analysis.encoded import posterior_of
from hftopic.analysis.models import FittedTopicModel, check_topic_model, has_poles, model_vocabulary
from hftopic.analysis.sampled import samples_shards
from hftopic.analysis.topics import topic_words
from hftopic.topics.repeats import shared_words, unit_rows
from hftopic.topics.summary import COMPARED, n_compared

TOGETHER = 0.3  # correlation over documents from which two topics occur together


@samples_shards
def suggest_merges(
    model: FittedTopicModel,
    X: Any = None,
    *,
    n: int = 10,
    threshold: float = 0.3,
    vocabulary: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Pairs of active topics that have the same words, which :func:`hftopic.edit_topics` could merge.

    Read the documents of both topics before you merge them: topics with the same words can be two uses of
    these words, and a model of grouped topics has related topics in different groups on purpose.

    Parameters
    ----------
    model : fitted ProdLDA
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words), optional
        Documents over which the topics are correlated; without them there is no column ``r``.
    n : int, default=10
        Largest number of pairs.
    threshold : float, default=0.3
        Smallest ``similarity`` or ``shared`` of a pair, in (0, 1].
    vocabulary : sequence of str (n_words_of_model,), optional
        Names of the model's words, see :func:`topic_summary`.

    Returns
    -------
    DataFrame
        One row per pair, the most similar first, with columns

        - ``topic_a``, ``topic_b``: ids, the more informative topic first; ``name_a``, ``name_b``
        - ``similarity``: cosine of the relevance of their words, see :meth:`hftopic.ProdLDA.word_scores`
        - ``shared``: fraction of their ten top words that both have; of a quarter of a small vocabulary
        - ``r``: correlation of their centred log-ratios over the documents, see :func:`topic_correlation`;
          missing for classes of a Concrete variable. Two parts of one subject can occur in the same
          documents (r > 0) or instead of each other (r < 0)
        - ``across``: whether they are of different groups
        - ``reason``: why the pair is listed, in words

    Raises
    ------
    ValueError
        The topics are signed, and cannot be merged; or `n` or `threshold` is out of range.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import suggest_merges
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=20, random_state=0).fit(corpus)
    >>> len(suggest_merges(model, corpus))
    0
    """
    check_topic_model(model)
    if has_poles(model):
        raise ValueError(
            f"topics of {type(model).__name__} are signed and cannot be merged: they have no proportions"
        )
    if not is_whole(n):
        raise ValueError(f"n must be a positive int, got {n!r}")
    if not (is_number(threshold) and 0 < threshold <= 1):
        raise ValueError(f"threshold must be in (0, 1], got {threshold!r}")
    vocabulary = model_vocabulary(model, X, vocabulary)
    n_words = n_compared(COMPARED, model.topic_word_.shape[1])
    words = topic_words(model, n_words, vocabulary=vocabulary).words
    scores = unit_rows(model.word_scores().clip(0))
    alike, shared = scores @ scores.T, shared_words(words, words)
    places = [
        (a, b) for a, b in _mergeable_pairs(model) if alike[a, b] >= threshold or shared[a, b] >= threshold
    ]
    places = sorted(places, key=lambda pair: -(alike[pair] + shared[pair]))[:n]
    a, b = np.array(places, dtype=np.int64).reshape(-1, 2).T
    ids, groups = np.asarray(model.topic_ids_), np.asarray(model.topic_groups_)
    names = model.name_topics(vocabulary=vocabulary)
    table = pd.DataFrame(
        {
            "topic_a": ids[a],
            "topic_b": ids[b],
            "name_a": names[a],
            "name_b": names[b],
            "similarity": alike[a, b],
            "shared": shared[a, b],
        }
    )
    if X is not None:
        table["r"] = _correlations(model, X)[a, b]
    table["across"] = groups[a] != groups[b]
    r = table["r"] if "r" in table else pd.Series(np.nan, table.index)
    table["reason"] = [
        _reason([word for word in words[i] if word in words[j]], len(words[i]), of_pair)
        for (i, j), of_pair in zip(places, r.tolist(), strict=True)
    ]
    return table


def _mergeable_pairs(model: FittedTopicModel) -> list[tuple[int, int]]:
    """Places of active topics on one simplex, the more informative first."""
    summary, simplex = model.topic_summary_, np.asarray(model.topic_simplex_)
    active = summary["active"].to_numpy(dtype=bool)
    order = np.argsort(-summary["information"].to_numpy(), kind="stable")
    places = order[active[order]].tolist()
    return [(a, b) for i, a in enumerate(places) for b in places[i + 1 :] if simplex[a] == simplex[b]]


def _correlations(model: FittedTopicModel, X: Any) -> NDArray[np.float64]:
    """Correlations of the centred log-ratios of all topics, (n_topics, n_topics); NaN for classes."""
    gaussian = np.flatnonzero(model.latent_space_.gaussian)
    values, _ = standardised(centred_log_ratios(model, posterior_of(model, X), gaussian))
    r = np.full((len(model.topic_ids_),) * 2, np.nan)
    r[np.ix_(gaussian, gaussian)] = values.T @ values
    return r


def _reason(common: Sequence[str], n_words: int, r: float) -> str:
    """The words that two topics share, and how they occur in documents."""
    told = f"{len(common)} of {n_words} top words in common" + (f": {', '.join(common)}" if common else "")
    if r >= TOGETHER:
        return f"{told}; often in the same documents"
    return f"{told}; rarely in the same documents" if r <= -TOGETHER else told
