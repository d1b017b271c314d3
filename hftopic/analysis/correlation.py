"""Which topics go together: correlations of the Gaussian latent, with a permutation null."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from warnings import warn

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control
from sklearn.utils import check_random_state

from hftopic.analysis.information import information_table, posterior_of
from hftopic.analysis.topics import model_vocabulary, select_topics, topic_poles


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
        ``words_a``, ``words_b``. `topic_a` is the smaller number, so that (topic_a, topic_b) names a pair.
    kind : {"mean", "total"}
        What was correlated.
    n_documents, n_permutations : int
        Sizes behind the p-values, of which 1 / (n_permutations + 1) is the smallest.
    """

    matrix: pd.DataFrame
    pairs: pd.DataFrame
    kind: Literal["mean", "total"]
    n_documents: int
    n_permutations: int

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
    model: Any,
    X: Any,
    *,
    active: Any = None,
    kind: Literal["mean", "total"] = "mean",
    n_permutations: int = 999,
    random_state: Any = None,
    n_top_words: int = 5,
    vocabulary: Sequence[str] | None = None,
) -> TopicCorrelation:
    r"""Correlations among the active topics, within and across groups, on the Gaussian latent.

    The latent z and not the proportions are correlated, because proportions sum to one and so correlate
    even when topics are independent (by -1/(K-1) for K equal topics).

    Parameters
    ----------
    model : fitted ProdLDA or NVDM
    X : Corpus, sparse matrix, ndarray or DataFrame, (n_documents, n_words)
        Documents over which topics are correlated.
    active : array of bool (n_topics,) or of topic numbers, optional
        Topics to correlate. By default those that :func:`topic_information` on `X` calls active, with its
        default threshold; pass its column ``active`` to save the computation or to choose another. Classes of
        a Concrete variable are not Gaussian and take no part.
    kind : {"mean", "total"}, default="mean"
        ``"mean"``: of the posterior means :math:`\mu`. ``"total"``: of a draw from the posterior of a random
        document, covariance :math:`\mathrm{Cov}(\mu) + \mathrm{E}[\mathrm{diag}\,\sigma^2]`, which is the
        former shrunk by what the posteriors leave open.
    n_permutations : int, default=999
        Draws of the null in which the documents of every topic are permuted on their own.
    random_state : int, RandomState or None
        Seed of the permutations.
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
        Unknown `kind`, fewer than three documents, `n_permutations` below 1, or topics that do not exist.

    Notes
    -----
    The two-sided p-value of a pair is (1 + number of draws with :math:`|r'| \ge |r|`) / (1 + draws), which is
    valid at any number of draws; permuting leaves the variances alone, so both kinds have the same p-values.
    They are adjusted over all pairs by Benjamini and Hochberg (1995). With thousands of documents the
    smallest r is significant: look at its size, and whether it recurs over seeds.

    A topic whose mean is the same in every document goes with nothing: r = 0 and p = 1.

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
    if kind not in ("mean", "total"):
        raise ValueError(f"kind={kind!r} is unknown; did you mean 'mean' or 'total'?")
    if n_permutations < 1:
        raise ValueError(f"n_permutations must be at least 1, got {n_permutations}")
    posterior = posterior_of(model, X)
    means = np.asarray(posterior.mean, dtype=np.float64)  # (N, K)
    if len(means) < 3:
        raise ValueError(f"correlations need at least three documents, got {len(means)}")
    if active is None:
        active = information_table(model, posterior)["active"].to_numpy(dtype=bool)
    space = model.latent_space_
    chosen = np.sort(select_topics(active, np.arange(space.n_topics)))
    topics = chosen[space.gaussian[chosen]]
    dims = space.variable_of_topic[topics]
    if len(topics) < 2:
        warn(f"{len(topics)} of {means.shape[1]} topics is active: no pair to correlate", stacklevel=2)
    scores = standardised(means[:, dims])
    r = scores @ scores.T
    if kind == "total":
        noise = np.asarray(posterior.variance, dtype=np.float64)[:, dims].mean(axis=0)
        share = _mean_share(means[:, dims].var(axis=0), noise)
        r = r * np.outer(share, share)
    np.fill_diagonal(r, 1.0)
    p_values = permutation_p_values(scores, n_permutations, random_state)
    words = _pole_words(model, n_top_words, model_vocabulary(model, X, vocabulary))
    pairs = _ranked_pairs(topics, np.asarray(model.topic_groups_), r, p_values, words)
    index = pd.Index(topics, name="topic")
    return TopicCorrelation(pd.DataFrame(r, index, index), pairs, kind, len(means), n_permutations)


def standardised(values: np.ndarray) -> np.ndarray:
    """Columns centred and scaled to norm 1, as rows (K, N), so that a product of rows is a correlation.

    A column that does not vary beyond the resolution of float32, which models compute in, gives zeros.
    """
    centred = (values - values.mean(axis=0)).T
    norms = np.linalg.norm(centred, axis=1)
    resolution = 4 * np.finfo(np.float32).eps * np.abs(values).max(axis=0) * np.sqrt(len(values))
    varies = norms > resolution
    scale = np.divide(1.0, norms, out=np.zeros_like(norms), where=varies)
    return np.ascontiguousarray(centred * scale[:, None])


def permutation_p_values(scores: np.ndarray, n_permutations: int, random_state: Any = None) -> np.ndarray:
    """Two-sided p-value of each correlation of rows of `scores` (K, N) with norm 1, as (K, K).

    In every draw each row is permuted on its own, so each pair is permuted uniformly against one another,
    and one matrix product serves all pairs. Memory is that of one copy of `scores`.
    """
    generator = np.random.default_rng(check_random_state(random_state).randint(2**31))
    # Draws that tie exactly with the observed value (few or discrete documents) must not be lost to rounding.
    observed = np.abs(scores @ scores.T) - 1e-12
    exceeded = np.ones_like(observed)
    shuffled = scores.copy()
    for _ in range(n_permutations):
        generator.permuted(shuffled, axis=1, out=shuffled)
        exceeded += np.abs(shuffled @ shuffled.T) >= observed
    return np.asarray(exceeded / (1 + n_permutations))


def _mean_share(explained: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Square root of the share of a topic's total variance that its posterior means carry, (K,)."""
    total = explained + noise
    share = np.divide(explained, total, out=np.zeros_like(total), where=total > 0)
    return np.asarray(np.sqrt(share))


