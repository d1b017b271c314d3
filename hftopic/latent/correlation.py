"""Correlations of a learned prior: estimate, shrinkage, structure, and limits."""

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hftopic.latent.log_prior import LatentPrior, lowest_eigenvalue
from hftopic.latent.priors import LearnedCorrelation
from hftopic.latent.space import LatentSpace

LOWEST_EIGENVALUE = 0.05  # of the correlation matrix: no direction of z has less than 1/20 of the variance
HALVINGS = 30  # of the interval in which the largest bounded correlations are searched


def correlations_of(covariance: NDArray[np.floating]) -> NDArray[np.floating]:
    """Correlation matrix of a covariance matrix (K, K), with exact ones on the diagonal; same precision."""
    deviations = np.sqrt(np.diag(covariance))
    r = np.clip(covariance / np.outer(deviations, deviations), -1, 1)
    np.fill_diagonal(r, 1)
    return np.asarray(r)


def without_shift(covariance: Tensor, simplex: NDArray[np.int64]) -> Tensor:
    """A covariance (K, K) in which common shifts of a simplex are independent of all else.

    Adding a constant to all logits of a softmax changes nothing in a document, so that the data say nothing
    about this direction. It gets the average variance of its simplex.

    Parameters
    ----------
    covariance : Tensor, shape (K, K)
    simplex : ndarray of int, shape (K,)
        Number of the simplex of each dimension; -1 for none.
    """
    projection, shifts = torch.ones_like(covariance.diagonal()).diag(), torch.zeros_like(covariance)
    for number in np.unique(simplex[simplex >= 0]):
        member = torch.from_numpy(simplex == number).to(covariance)
        direction = torch.outer(member, member) / member.sum()
        projection -= direction
        shifts += direction * (covariance.diagonal() @ member) / member.sum()
    return projection @ covariance @ projection + shifts


def learned_covariance(
    estimate: Tensor,
    reliability: Tensor,
    n_documents: float,
    prior: LatentPrior,
    learned: LearnedCorrelation,
    free: NDArray[np.bool_],
    weights: Sequence[Sequence[float]],
) -> Tensor:
    """Covariance D R D with the prior's own deviations D and the correlations of ``estimate``, (K, K).

    Parameters
    ----------
    estimate : Tensor, shape (K, K)
        Covariance whose correlations are learned.
    reliability : Tensor, shape (K,)
    n_documents : float
        For ``shrinkage="auto"``, see :func:`thresholded`.
    prior : LatentPrior
    learned : LearnedCorrelation
    free : ndarray of bool, shape (K, K)
        Correlations that are learned; the others, among them the diagonal, are 0.
    weights : sequence of sequences of float
        Weights of the levels for which the loss has to be bounded, see
        :func:`hftopic.latent.log_prior.check_bounded`.
    """
    deviations = estimate.diagonal().sqrt()
    correlations = estimate / torch.outer(deviations, deviations)
    if isinstance(learned.shrinkage, str):
        shrunk = thresholded(correlations, reliability, n_documents)
    else:
        shrunk = (1 - learned.shrinkage) * correlations
    off_diagonal = shrunk * torch.from_numpy(free).to(correlations)
    lowest = 1 + float(torch.linalg.eigvalsh(off_diagonal)[0])
    if lowest < LOWEST_EIGENVALUE:
        off_diagonal = off_diagonal * ((1 - LOWEST_EIGENVALUE) / (1 - lowest))
    own = prior.variance.double().sqrt()

    def covariance(strength: float) -> Tensor:
        return torch.diag(own.square()) + torch.outer(own, own) * strength * off_diagonal

    def bounded(strength: float) -> bool:
        exact = covariance(strength)
        held = exact.float().double()  # as the prior stores it
        return all(
            lowest_eigenvalue(prior.space, one, each) >= 0 for each in weights for one in (exact, held)
        )

    return covariance(_largest(bounded))


def thresholded(correlations: Tensor, reliability: Tensor, n_documents: float) -> Tensor:
    """Correlations that sampling alone explains are set to 0, and large ones hardly change, shape (K, K).

    This is the generalised thresholding of Rothman, Levina & Zhu (2009) with the rule of the adaptive lasso:
    r becomes r - λ² / r, or 0 if abs(r) <= λ. Without it, training amplifies chance correlations: documents
    are encoded with those of the prior, and the prior follows the documents.

    Parameters
    ----------
    correlations : Tensor, shape (K, K)
        Correlations of the total covariance.
    reliability : Tensor, shape (K,)
        Share of the variance of each dimension that is between documents, Var(μ) / (Var(μ) + E[σ²]). Only
        this part is sampled, so two independent dimensions i and j have a correlation with the deviation
        sqrt(reliability_i reliability_j / n).
    n_documents : float
        n, the number of documents that the correlations were estimated from. The threshold λ of two
        dimensions is sqrt(2 log K) deviations, about the largest of K correlations of independent dimensions.
    """
    deviation = torch.outer(reliability, reliability).sqrt() / math.sqrt(max(1.0, n_documents))
    threshold = math.sqrt(2 * math.log(max(2, len(correlations)))) * deviation
    size = correlations.abs()
    shrunk = (size - threshold.square() / size.clamp_min(torch.finfo(size.dtype).tiny)).clamp_min(0.0)
    return correlations.sign() * shrunk


def free_correlations(space: LatentSpace, learned: LearnedCorrelation) -> NDArray[np.bool_]:
    """Mask of the correlations that a prior learns once the groups are known, shape (K, K)."""
    group = space.topic_groups[space.gaussian]
    same = group[:, None] == group
    free = (same & learned.within) | (~same & learned.across)
    return np.asarray(free & ~np.eye(len(group), dtype=bool))


def _largest(allowed: Callable[[float], bool]) -> float:
    """The largest strength from 0 to 1 that is allowed, by bisection; 0 if none is found."""
    if allowed(1.0):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if allowed(middle) else (low, middle)
    return low if low > 2.0 ** (1 - HALVINGS) else 0.0
