"""Regressions of the draws of topics on a design, and one answer from all of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student


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
        """Two-sided p-values of the combination being 0."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(2 * student.sf(np.abs(self.estimate) / self.error, self.freedom))


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
    """

    coefficients: NDArray[np.float64]
    within: NDArray[np.float64]
    freedom: float

    def combined(self, weights: NDArray[np.float64]) -> Combination:
        """Combinations with weights, (L, P), by the rules of Rubin (1987).

        The variance is the mean one of the regressions, plus that between the draws. The degrees of freedom
        are those of Barnard and Rubin (1999).
        """
        values = self.coefficients @ weights.T  # (n_draws, n_outcomes, L)
        n_draws = len(values)
        within = np.einsum("lp,kpq,lq->kl", weights, self.within, weights)
        between = (1 + 1 / n_draws) * values.var(axis=0, ddof=1)
        total = within + between
        share = np.divide(between, total, out=np.zeros_like(total), where=total > 0)
        of_draws = (n_draws - 1) / np.maximum(share, 1e-12) ** 2
        of_documents = (self.freedom + 1) / (self.freedom + 3) * self.freedom * (1 - share)
        freedom = 1 / (1 / of_draws + 1 / np.maximum(of_documents, 1e-12))
        return Combination(values.mean(axis=0), np.sqrt(total), np.maximum(freedom, 1.0))


def composed(
    draws: Iterable[NDArray[np.float64]], design: NDArray[np.float64], clusters: NDArray[np.int64] | None
) -> Composed:
    """Least squares of each column of each draw, (n_documents, n_outcomes), on a design, (n_documents, P).

    Covariances allow for variances that differ between documents (HC3), or for documents of the same cluster
    that go together.
    """
    from statsmodels.regression.linear_model import OLS

    kind = (
        {"cov_type": "HC3"} if clusters is None else {"cov_type": "cluster", "cov_kwds": {"groups": clusters}}
    )
    coefficients, within = [], []
    for draw in draws:
        fits = [OLS(outcome, design).fit(**kind) for outcome in draw.T]
        coefficients.append([fit.params for fit in fits])
        within.append([fit.cov_params() for fit in fits])
    n_independent = len(design) - design.shape[1] if clusters is None else int(clusters.max())
    return Composed(np.array(coefficients), np.mean(within, axis=0), float(n_independent))
