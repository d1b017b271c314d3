"""Drift of the words of one topic between periods: its size, a test, and the words that rise and fall."""

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.special import xlogy

COVERED = 0.95  # part of the use of a topic that the documents have whose words are compared
# Words with fewer expected documents, or a smaller part of the words of the topic, are compared as one.
LEAST_USED, LEAST_SHARE = 10.0, 0.005
AT_ONCE = 2**22  # numbers of permuted periods in memory
TIES = 1e-9
_TINY = np.finfo(float).tiny


@dataclass(frozen=True, eq=False)
class Drift:
    """Words of a topic in T periods: W words that are the topic's, and all others as one, the last.

    Attributes
    ----------
    columns : ndarray of int, shape (W,)
        Columns of the words of the topic: those used often, and more often than in the corpus.
    used : ndarray, shape (T, W + 1)
        Expected number of documents of each period that use a word for the topic.
    probabilities : ndarray, shape (T, W + 1)
        p(w|topic, period), smoothed, see :func:`smoothed`.
    total : ndarray, shape (V,)
        Expected number of documents that use each word for the topic.
    divergence, expected : float
        Jensen-Shannon divergence of the periods, weighted by their use of the topic, in nats: the information
        of the period about a word of the topic. And its mean over the permutations.
    p_value : float
        Of drift, see :func:`drift`. It is NaN without a test, as the divergence is if there are no words.
    ends : ndarray, shape (2, W)
        p(w|topic) on a straight line through the periods, in the first and in the last one.
    scores, p_values : ndarray, shape (W,)
        Slopes of the lines in standard deviations over the permutations, and their p-values, adjusted over
        the words by the maximum of Westfall and Young (1993).
    """

    columns: NDArray[np.int64]
    used: NDArray[np.float64]
    probabilities: NDArray[np.float64]
    total: NDArray[np.float64]
    divergence: float
    expected: float
    p_value: float
    ends: NDArray[np.float64]
    scores: NDArray[np.float64]
    p_values: NDArray[np.float64]

    def of_columns(self, columns: NDArray[np.int64]) -> NDArray[np.float64]:
        """p(w|topic, period) of words of the vocabulary, (T, len(columns)); they add up to 1 over all.

        Rarer words have the part of all of them, in the proportions of all periods.
        """
        place = np.full(len(self.total), len(self.columns))
        place[self.columns] = np.arange(len(self.columns))
        rare = self.total.copy()
        rare[self.columns] = 0
        parts = np.where(place < len(self.columns), 1.0, rare / max(rare.sum(), _TINY))
        return np.asarray(self.probabilities[:, place[columns]] * parts[columns])


def drift(
    usage: sp.csr_array, moments: NDArray[np.float64], codes: NDArray[np.int64], drawn: NDArray[np.integer]
) -> Drift:
    """Drift of the words of a topic.

    Two statistics are compared with the permutations: the divergence, which finds any change, and the largest
    slope of a word, which finds a few words that rise or fall. The test is that of the smaller p-value, which
    is compared with those of the permutations.

    Parameters
    ----------
    usage : csr_array, shape (N, V)
        Probability that each distinct word of a document is used for the topic.
    moments : ndarray, shape (T,)
        Times of the periods.
    codes : ndarray, shape (N,)
        Periods of the documents, 0 to T - 1.
    drawn : ndarray, shape (n_permutations, N)
        The same, exchanged at random.
    """
    in_documents = np.bincount(usage.indices, minlength=usage.shape[1])
    main = _main_documents(usage)
    usage, every = usage[main], np.concatenate([codes[None, main].astype(drawn.dtype), drawn[:, main]])
    total = np.bincount(usage.indices, usage.data, usage.shape[1]).astype(np.float64)
    columns = _of_the_topic(total, in_documents)
    place = np.full(len(total), len(columns))
    place[columns] = np.arange(len(columns))
    counted = _Counted(usage, place[usage.indices], len(columns) + 1, len(moments))
    used = counted.by_period(every[:1])[0]
    divergences, slopes = np.zeros(len(every)), np.zeros((len(every), len(columns)))
    apart = np.zeros((len(every), len(columns) + 1))
    for part in counted.parts(len(every)):  # the given periods are the first of them
        permuted = counted.by_period(every[part])
        divergences[part], slopes[part] = divergence(permuted), _slopes(permuted, moments)
        apart[part] = _between(permuted)
    scores = _standardised(slopes)
    largest = np.abs(scores).max(axis=1, initial=0.0)
    if not len(columns):  # nothing to compare
        divergences[:] = np.nan
    smaller = np.minimum(_p_values(divergences), _p_values(largest))
    return Drift(
        columns,
        used,
        smoothed(used, apart[0], apart[1:].mean(axis=0)),
        total,
        float(divergences[0]),
        float(divergences[1:].mean()),
        float((smaller <= smaller[0] + TIES).mean()) if np.ptp(divergences) > TIES else np.nan,
        _ends(used, slopes[0], moments),
        scores[0],
        np.asarray((largest[:, None] >= np.abs(scores[0]) - TIES).mean(axis=0)),
    )


def divergence(used: NDArray[np.float64]) -> NDArray[np.float64]:
    """Jensen-Shannon divergence of the words of T periods, (..., T, W) to (...,), in nats.

    Periods weigh as much as their words; this is the mutual information of period and word.
    """
    n = used.sum(axis=(-2, -1)).clip(_TINY)
    joint = xlogy(used, used).sum(axis=(-2, -1))
    periods, words = used.sum(axis=-1), used.sum(axis=-2)
    apart = xlogy(periods, periods).sum(axis=-1) + xlogy(words, words).sum(axis=-1)
    return np.asarray(((joint - apart) / n + np.log(n)).clip(0))


