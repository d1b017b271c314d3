"""Significance of correlations: permutation p-values, multiple-testing adjustment and bootstrap intervals."""

from collections.abc import Callable

import numpy as np
from scipy.fft import irfft, rfft
from scipy.stats import false_discovery_control

LEVEL = 0.05  # adjusted p-value up to which texts and figures take something for more than chance
# Tolerance for exact ties with the observed value (few or discrete documents), which rounding could hide.
ROUNDING = 1e-12
# With a smaller eigenvalue of the correlations, topics are linearly dependent: no partial correlation exists.
SMALLEST_EIGENVALUE = 1e-8
CHUNK_DOCUMENTS = 2**14
SHIFTED_FROM = 20_000  # documents from which permutations are shifts of one random order


def permutation_p_values(
    scores: np.ndarray, n_permutations: int, generator: np.random.Generator
) -> np.ndarray:
    """Two-sided p-value of the correlation of each pair of columns, under the null of independence.

    Each permutation needs one product of the scores with their permuted rows. The same permutation is used
    for all pairs: the null hypothesis of a pair only needs one topic to be permuted relative to the other,
    and all permutations are equally likely. So the p-value, (1 + number of permutations with
    ``|r'| >= |r|``) / (1 + number of permutations), is exact for each pair, for any marginal distributions
    and any other topics (Phipson and Smyth, 2010). The permuted correlations of different pairs are
    dependent, as the topics themselves are.

    From :data:`SHIFTED_FROM` documents on, the documents are brought into one random order, and the
    permutations are random circular shifts of it. Shifts are a group of permutations, so the p-value stays
    exact (Hemerik and Goeman, 2018). Fourier transforms give the correlations of a pair for all shifts at
    once.

    Parameters
    ----------
    scores : ndarray, (N, K)
        Columns centred and scaled to norm 1; zeros for a topic that does not vary, which then has p = 1.
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
    """Two-sided p-value of the partial correlation of each pair of columns given all others.

    The two topics are regressed on all others by least squares, and the residuals of one topic are permuted
    relative to those of the other (Freedman and Lane, 1983). The tested value is the partial correlation
    without a penalty. Residuals on K - 2 topics have K - 2 fewer degrees of freedom than the permuted
    residuals. To correct for this, the tested value is multiplied by the square root of
    (N - 1 - (K - 2)) / (N - 1), which is the average effect of a regression of the permuted residuals. The
    level holds asymptotically, not exactly.

    Parameters
    ----------
    scores : ndarray, (N, K)
        As in :func:`permutation_p_values`; topics that do not vary are ignored and have p = 1.
    n_permutations : int
    generator : numpy Generator

    Returns
    -------
    ndarray, (K (K-1) / 2,)
        In the order of ``numpy.triu_indices(K, 1)``. All are missing (NaN) if the partial correlation does
        not exist: if there are no more than K + 1 documents, or if a topic is a linear combination of others.
    """
    n_documents, n_topics = scores.shape
    correlation = scores.T @ scores
    freedom = n_documents - 1 - max(0, int(np.diag(correlation).sum().round()) - 2)
    np.fill_diagonal(correlation, 1.0)
    if n_topics and (freedom <= 2 or np.linalg.eigvalsh(correlation)[0] < SMALLEST_EIGENVALUE):
        return np.full(n_topics * (n_topics - 1) // 2, np.nan)
    precision = np.linalg.inv(correlation)
    scale = np.sqrt(np.diag(precision))
    alone = scores @ (precision / scale)  # (N, K): residuals of each topic on all others, norm 1
    opposed = precision / np.outer(scale, scale)  # their correlations: minus the partial correlations
    shrunk = opposed * np.sqrt(freedom / (n_documents - 1))
    return _share_of_draws(alone, opposed, shrunk, n_permutations, generator)


def _share_of_draws(
    scores: np.ndarray,
    opposed: np.ndarray,
    observed: np.ndarray,
    n_permutations: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Permutation p-value of each pair: fraction of values, with the observed one, at least as strong as it.

    Let c be `opposed` of a pair. The residuals of the pair given the others are s_a - c s_b and s_b - c s_a,
    with squared norm 1 - c². If c is 0, they are the scores, and the permuted value is a correlation of
    scores.
    """
    a, b = np.triu_indices(scores.shape[1], 1)
    c = opposed[a, b]
    least = (np.abs(observed[a, b]) - ROUNDING) * (1 - c**2)
    if len(scores) >= SHIFTED_FROM:
        shifted = ShiftedProducts(scores, n_permutations, generator)
        alone = [shifted.of(k, k) for k in range(scores.shape[1])] if c.any() else None
        counted = [
            np.count_nonzero(np.abs(_given_others(shifted, alone, i, j, share)) >= bound)
            for i, j, share, bound in zip(a.tolist(), b.tolist(), c.tolist(), least.tolist(), strict=True)
        ]
        return np.asarray((1.0 + np.array(counted)) / (1 + n_permutations))
    exceeded = np.ones(len(a))
    for _ in range(n_permutations):
        drawn = permuted_products(scores, generator)
        own = np.diag(drawn)
        exceeded += np.abs(drawn[a, b] - c * (own[a] + own[b]) + c**2 * drawn[b, a]) >= least
    return exceeded / (1 + n_permutations)