def _pole_words(model: Any, n: int, vocabulary: Sequence[str] | None) -> list[str]:
    """Words of every topic of the model as one string, with both poles where there are two."""
    poles = [[", ".join(words) for words in pole] for pole in topic_poles(model, n, vocabulary=vocabulary)]
    return poles[0] if len(poles) == 1 else [f"+ {a} / - {b}" for a, b in zip(*poles, strict=True)]


def _ranked_pairs(
    topics: np.ndarray, groups: np.ndarray, r: np.ndarray, p_values: np.ndarray, words: list[str]
) -> pd.DataFrame:
    """One row for each pair of topics, the strongest first; ties in the order of the topics."""
    upper = np.triu_indices(len(topics), k=1)
    a, b = topics[upper[0]], topics[upper[1]]
    p = p_values[upper]
    pairs = pd.DataFrame(
        {
            "topic_a": a,
            "group_a": groups[a],
            "topic_b": b,
            "group_b": groups[b],
            "across": groups[a] != groups[b],
            "r": r[upper],
            "p_value": p,
            "p_adjusted": false_discovery_control(p) if len(p) else p,
            "words_a": [words[topic] for topic in a],
            "words_b": [words[topic] for topic in b],
        }
    )
    return pairs.sort_values("r", key=lambda s: -s.abs(), kind="stable", ignore_index=True)
