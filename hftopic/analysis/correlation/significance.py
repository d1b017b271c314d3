"""How sure correlations are: permutation p-values, their adjustment for many pairs, bootstrap intervals."""

from collections.abc import Callable

import numpy as np
from scipy.stats import false_discovery_control

# Draws that tie exactly with what was observed (few or discrete documents) must not be lost to rounding.
ROUNDING = 1e-12
# Topics that predict one another to within this share of their variance have no partial correlation.
SMALLEST_EIGENVALUE = 1e-8
CHUNK_DOCUMENTS = 2**14


def permutation_p_values(
    scores: np.ndarray, n_permutations: int, generator: np.random.Generator
) -> np.ndarray:
    """Two-sided p-value of the correlation of each two columns, under the null that the two are independent.

    Each draw is one product of the scores with themselves in another order of documents: one order serves
    every pair, because a pair's null only asks that one of its two topics is permuted against the other, and
    every order is as likely as any. The p-value, (1 + number of draws with ``|r'| >= |r|``) / (1 + draws), is
    therefore exact for each pair, whatever the margins and whatever the other topics do (Phipson and Smyth,
    2010). The draws of different pairs are dependent, as the topics themselves are.

    Parameters
    ----------
    scores : ndarray, (N, K)
        Columns centred and of norm 1, or of zeros where a topic does not vary, and so has p = 1.
    n_permutations : int
    generator : numpy Generator

    Returns
    -------
    ndarray, (K (K-1) / 2,)
        In the order of ``numpy.triu_indices(K, 1)``.

    Examples
    --------
    >>> import numpy as np
    >>> from hftopic.analysis.correlation.significance import permutation_p_values
    >>> same = np.array([[-0.6, 0.0, -0.2, 0.8]] * 2).T
    >>> bool(permutation_p_values(same, 999, np.random.default_rng(0))[0] < 0.1)
    True
    """
    observed = scores.T @ scores
    return _share_of_draws(scores, np.zeros_like(observed), observed, n_permutations, generator)


def partial_p_values(scores: np.ndarray, n_permutations: int, generator: np.random.Generator) -> np.ndarray:
    """Two-sided p-value of the partial correlation of each two columns given all the others.

    What the others tell of the two topics by least squares is taken away, and the residuals of the one are
    permuted against those of the other, as Freedman and Lane (1983) do. The correlation tested is the partial
    one without a penalty. Because residuals on K - 2 topics have lost as many degrees of freedom and permuted
    ones have not, it is taken as smaller by the root of (N - 1 - (K - 2)) / (N - 1), as a regression of the
    permuted residuals would have it on average. The level holds asymptotically, not exactly.

    Parameters
    ----------
    scores : ndarray, (N, K)
        As in :func:`permutation_p_values`; topics that do not vary take no part, and have p = 1.
    n_permutations : int
    generator : numpy Generator

    Returns
    -------
    ndarray, (K (K-1) / 2,)
        In the order of ``numpy.triu_indices(K, 1)``. All are missing (nan) where there is no such partial
        correlation: with no more documents than topics + 1, or with a topic that the others predict entirely.
    """
    n_documents, n_topics = scores.shape
    correlation = scores.T @ scores
    freedom = n_documents - 1 - max(0, int(np.diag(correlation).sum().round()) - 2)
    np.fill_diagonal(correlation, 1.0)
    if n_topics and (freedom <= 2 or np.linalg.eigvalsh(correlation)[0] < SMALLEST_EIGENVALUE):
        return np.full(n_topics * (n_topics - 1) // 2, np.nan)
    precision = np.linalg.inv(correlation)
    scale = np.sqrt(np.diag(precision))
    alone = scores @ (precision / scale)  # (N, K): each topic's residuals on all others, norm 1
    opposed = precision / np.outer(scale, scale)  # their correlations: the partial ones with the other sign
    shrunk = opposed * np.sqrt(freedom / (n_documents - 1))
    return _share_of_draws(alone, opposed, shrunk, n_permutations, generator)


def _share_of_draws(
    scores: np.ndarray,
    opposed: np.ndarray,
    observed: np.ndarray,
    n_permutations: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Share of draws, and of what was observed, as strong as what was observed, a value a pair.

    With c = `opposed` of a pair, its residuals given the others are s_a - c s_b and s_b - c s_a, of squared
    norm 1 - c². Where c is 0 they are the scores, and a draw is a correlation of scores.
    """
    a, b = np.triu_indices(scores.shape[1], 1)
    c = opposed[a, b]
    least = (np.abs(observed[a, b]) - ROUNDING) * (1 - c**2)
    exceeded = np.ones(len(a))
    for _ in range(n_permutations):
        drawn = permuted_products(scores, generator)
        own = np.diag(drawn)
        exceeded += np.abs(drawn[a, b] - c * (own[a] + own[b]) + c**2 * drawn[b, a]) >= least
    return exceeded / (1 + n_permutations)


def permuted_products(scores: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Product of every column of `scores` (N, K) with every permuted one, (K, K), without a permuted copy."""
    order = generator.permutation(len(scores))
    return np.asarray(sum(scores[part].T @ scores[order[part]] for part in document_chunks(len(scores))))


def document_chunks(n_documents: int) -> list[slice]:
    """Runs of documents whose scores are weighted or permuted at a time."""
    starts = range(0, n_documents, CHUNK_DOCUMENTS)
    return [slice(start, start + CHUNK_DOCUMENTS) for start in starts]


def adjusted(p_values: np.ndarray) -> np.ndarray:
    """P-values adjusted over all pairs by Benjamini and Hochberg (1995); missing ones stay missing.

    Pairs whose adjusted value is at most q hold a share of at most q false ones on average: for independent
    tests, and for positively dependent ones (Benjamini and Yekutieli, 2001).

    Examples
    --------
    >>> import numpy as np
    >>> from hftopic.analysis.correlation.significance import adjusted
    >>> adjusted(np.array([0.01, 0.5, np.nan])).tolist()
    [0.02, 0.5, nan]
    """
    known = ~np.isnan(p_values)
    result = np.full(len(p_values), np.nan)
    if known.any():
        result[known] = false_discovery_control(p_values[known])
    return result


def bootstrap_interval(
    statistic: Callable[[np.ndarray], np.ndarray],
    n_documents: int,
    n_bootstrap: int,
    confidence: float,
    generator: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Percentile bootstrap over documents (Efron and Tibshirani, 1993, ch. 13): lower and upper ends.

    Parameters
    ----------
    statistic : callable
        Of the weights (N,) of the documents, whole numbers that add up to N, to values (P,).
    n_documents, n_bootstrap : int
    confidence : float
        Share of intervals, over corpora, that hold the value of the corpus's source; between 0 and 1.
    generator : numpy Generator

    Returns
    -------
    tuple of two ndarrays, (P,)

    Examples
    --------
    >>> import numpy as np
    >>> from hftopic.analysis.correlation.significance import bootstrap_interval
    >>> values = np.arange(100.0)
    >>> low, high = bootstrap_interval(lambda w: w @ values[:, None] / 100, 100, 200, 0.9,
    ...                                np.random.default_rng(0))
    >>> bool(40 < low[0] < 49.5 < high[0] < 60)
    True
    """
    drawn = [
        statistic(np.bincount(generator.integers(n_documents, size=n_documents), minlength=n_documents))
        for _ in range(n_bootstrap)
    ]
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.stack(drawn), [tail, 1 - tail], axis=0)
    return low, high