def _given_others(
    shifted: "ShiftedProducts", alone: list[np.ndarray] | None, a: int, b: int, c: float
) -> np.ndarray:
    """Permuted values of one pair; `alone` has the product of each topic with itself, None if c is 0."""
    if alone is None:
        return shifted.of(a, b)
    return np.asarray(shifted.of(a, b) - c * (alone[a] + alone[b]) + c**2 * shifted.of(b, a))


class ShiftedProducts:
    """Products of columns of scores (N, K) with shifted ones: random circular shifts of one random order.

    Parameters
    ----------
    scores : ndarray, (N, K)
    n_shifts : int
    generator : numpy Generator
    """

    def __init__(self, scores: np.ndarray, n_shifts: int, generator: np.random.Generator) -> None:
        self._n_documents = len(scores)
        order = generator.permutation(len(scores))
        self._spectra = rfft(np.ascontiguousarray(scores[order].T), axis=1)  # (K, N // 2 + 1)
        self._shifts = generator.integers(1, len(scores), size=n_shifts)

    def of(self, a: int, b: int) -> np.ndarray:
        """Product of column a with column b shifted, one for each shift, (n_shifts,)."""
        every = irfft(self._spectra[a].conj() * self._spectra[b], n=self._n_documents)
        return np.asarray(every[self._shifts])


def permuted_products(scores: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Product of all columns of `scores` (N, K) with all permuted ones, (K, K), without a permuted copy."""
    order = generator.permutation(len(scores))
    return np.asarray(sum(scores[part].T @ scores[order[part]] for part in document_chunks(len(scores))))


def document_chunks(n_documents: int) -> list[slice]:
    """Slices of documents, whose scores are weighted or permuted one slice at a time."""
    starts = range(0, n_documents, CHUNK_DOCUMENTS)
    return [slice(start, start + CHUNK_DOCUMENTS) for start in starts]


def adjusted(p_values: np.ndarray) -> np.ndarray:
    """P-values adjusted over all pairs by Benjamini and Hochberg (1995); missing values stay missing.

    Among the pairs with an adjusted value of at most q, the expected fraction of false discoveries is at most
    q. This holds for independent tests and for positively dependent tests (Benjamini and Yekutieli, 2001).

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
    """Percentile bootstrap intervals over documents (Efron and Tibshirani, 1993, ch. 13).

    Parameters
    ----------
    statistic : callable
        Function from document weights (N,), integers that sum to N, to values (P,).
    n_documents, n_bootstrap : int
    confidence : float
        Level of the intervals, between 0 and 1: the fraction of corpora from the same source whose interval
        contains the true value.
    generator : numpy Generator

    Returns
    -------
    tuple of two ndarrays, (P,)
        Lower and upper ends.

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