def smoothed(
    used: NDArray[np.float64], apart: NDArray[np.float64], by_chance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """p(w|topic, period), (T, W), of which each word is moved towards its mean over the periods.

    The estimate is that of a random effect of the period, with the moments of DerSimonian and Laird (1986)::

        p_tw = p_w + n_t τ²_w / (n_t τ²_w + σ²_w) (u_tw / n_t - p_w)

    where u_tw of the n_t words of a period are w, σ²_w / n_t is the variance by chance, from the
    permutations, and τ²_w that of the periods beyond chance; a word without it does not move.

    Parameters
    ----------
    used : ndarray, shape (T, W)
    apart, by_chance : ndarray, shape (W,)
        Squared distances of the periods from the mean, weighted by n_t; and their mean over permutations.
    """
    n = used.sum(axis=1, keepdims=True)
    total, occurring = n.sum(), n > 0
    mean = used.sum(axis=0) / max(total, _TINY)
    raw = np.divide(used, n, out=np.tile(mean, (len(n), 1)), where=occurring)
    sigma = by_chance / max(occurring.sum() - 1, 1)
    tau = (apart - by_chance).clip(0) / max(total - (n**2).sum() / max(total, _TINY), _TINY)
    moved = np.divide(n * tau, n * tau + sigma, out=np.zeros_like(raw), where=n * tau > 0)
    found = mean + moved * (raw - mean)
    return np.asarray(found / found.sum(axis=1, keepdims=True).clip(_TINY))


class _Counted:
    """Sums of the use of words by period, for many permutations of the periods of the documents."""

    def __init__(self, usage: sp.csr_array, places: NDArray[np.int64], width: int, n_periods: int) -> None:
        self._places, self._used = places, usage.data.astype(np.float64)
        self._lengths, self._width, self._n_periods = np.diff(usage.indptr), width, n_periods

    def parts(self, n_permutations: int) -> list[slice]:
        """Permutations that are counted at once."""
        height = max(1, AT_ONCE // (self._width * self._n_periods))
        return [slice(start, start + height) for start in range(0, n_permutations, height)]

    def by_period(self, codes: NDArray[np.integer]) -> NDArray[np.float64]:
        """Sums by period and word, (M, N) to (M, T, width)."""
        shape = self._n_periods, self._width
        sums = [
            np.bincount(
                row.astype(np.int64).repeat(self._lengths) * self._width + self._places,
                self._used,
                math.prod(shape),
            )
            for row in codes
        ]
        return np.stack(sums).reshape(-1, *shape).astype(np.float64)


def _main_documents(usage: sp.csr_array) -> NDArray[np.int64]:
    """Documents with most of the use of the topic, that together have COVERED of it."""
    used = np.asarray(usage.sum(axis=1, dtype=np.float64)).ravel()
    order = np.argsort(-used, kind="stable")
    n = 1 + int(np.searchsorted(used[order].cumsum(), COVERED * used.sum()))
    return np.sort(order[:n])


def _of_the_topic(total: NDArray[np.float64], in_documents: NDArray[np.integer]) -> NDArray[np.int64]:
    """Columns of words that are used often for the topic, and more often than in the corpus.

    Other words belong to other topics, whose drift would show in them.
    """
    more = total * in_documents.sum() > in_documents * total.sum()
    return np.flatnonzero(more & (total >= max(LEAST_USED, LEAST_SHARE * total.sum())))


def _between(used: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared distances of p(w|topic, period) from their mean, weighted, (..., T, W) to (..., W)."""
    n = used.sum(axis=-1, keepdims=True)
    squares = np.divide(used**2, n, out=np.zeros_like(used), where=n > 0).sum(axis=-2)
    return np.asarray((squares - used.sum(axis=-2) ** 2 / n.sum(axis=-2).clip(_TINY)).clip(0))


def _slopes(used: NDArray[np.float64], moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Slopes of p(w|topic, period) over time, weighted by the words, (..., T, W + 1) to (..., W)."""
    times = _times(used, moments)
    spread = (used.sum(axis=-1) * times**2).sum(axis=-1)[..., None]
    along = np.einsum("...t,...tw->...w", times, used[..., :-1])
    return np.asarray(np.divide(along, spread, out=np.zeros_like(along), where=spread > 0))


def _ends(
    used: NDArray[np.float64], slope: NDArray[np.float64], moments: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values of the lines with these slopes in the first and in the last period, not below 0, (2, W)."""
    mean = used[:, :-1].sum(axis=0) / max(used.sum(), _TINY)
    times = _times(used, moments)[[0, -1]]
    return np.asarray((mean + times[:, None] * slope).clip(0))


def _times(used: NDArray[np.float64], moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Times of the periods from their mean, weighted by the use of the topic, (..., T)."""
    weights = used.sum(axis=-1)
    mean = (weights @ moments) / weights.sum(axis=-1).clip(_TINY)
    return np.asarray(moments - mean[..., None])


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns in standard deviations from their mean; 0 for one that does not vary."""
    deviation = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(deviation > 0, deviation, np.inf))


def _p_values(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fraction of the values that are at least as large as each, (M,)."""
    ascending = np.sort(values)
    return np.asarray(1 - np.searchsorted(ascending, values - TIES * np.abs(values)) / len(values))
