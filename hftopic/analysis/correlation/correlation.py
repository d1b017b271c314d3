"""Correlations between topics, with permutation p-values and bootstrap intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from warnings import warn

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from hftopic.analysis.correlation.scores import Kind, Scores, check_kind, topic_scores
from hftopic.analysis.correlation.significance import (
    adjusted,
    bootstrap_interval,
    partial_p_values,
    permutation_p_values,
)
from hftopic.analysis.encoded import posterior_of
from hftopic.analysis.information import information_table
from hftopic.analysis.models import FittedTopicModel, model_vocabulary
from hftopic.analysis.topics import select_topics, topic_poles
from hftopic.latent.posterior import Posterior


@dataclass(frozen=True, eq=False)
class TopicCorrelation:
    """Correlations between topics, as :func:`topic_correlation` returns them.

    Attributes
    ----------
    matrix : DataFrame, (n_active, n_active)
        Correlation of each pair of topics; index and columns are topic numbers, the diagonal is 1.
    pairs : DataFrame
        One row per pair of topics, strongest ``|r|`` first, with columns ``topic_a``, ``group_a``,
        ``topic_b``, ``group_b``, ``across`` (bool: the groups differ), ``r``, ``p_value``, ``p_adjusted``,
        ``words_a``, ``words_b``. With a bootstrap also ``r_low`` and ``r_high``, the ends of the interval of
        r. ``topic_a`` is the smaller number, so (topic_a, topic_b) identifies a pair.
    kind : {"mean", "total", "clr", "partial"}
        What was correlated.
    n_documents, n_permutations : int
        Number of documents and of permutations; the smallest possible p-value is 1 / (n_permutations + 1).
    n_bootstrap : int
        Number of bootstrap replicates; 0 if there are no intervals.
    confidence : float
        Level of the intervals.
    penalty : float or None
        Penalty of the graphical lasso; only for kind "partial".
    """

    matrix: pd.DataFrame
    pairs: pd.DataFrame
    kind: Kind
    n_documents: int
    n_permutations: int
    n_bootstrap: int = 0
    confidence: float = 0.95
    penalty: float | None = None

    def across(self) -> pd.DataFrame:
        """Pairs of topics from different groups, strongest first."""
        return self.pairs[self.pairs["across"]].reset_index(drop=True)

    def within(self) -> pd.DataFrame:
        """Pairs of topics from the same group, strongest first."""
        return self.pairs[~self.pairs["across"]].reset_index(drop=True)

    def summary(self, level: float = 0.05) -> pd.DataFrame:
        """Number, strength and significance of the pairs, in two rows: ``within`` and ``across`` groups.

        Columns are ``pairs``, the number of pairs; ``mean_abs_r`` and ``max_abs_r``, missing if there is no
        pair; and ``significant``, the number of pairs with an adjusted p-value of at most `level`.
        """
        sides = {"within": self.within(), "across": self.across()}
        rows = {
            name: {
                "pairs": len(side),
                "mean_abs_r": side["r"].abs().mean(),
                "max_abs_r": side["r"].abs().max(),
                "significant": int((side["p_adjusted"] <= level).sum()),
            }
            for name, side in sides.items()
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("pairs_of")


def topic_correlation(
    model: FittedTopicModel,
    X: Any,
    *,
    active: Any = None,
    kind: Kind = "mean",
    n_permutations: int = 999,
    n_bootstrap: int = 0,
    confidence: float = 0.95,
    random_state: Any = None,
    n_top_words: int = 5,
    vocabulary: Sequence[str] | None = None,
) -> TopicCorrelation:
    r"""Correlations between the active topics, within and across groups.

    By default this correlates the latent z, not the proportions. Proportions sum to one, so they are
    correlated even if the topics are independent (by -1/(K-1) for K equal topics).

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents over which topics are correlated.
    active : array of bool (n_topics,) or of topic numbers, optional
        Topics to correlate. By default the active topics of :func:`topic_information` on `X`, with its
        default threshold; pass its column ``active`` to save the computation or to use another threshold.
        Classes of a Concrete variable are not Gaussian and are excluded.
    kind : {"mean", "total", "clr", "partial"}, default="mean"
        - ``"mean"``: the posterior means :math:`\mu`.
        - ``"total"``: draws from the posterior of a random document, with covariance
          :math:`\mathrm{Cov}(\mu) + \mathrm{E}[\mathrm{diag}\,\sigma^2]`: the correlation of the means,
          shrunk by the posterior uncertainty.
        - ``"clr"``: centred log-ratios (Aitchison, 1986) of the proportions from ``transform``,
          :math:`\log\theta_k` minus its mean over all K Gaussian topics. Only for ProdLDA. They sum to zero,
          so independent topics of equal variance have a correlation of -1/(K-1).
        - ``"partial"``: partial correlation of two topics' posterior means given all other active topics.
          It comes from scikit-learn's graphical lasso (Friedman, Hastie and Tibshirani, 2008) on the
          correlations, with the penalty that minimises the extended BIC (Foygel and Drton, 2010, γ = 0.5).
          Weak correlations are exactly 0.
    n_permutations : int, default=999
        Number of permutations. If only one of P pairs is correlated, its adjusted p-value cannot be below
        P / (n_permutations + 1): to detect a single pair among 50 active topics at 0.05, use about 25,000.
    n_bootstrap : int, default=0
        Number of bootstrap replicates over documents; use at least 1,000 for an interval. With ``"partial"``
        each replicate fits the graphical lasso again, with the penalty chosen on all documents. This takes
        about 30 ms for 30 topics.
    confidence : float, default=0.95
        Level of the bootstrap intervals.
    random_state : int, RandomState or None
        Seed of permutations and bootstrap.
    n_top_words : int, default=5
        Number of words per topic in the table of pairs; for NVDM "+ … / - …" with the words of both poles.
    vocabulary : sequence of str, optional
        Names of the model's words, see :func:`topic_summary`.

    Returns
    -------
    TopicCorrelation
        The matrix, the ranked pairs and a summary. With fewer than two topics there are no pairs, and a
        warning is given.

    Raises
    ------
    ValueError
        `kind` is unknown, or it is "clr" for NVDM, whose topics are signed; there are fewer than three
        documents; `n_permutations` is below 1, `n_bootstrap` is negative or 1, or `confidence` is outside
        (0, 1); or a topic does not exist.

    Notes
    -----
    The two-sided p-value of a pair is (1 + number of permutations with :math:`|r'| \ge |r|`) / (1 + number of
    permutations), under the null hypothesis that its two topics are independent. It is valid for any number
    of permutations. Permuting does not change the variances, so "mean" and "total" have the same p-values.

    For "clr" the null hypothesis is that the two log-ratios are independent. Log-ratios sum to zero, so with
    few topics they are dependent even if the topics are not: use "mean" then. For "partial" the unpenalised
    partial correlation is tested, by permuting the residuals of the two topics on all others (Freedman and
    Lane, 1983), so a pair that the penalty sets to 0 can have a small p-value. Its p-values are missing, with
    a warning, if there are no more than (number of topics + 1) documents or if a topic is a linear
    combination of others, because this partial correlation does not exist then.

    P-values are adjusted over all pairs by the method of Benjamini and Hochberg (1995). With thousands of
    documents even a very small r is significant: look at its size, its interval, and whether it recurs over
    seeds (:func:`recurring_pairs`).

    Intervals are percentiles of r over documents drawn with replacement. The model is not fitted again: they
    describe the variation over documents for a fixed model. Intervals of "partial" include the shrinkage of
    its estimates.

    A topic with the same score in every document has r = 0 and p = 1 with all others.

    Examples
    --------
    >>> from hftopic import ProdLDA, make_correlated_topics
    >>> from hftopic.analysis import topic_correlation
    >>> corpus = make_correlated_topics(200, groups=(2, 2), random_state=0).corpus
    >>> model = ProdLDA(groups=(2, 2), max_iter=5, random_state=0).fit(corpus)
    >>> found = topic_correlation(model, corpus, active=[0, 1, 2, 3], n_permutations=99, random_state=0)
    >>> found.summary()["pairs"].to_dict()
    {'within': 2, 'across': 4}
    >>> found.across().columns[:6].tolist()
    ['topic_a', 'group_a', 'topic_b', 'group_b', 'across', 'r']
    """
    check_kind(model, kind)
    _check_draws(n_permutations, n_bootstrap, confidence)
    posterior = posterior_of(model, X)
    n_documents = len(posterior.mean)
    if n_documents < 3:
        raise ValueError(f"correlations need at least three documents, got {n_documents}")
    topics = gaussian_topics(model, posterior, active)
    if len(topics) < 2:
        n_all, n_classes = posterior.mean.shape[1], len(model.topic_groups_) - posterior.mean.shape[1]
        beside = f" ({n_classes} classes of Concrete variables are not correlated)" * bool(n_classes)
        warn(
            f"active topics: {len(topics)} of {n_all}{beside}: no pair to correlate (at least two active "
            "topics are needed)",
            stacklevel=2,
        )
    scores = topic_scores(model, posterior, topics, kind)
    r = scores.correlation()
    for_permutations, for_bootstrap = _generators(random_state)
    p_values = _p_values(scores, n_permutations, for_permutations)
    if np.isnan(p_values).any():
        warn(_why_missing(n_documents, len(topics)), stacklevel=2)
    columns = {
        "r": _pairwise(r),
        **_intervals(scores, n_bootstrap, confidence, for_bootstrap),
        "p_value": p_values,
        "p_adjusted": adjusted(p_values),
    }
    words = words_of_topics(model, n_top_words, model_vocabulary(model, X, vocabulary))
    index = pd.Index(topics, name="topic")
    return TopicCorrelation(
        matrix=pd.DataFrame(r, index, index),
        pairs=_ranked_pairs(topics, np.asarray(model.topic_groups_), columns, words),
        kind=kind,
        n_documents=n_documents,
        n_permutations=n_permutations,
        n_bootstrap=n_bootstrap,
        confidence=confidence,
        penalty=scores.penalty,
    )


def gaussian_topics(model: FittedTopicModel, posterior: Posterior, active: Any) -> np.ndarray:
    """Numbers of the selected Gaussian topics, ascending; if `active` is None, of the active ones.

    Raises
    ------
    ValueError
        A topic does not exist, see :func:`hftopic.analysis.topics.select_topics`.
    """
    if active is None:
        active = information_table(model, posterior)["active"].to_numpy(dtype=bool)
    space = model.latent_space_
    chosen = np.sort(select_topics(active, np.arange(space.n_topics)))
    return np.asarray(chosen[space.gaussian[chosen]])


def words_of_topics(model: FittedTopicModel, n: int, vocabulary: Sequence[str] | None) -> list[str]:
    """Words of every topic of the model as one string; for signed topics with both poles."""
    poles = [[", ".join(words) for words in pole] for pole in topic_poles(model, n, vocabulary=vocabulary)]
    return poles[0] if len(poles) == 1 else [f"+ {a} / - {b}" for a, b in zip(*poles, strict=True)]


def _check_draws(n_permutations: int, n_bootstrap: int, confidence: float) -> None:
    if n_permutations < 1:
        raise ValueError(f"n_permutations must be at least 1, got {n_permutations}")
    if n_bootstrap < 0 or n_bootstrap == 1:
        raise ValueError(f"n_bootstrap must be 0 (no intervals) or at least 2; got {n_bootstrap}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must be between 0 and 1, such as 0.95; got {confidence}")


def _generators(random_state: Any) -> list[np.random.Generator]:
    """Generators of the permutations and of the bootstrap, so that neither depends on the other's draws."""
    seeds = check_random_state(random_state).randint(2**31, size=2)
    return [np.random.default_rng(seed) for seed in seeds]


