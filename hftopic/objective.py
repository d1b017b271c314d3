"""The objective: terms of the hierarchically factorised ELBO, and their weights.

Notation of Esmaeili et al. (2019), Figures 1 and 3. Every term is in nats per document, one value a sample.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np
from torch import Tensor

from hftopic.latent import GaussianPosterior, GaussianPrior, LatentSpace, Levels
from hftopic.marginals import log_marginals

Terms = dict[str, Tensor]
"""Named terms of the loss, unweighted, shape (B,) each."""


@dataclass(frozen=True)
class Step:
    """What an objective sees of one training step.

    Attributes
    ----------
    log_likelihood : Tensor, shape (B,)
        log p(x|z), without the multinomial coefficient.
    posterior : GaussianPosterior
    z : Tensor, shape (B, K)
        A sample of it.
    prior : GaussianPrior
    space : LatentSpace
    n_documents : int
        N, for the marginals.
    """

    log_likelihood: Tensor
    posterior: GaussianPosterior
    z: Tensor
    prior: GaussianPrior
    space: LatentSpace
    n_documents: int


class Objective(Protocol):
    """What training needs of an objective."""

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each term beside the reconstruction, by name."""

    def terms(self, step: Step) -> Terms:
        """Every term, the reconstruction first."""


def loss(terms: Terms, weights: dict[str, float], warmth: float) -> Tensor:
    """Loss of each document, shape (B,): the reconstruction and ``warmth`` times the weighted other terms."""
    regulariser = sum(weights[name] * terms[name] for name in weights)
    return terms["reconstruction"] + warmth * regulariser


def hierarchical_terms(step: Step) -> Terms:
    """Terms (1)+(3), (2), (A), (i) and (ii); with unit weights they telescope to the negative ELBO."""
    posterior, space = step.posterior, step.space
    q_given_x = posterior.log_prob(step.z).sum(1)
    q = log_marginals(step.z, posterior, space, step.n_documents)
    p = step.prior.log_prob(step.z, space)
    return {
        "reconstruction": -step.log_likelihood,  # (1)+(3)
        "mutual_information": q_given_x - q.joint,  # (2)
        "between_groups": (q.joint - q.groups.sum(1)) - (p.joint - p.groups.sum(1)),  # (A)
        "within_groups": (_within(q) - _within(p)),  # (i)
        "dimension_kl": (q.dims - p.dims).sum(1),  # (ii)
    }


def _within(levels: Levels) -> Tensor:
    """Σ_d [ log f(z_d) - Σ_e log f(z_d,e) ]."""
    return levels.groups.sum(1) - levels.dims.sum(1)


@dataclass(frozen=True)
class HFVAE:
    """Hierarchically factorised objective of Esmaeili et al. (2019), equation 6.

    Parameters
    ----------
    alpha : float, default=1.0
        α, weight of the mutual information I(x; z), term (2).
    beta : float, default=0.1
        β, weight of the total correlation between groups, term (A). Below 1 lets groups correlate.
    gamma : float, default=4.0
        γ, weight of the total correlation within groups, term (i). Above 1 pushes topics of a group apart.
    dimension_weight : float, default=1.0
        w, weight of the KL divergence of each dimension from the prior, term (ii).

    Examples
    --------
    >>> HFVAE(beta=0.1, gamma=4.0)
    HFVAE(alpha=1.0, beta=0.1, gamma=4.0, dimension_weight=1.0)
    """

    alpha: float = 1.0
    beta: float = 0.1
    gamma: float = 4.0
    dimension_weight: float = 1.0

    def __post_init__(self) -> None:
        _check_weights(self)

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each term, by the term's name."""
        return {
            "mutual_information": self.alpha,
            "between_groups": self.beta,
            "within_groups": self.gamma,
            "dimension_kl": self.dimension_weight,
        }

    def terms(self, step: Step) -> Terms:
        """The terms of :func:`hierarchical_terms`."""
        return hierarchical_terms(step)


@dataclass(frozen=True)
class VAE:
    """Negative ELBO of Kingma & Welling (2014), with the KL divergence in closed form.

    The same objective as ``HFVAE(1, 1, 1, 1)`` in expectation, at the cost of no marginals.

    Examples
    --------
    >>> VAE()
    VAE()
    """

    @property
    def weights(self) -> dict[str, float]:
        """One weight, of the KL divergence."""
        return {"kl": 1.0}

    def terms(self, step: Step) -> Terms:
        """Reconstruction and KL(q(z|x) || p(z))."""
        return {"reconstruction": -step.log_likelihood, "kl": step.posterior.kl(step.prior).sum(1)}


def _check_weights(objective: HFVAE) -> None:
    for field in fields(objective):
        weight = getattr(objective, field.name)
        if not isinstance(weight, int | float | np.number) or not 0 <= weight < math.inf:
            raise ValueError(
                f"{field.name} of {type(objective).__name__} must be a finite number >= 0; got {weight!r}"
            )


CATALOGUE: dict[str, Callable[..., Objective]] = {"HFVAE": HFVAE, "VAE": VAE}
"""Objectives by the name they print and save with."""
