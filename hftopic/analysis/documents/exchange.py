"""Periods of documents exchanged at random, given their topics: what dates could be if they told no more."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

MEETINGS = 15  # of exchanges between pairs of documents; in each, a document meets one other
MOST_FITTED = 20_000  # documents from which the probabilities of periods are learned


def log_probabilities(codes: NDArray[np.int64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    """log p(period | what is known) of N documents, (N, T), by multinomial logistic regression.

    Parameters
    ----------
    codes : ndarray, shape (N,)
        Periods, 0 to T - 1; each occurs.
    known : ndarray, shape (N, P)
    """
    scaled = StandardScaler().fit_transform(known)
    rows = np.linspace(0, len(codes) - 1, min(len(codes), MOST_FITTED)).astype(np.int64)
    rows = np.union1d(rows, np.unique(codes, return_index=True)[1])
    fitted = LogisticRegression(tol=1e-3, max_iter=1000).fit(scaled[rows], codes[rows])
    found: NDArray[np.float64] = fitted.predict_log_proba(scaled)
    return found


def exchanged(
    codes: NDArray[np.int64],
    log_p: NDArray[np.float64],
    n_permutations: int,
    generator: np.random.Generator,
) -> NDArray[np.unsignedinteger]:
    r"""Permutations of the periods of N documents that respect their probabilities, (n_permutations, N).

    The conditional permutation test of Berrett, Wang, Barber and Samworth (2020, *The conditional permutation
    test for independence while controlling for confounders*), algorithm 2: two documents a and b, drawn at
    random, exchange their periods with the odds :math:`p_a(t_b) p_b(t_a) / (p_a(t_a) p_b(t_b))`. If the
    periods depend on nothing but what ``log_p`` (N, T) knows, the given periods and the permutations are
    exchangeable, for any number of rounds.
    """
    small = codes.astype(np.min_scalar_type(log_p.shape[1]))  # there may be 10^8 of them
    from_here = _rounds(small[None], log_p, generator)
    return _rounds(np.repeat(from_here, n_permutations, axis=0), log_p, generator)


def _rounds(
    periods: NDArray[np.unsignedinteger], log_p: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.unsignedinteger]:
    """Rows of periods (M, N) after MEETINGS rounds of exchanges, each independent of the others."""
    n = periods.shape[1]
    periods = periods.copy()
    for row in periods:
        for _ in range(MEETINGS):
            order = generator.permutation(n)
            a, b = order[: n // 2], order[n // 2 : 2 * (n // 2)]
            of_a, of_b = row[a], row[b]
            log_odds = log_p[a, of_b] + log_p[b, of_a] - log_p[a, of_a] - log_p[b, of_b]
            swapped = generator.logistic(size=len(a)) < log_odds
            row[a[swapped]], row[b[swapped]] = of_b[swapped], of_a[swapped]
    return periods