def _pairwise(matrix: np.ndarray) -> np.ndarray:
    """Entries above the diagonal, one value per pair."""
    return np.asarray(matrix[np.triu_indices(len(matrix), 1)])


def _p_values(scores: Scores, n_permutations: int, generator: np.random.Generator) -> np.ndarray:
    """P-values of the correlations, or of the partial correlations, one per pair."""
    p_of = permutation_p_values if scores.penalty is None else partial_p_values
    return p_of(scores.values, n_permutations, generator)


def _intervals(
    scores: Scores, n_bootstrap: int, confidence: float, generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """Columns of the intervals; no columns without a bootstrap."""
    if not n_bootstrap:
        return {}
    low, high = bootstrap_interval(
        lambda weights: _pairwise(scores.correlation(weights)),
        scores.n_documents,
        n_bootstrap,
        confidence,
        generator,
    )
    return {"r_low": low, "r_high": high}


def _why_missing(n_documents: int, n_topics: int) -> str:
    why = (
        f"there are {n_documents} documents for {n_topics} topics; at least {n_topics + 2} are needed"
        if n_documents < n_topics + 2
        else "some topics are linear combinations of others; exclude them with active="
    )
    return f"p-values of the partial correlations are missing: {why}"


def _ranked_pairs(
    topics: np.ndarray, groups: np.ndarray, columns: dict[str, np.ndarray], words: list[str]
) -> pd.DataFrame:
    """One row per pair of topics, strongest first; ties in the order of the topics."""
    upper = np.triu_indices(len(topics), k=1)
    a, b = topics[upper[0]], topics[upper[1]]
    pairs = pd.DataFrame(
        {
            "topic_a": a,
            "group_a": groups[a],
            "topic_b": b,
            "group_b": groups[b],
            "across": groups[a] != groups[b],
            **columns,
            "words_a": [words[topic] for topic in a],
            "words_b": [words[topic] for topic in b],
        }
    )
    return pairs.sort_values("r", key=lambda s: -s.abs(), kind="stable", ignore_index=True)
