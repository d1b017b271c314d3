"""Regressions of the draws of topics on a design, and one answer from all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

DECIMALS = 6  # to which outcomes that do not vary are known


class Combination(NamedTuple):
    """Linear combinations of coefficients, each of shape (n_outcomes, L)."""

    estimate: NDArray[np.float64]
    error: NDArray[np.float64]
    freedom: NDArray[np.float64]

    def interval(self, level: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper ends of the intervals."""
        half = self.error * student.ppf((1 + level) / 2, self.freedom)
        return self.estimate - half, self.estimate + half

    def p_values(self) -> NDArray[np.float64]:
        """Two-sided p-values of the combination being 0; missing if it has no error."""
        scaled = np.full_like(self.error, np.nan)
        np.divide(np.abs(self.estimate), self.error, out=scaled, where=self.error > 0)
        return np.asarray(2 * student.sf(scaled, self.freedom))


@dataclass(frozen=True, eq=False)
class Composed:
    """Regressions of several draws of the same outcomes.

    Attributes
    ----------
    coefficients : ndarray, shape (n_draws, n_outcomes, P)
    within : ndarray, shape (n_outcomes, P, P)
        Mean over the draws of the covariance of the coefficients.
    freedom : float
        Degrees of freedom of each regression.
    chains : ndarray of int, shape (n_draws,)
        Number of the chain of each draw, two at least: draws of different chains are independent.
    """

    coefficients: NDArray[np.float64]
    within: NDArray[np.float64]
    freedom: float
    chains: NDArray[np.int64]

    def combined(self, weights: NDArray[np.float64]) -> Combination:
        """Combinations with weights, (L, P), by the rules of Rubin (1987).

        The variance is the mean one of the regressions, plus that between the draws. The draws of a chain
        depend on each other, so that the mean of a chain counts as one draw, beside those that vary about it.
        The degrees of freedom are those of Barnard and Rubin (1999).
        """
        values = self.coefficients @ weights.T  # (n_draws, n_outcomes, L)
        n_draws, n_chains = len(values), int(self.chains.max()) + 1
        within = np.einsum("lp,kpq,lq->kl", weights, self.within, weights)
        means = np.stack([values[self.chains == chain].mean(axis=0) for chain in range(n_chains)])
        of_chains = (1 + 1 / n_chains) * means.var(axis=0, ddof=1)
        in_chains = ((values - means[self.chains]) ** 2).sum(axis=0) / max(n_draws - n_chains, 1)
        total = within + of_chains + in_chains
        shares = [
            np.divide(part, total, out=np.zeros_like(total), where=total > 0)
            for part in (of_chains, in_chains)
        ]
        of_documents = (
            (self.freedom + 1) / (self.freedom + 3) * self.freedom * np.maximum(1 - sum(shares), 1e-12)
        )
        freedom = 1 / (
            shares[0] ** 2 / (n_chains - 1) + shares[1] ** 2 / max(n_draws - n_chains, 1) + 1 / of_documents
        )
        return Combination(means.mean(axis=0), np.sqrt(total), np.maximum(freedom, 1.0))


def composed(
    draws: Iterable[NDArray[np.float64]],
    chains: NDArray[np.int64],
    design: NDArray[np.float64],
    clusters: NDArray[np.int64] | None,
) -> Composed:
    """Least squares of each column of each draw, (n_documents, n_outcomes), on a design, (n_documents, P).

    Covariances allow for variances that differ between documents (HC3), or for documents of the same cluster
    that go together. What does not vary has no effects, and no errors.
    """
    from statsmodels.regression.linear_model import OLS

    kind = (
        {"cov_type": "HC3"} if clusters is None else {"cov_type": "cluster", "cov_kwds": {"groups": clusters}}
    )
    coefficients, within = [], []
    for drawn in draws:
        means = drawn.mean(axis=0)
        same = np.ptp(drawn, axis=0) <= 10.0**-DECIMALS
        fits = [OLS(outcome, design).fit(**kind) for outcome in np.where(same, means, drawn).T]
        found = np.array([fit.params for fit in fits])
        coefficients.append(np.where(same[:, None], found.round(DECIMALS), found))
        within.append(np.array([fit.cov_params() for fit in fits]) * ~same[:, None, None])
    n_independent = len(design) - design.shape[1] if clusters is None else int(clusters.max())
    return Composed(np.array(coefficients), np.mean(within, axis=0), float(n_independent), chains)
