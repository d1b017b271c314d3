"""Which topics go together: correlations of topics, how strong and how sure."""

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
    """Correlations among topics, as :func:`topic_correlation` returns them.

    Attributes
    ----------
    matrix : DataFrame, (n_active, n_active)
        Correlation of each two topics; index and columns are topic numbers, the diagonal is 1.
    pairs : DataFrame
        A row for each pair of topics, the strongest ``|r|`` first, with columns ``topic_a``, ``group_a``,
        ``topic_b``, ``group_b``, ``across`` (bool: the groups differ), ``r``, ``p_value``, ``p_adjusted``,
        ``words_a``, ``words_b``; after a bootstrap also ``r_low`` and ``r_high``, the ends of the interval of
        r. `topic_a` is the smaller number, so that (topic_a, topic_b) names a pair.
    kind : {"mean", "total", "clr", "partial"}
        What was correlated.
    n_documents, n_permutations : int
        Sizes behind the p-values, of which 1 / (n_permutations + 1) is the smallest.
    n_bootstrap : int
        Replicates behind the intervals; 0 if there are none.
    confidence : float
        Of the intervals.
    penalty : float or None
        Of the graphical lasso, of the kind "partial" alone.
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
        """Pairs of topics from different groups, the strongest first."""
        return self.pairs[self.pairs["across"]].reset_index(drop=True)

    def within(self) -> pd.DataFrame:
        """Pairs of topics from the same group, the strongest first."""
        return self.pairs[~self.pairs["across"]].reset_index(drop=True)

    def summary(self, level: float = 0.05) -> pd.DataFrame:
        """Two rows, ``within`` and ``across`` groups: how many pairs, how strong, how many significant.

        Columns are ``pairs``, ``mean_abs_r``, ``max_abs_r`` (both missing where there is no pair) and
        ``significant``: pairs with an adjusted p-value of at most `level`.
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
    r"""Correlations among the active topics, within and across groups.

    By default the latent z and not the proportions are correlated, because proportions sum to one and so
    correlate even when topics are independent (by -1/(K-1) for K equal topics).

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents over which topics are correlated.
    active : array of bool (n_topics,) or of topic numbers, optional
        Topics to correlate. By default those that :func:`topic_information` on `X` calls active, with its
        default threshold; pass its column ``active`` to save the computation or to choose another. Classes of
        a Concrete variable are not Gaussian and take no part.
    kind : {"mean", "total", "clr", "partial"}, default="mean"
        - ``"mean"``: of the posterior means :math:`\mu`.
        - ``"total"``: of a draw from the posterior of a random document, covariance
          :math:`\mathrm{Cov}(\mu) + \mathrm{E}[\mathrm{diag}\,\sigma^2]`, which is the former shrunk by what
          the posteriors leave open.
        - ``"clr"``: of centred log-ratios (Aitchison, 1986) of the proportions that ``transform`` gives,
          :math:`\log\theta_k` less its mean over all K Gaussian topics. ProdLDA only. They sum to zero, so
          that independent topics of equal variance correlate by -1/(K-1).
        - ``"partial"``: of two topics' posterior means once all other active topics are known, from
          scikit-learn's graphical lasso (Friedman, Hastie and Tibshirani, 2008) on the correlations, with the
          penalty that has the least extended BIC (Foygel and Drton, 2010, γ = 0.5). Weak ones are exactly 0.
    n_permutations : int, default=999
        Draws of the null. A pair that alone among P is real can have no adjusted p-value below
        P / (n_permutations + 1): to find single pairs of 50 active topics at 0.05 takes 25,000 draws.
    n_bootstrap : int, default=0
        Replicates of the bootstrap over documents; 1,000 or more give an interval. With ``"partial"`` each
        fits the graphical lasso again, at the penalty of the whole, which takes some 30 ms for 30 topics.
    confidence : float, default=0.95
        Of the bootstrap intervals.
    random_state : int, RandomState or None
        Seed of permutations and bootstrap.
    n_top_words : int, default=5
        Words of each topic in the table of pairs; "+ … / - …" for the two poles of NVDM.
    vocabulary : sequence of str, optional
        Names of the model's words, see :func:`topic_summary`.

    Returns
    -------
    TopicCorrelation
        Its matrix, its ranked pairs and a summary. With fewer than two topics there are no pairs, and a
        warning says so.

    Raises
    ------
    ValueError
        Unknown `kind`, or log-ratios of NVDM, whose topics are signed; fewer than three documents; a number
        of permutations below 1 or of replicates below 0, a `confidence` outside (0, 1), or topics that do not
        exist.

    Notes
    -----
    The two-sided p-value of a pair is (1 + number of draws with :math:`|r'| \ge |r|`) / (1 + draws) under the
    null that its two topics are independent, which is valid at any number of draws; permuting leaves the
    variances alone, so "mean" and "total" have the same p-values. For "clr" the null is that the two
    log-ratios are independent; their sum of zero alone makes few topics dependent: then test "mean". For
    "partial" the unpenalised partial correlation is tested, by permuting the residuals of the two topics on
    all others (Freedman and Lane, 1983), so that a pair that the penalty sets to 0 can have a small p-value;
    p-values are missing, with a warning, if there are no more documents than topics + 1 or if a topic is a
    linear combination of others, since then no such partial correlation exists.

    They are adjusted over all pairs by Benjamini and Hochberg (1995). With thousands of documents the
    smallest r is significant: look at its size, its interval, and whether it recurs over seeds
    (:func:`recurring_pairs`).

    Intervals are percentiles of r over documents drawn with replacement. Nothing is fitted again: they speak
    of other documents and the same model. Those of "partial" inherit the shrinkage of its estimates.

    A topic whose scores are the same in every document goes with nothing: r = 0 and p = 1.

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
        beside = f" beside {n_classes} classes of Concrete variables, which are not correlated" * bool(
            n_classes
        )
        warn(f"{len(topics)} of {n_all} topics is active{beside}: no pair to correlate", stacklevel=2)
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
    """Numbers of the chosen topics that are Gaussian, ascending; of the active ones where none are chosen.

    Raises
    ------
    ValueError
        A topic that does not exist, see :func:`hftopic.analysis.topics.select_topics`.
    """
    if active is None:
        active = information_table(model, posterior)["active"].to_numpy(dtype=bool)
    space = model.latent_space_
    chosen = np.sort(select_topics(active, np.arange(space.n_topics)))
    return np.asarray(chosen[space.gaussian[chosen]])


def words_of_topics(model: FittedTopicModel, n: int, vocabulary: Sequence[str] | None) -> list[str]:
    """Words of every topic of the model as one string, with both poles where there are two."""
    poles = [[", ".join(words) for words in pole] for pole in topic_poles(model, n, vocabulary=vocabulary)]
    return poles[0] if len(poles) == 1 else [f"+ {a} / - {b}" for a, b in zip(*poles, strict=True)]


def _check_draws(n_permutations: int, n_bootstrap: int, confidence: float) -> None:
    if n_permutations < 1:
        raise ValueError(f"n_permutations must be at least 1, got {n_permutations}")
    if n_bootstrap < 0 or n_bootstrap == 1:
        raise ValueError(f"n_bootstrap must be 0 for no intervals, or 2 and more; got {n_bootstrap}")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}; 0.95 is usual")


def _generators(random_state: Any) -> list[np.random.Generator]:
    """One for the permutations and one for the bootstrap, so that neither depends on the other's draws."""
    seeds = check_random_state(random_state).randint(2**31, size=2)
    return [np.random.default_rng(seed) for seed in seeds]


def _pairwise(matrix: np.ndarray) -> np.ndarray:
    """Entries above the diagonal, a value a pair."""
    return np.asarray(matrix[np.triu_indices(len(matrix), 1)])


def _p_values(scores: Scores, n_permutations: int, generator: np.random.Generator) -> np.ndarray:
    """A value a pair, of the correlations or of the partial ones."""
    p_of = permutation_p_values if scores.penalty is None else partial_p_values
    return p_of(scores.values, n_permutations, generator)


def _intervals(
    scores: Scores, n_bootstrap: int, confidence: float, generator: np.random.Generator
) -> dict[str, np.ndarray]:
    """The columns of the intervals, none without a bootstrap."""
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
        f"there are {n_documents} documents for {n_topics} topics, and two more than topics are needed"
        if n_documents < n_topics + 2
        else "some topics are linear combinations of others; leave them out with active="
    )
    return f"p-values of the partial correlations are missing: {why}"


def _ranked_pairs(
    topics: np.ndarray, groups: np.ndarray, columns: dict[str, np.ndarray], words: list[str]
) -> pd.DataFrame:
    """One row for each pair of topics, the strongest first; ties in the order of the topics."""
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
