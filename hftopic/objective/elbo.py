"""Objectives based on the negative ELBO with a closed-form KL divergence, plus optional extra terms."""

from dataclasses import dataclass
from typing import Any

import torch

from hftopic._numbers import is_whole
from hftopic._processes import current
from hftopic.latent.space import LatentSpace
from hftopic.objective.base import Objective
from hftopic.objective.marginals import log_subset
from hftopic.objective.schedule import Progress, Ramp, Weight, check_number, check_weight, value_at
from hftopic.objective.terms import Step, Terms, elbo_terms


class Evidence(Objective):
    """Objective based on the negative ELBO with a closed-form KL divergence, plus optional extra terms."""

    @property
    def exchangeable(self) -> bool:
        """True: no topic has a role of its own."""
        return True

    def terms(self, step: Step) -> Terms:
        """Reconstruction and KL(q(z|x) || p(z))."""
        return elbo_terms(step)

    def weights(self, space: LatentSpace, progress: Progress) -> dict[str, float]:  # noqa: ARG002
        """Weight of the KL divergence."""
        return {"kl": 1.0}

    def level_weights(self, space: LatentSpace, progress: Progress) -> tuple[float, ...]:
        """The weight of the KL divergence, the same for every level."""
        return (self.weights(space, progress).get("kl", 1.0),) * (len(space.partitions) + 1)


@dataclass(frozen=True)
class VAE(Evidence):
    """Negative ELBO of Kingma & Welling (2014), with the KL divergence in closed form.

    Equal to ``HFVAE(1, 1, 1, 1)`` in expectation, but without the cost of the marginals.

    Examples
    --------
    >>> VAE()
    VAE()
    """


@dataclass(frozen=True)
class BetaVAE(Evidence):
    """β-VAE of Higgins et al. (2017): the KL divergence has weight β.

    Parameters
    ----------
    beta : float or Ramp, default=4.0
        β, weight of the KL divergence.

    Examples
    --------
    >>> BetaVAE(2.0)
    BetaVAE(beta=2.0)
    """

    beta: Weight = 4.0

    def __post_init__(self) -> None:
        check_weight("beta of BetaVAE", self.beta)

    def weights(self, space: LatentSpace, progress: Progress) -> dict[str, float]:  # noqa: ARG002
        """Weight of the KL divergence."""
        return {"kl": value_at(self.beta, progress)}


@dataclass(frozen=True)
class DIPVAE(Evidence):
    """DIP-VAE of Kumar et al. (2018): matches the moments of the aggregate posterior to those of the prior.

    Adds λ_od Σ_{i≠j} (C_ij - Σ_ij)² + λ_d Σ_i (C_ii - Σ_ii)² to the negative ELBO. Σ is the covariance of the
    prior (off-diagonal 0 if its dimensions are independent). C is a covariance over the mini-batch: Cov(μ)
    for variant I, and the covariance of z, Cov(μ) + E[diag σ²], for variant II. Concrete variables are not
    included in C.

    Parameters
    ----------
    off_diagonal : float or Ramp, default=10.0
        λ_od, per document.
    diagonal : float or Ramp, optional
        λ_d. By default the choice of the authors: 10 λ_od for variant I, and λ_od for variant II.
    variant : {"I", "II"}, default="II"
        Covariance that is matched: Cov(μ) ("I") or the covariance of z ("II").

    Examples
    --------
    >>> DIPVAE(5.0)
    DIPVAE(off_diagonal=5.0, diagonal=None, variant='II')
    """

    off_diagonal: Weight = 10.0
    diagonal: Weight | None = None
    variant: str = "II"

    def __post_init__(self) -> None:
        check_weight("off_diagonal of DIPVAE", self.off_diagonal)
        if self.diagonal is not None:
            check_weight("diagonal of DIPVAE", self.diagonal)
        if self.variant not in ("I", "II"):
            raise ValueError(f"variant of DIPVAE must be 'I' or 'II'; got {self.variant!r}")

    def terms(self, step: Step) -> Terms:
        """Reconstruction, KL divergence, and squared distances of the moments, the same for each document."""
        mean = step.posterior.mean
        _, covariance = current().moments(mean)  # (K, K)
        if self.variant == "II":
            covariance = covariance + torch.diag(current().mean(step.posterior.log_variance.exp()))
        prior = torch.diag(step.prior.covariance) if step.prior.factorises else step.prior.covariance
        distance = (covariance - prior).square()
        diagonal = distance.diagonal().sum()
        return {
            **elbo_terms(step),
            "off_diagonal": (distance.sum() - diagonal).expand(len(mean)),
            "diagonal": diagonal.expand(len(mean)),
        }

    def weights(self, space: LatentSpace, progress: Progress) -> dict[str, float]:  # noqa: ARG002
        """Weight of the KL divergence, λ_od and λ_d."""
        off_diagonal = value_at(self.off_diagonal, progress)
        ratio = 10.0 if self.variant == "I" else 1.0
        diagonal = ratio * off_diagonal if self.diagonal is None else value_at(self.diagonal, progress)
        return {"kl": 1.0, "off_diagonal": off_diagonal, "diagonal": diagonal}


RISE = Ramp(0.0, 25.0)


@dataclass(frozen=True)
class CapacityVAE(Evidence):
    """Controlled capacity of Burgess et al. (2018) and Alemi et al. (2018): the KL divergence is kept near C.

    The loss is the reconstruction plus γ times the absolute value of KL - C.

    KL is the mean of KL(q(z|x) || p(z)) over the mini-batch.

    Parameters
    ----------
    capacity : float or Ramp, default=Ramp(0.0, 25.0)
        Capacity C, in nats; a Ramp increases it over the epochs.
    gamma : float, default=10.0
        γ >= 0, weight of the distance from the capacity.

    Examples
    --------
    >>> CapacityVAE(capacity=Ramp(0.0, 15.0, over=30))
    CapacityVAE(capacity=Ramp(start=0.0, stop=15.0, over=30, delay=0), gamma=10.0)
    """

    capacity: Weight = RISE
    gamma: float = 10.0

    def __post_init__(self) -> None:
        check_weight("capacity of CapacityVAE", self.capacity)
        check_number("gamma of CapacityVAE", self.gamma)

    def terms(self, step: Step) -> Terms:
        """Reconstruction, KL divergence, and its distance from the capacity, the same for each document."""
        terms = elbo_terms(step)
        gap = (current().mean(terms["kl"]) - value_at(self.capacity, step.progress)).abs()
        return {**terms, "capacity_gap": gap.expand(len(terms["kl"]))}

    def weights(self, space: LatentSpace, progress: Progress) -> dict[str, float]:  # noqa: ARG002
        """Weight of the distance from the capacity; the KL divergence itself has no weight."""
        return {"capacity_gap": self.gamma}


@dataclass(frozen=True)
class AnchoredVAE(Evidence):
    """Anchored correlation explanation of Gao et al. (2019): the information of chosen topics is rewarded.

    The loss is the negative ELBO minus λ I(x; z_a).

    Parameters
    ----------
    anchors : tuple of int
        Topic numbers a. A class of a Concrete variable selects the whole variable.
    lam : float or Ramp, default=1.0
        λ, weight of the mutual information of the anchored topics.

    Examples
    --------
    >>> AnchoredVAE((0, 1, 2), lam=0.5)
    AnchoredVAE(anchors=(0, 1, 2), lam=0.5)
    """

    anchors: tuple[int, ...]
    lam: Weight = 1.0

    def __post_init__(self) -> None:
        anchors: Any = self.anchors
        whole = isinstance(anchors, tuple | list) and all(is_whole(a, 0) for a in anchors)
        if not whole or not anchors:
            raise ValueError(
                f"anchors of AnchoredVAE must be a tuple of topic numbers, such as (0, 1); got {anchors!r}"
            )
        object.__setattr__(self, "anchors", tuple(sorted({int(a) for a in anchors})))
        check_weight("lam of AnchoredVAE", self.lam)

    @property
    def exchangeable(self) -> bool:
        """False: the anchored topics have a role of their own."""
        return False

    def terms(self, step: Step) -> Terms:
        """Reconstruction, KL divergence and log q(z_a|x) - log q̂(z_a)."""
        dims, concretes = self._variables(step.space)
        posterior, z = step.posterior, step.sample.z
        chosen = torch.tensor([*dims, *(step.space.n_dims + c for c in concretes)])
        if step.aggregate is not None:
            q_given_x = posterior.negative_entropy()[:, chosen].sum(1)
            q = step.aggregate.expected_log_prob_of(dims, concretes, posterior)
        else:
            q_given_x = posterior.log_prob(z)[:, chosen].sum(1)
            of_dims = torch.tensor(dims, dtype=torch.int64)
            q = log_subset(z, posterior, of_dims, concretes, step.own_mixing, step.mixed)
        return {**elbo_terms(step), "anchored_information": q_given_x - q}

    def weights(self, space: LatentSpace, progress: Progress) -> dict[str, float]:
        """Weight of the KL divergence, and -λ."""
        self._variables(space)
        return {"kl": 1.0, "anchored_information": -value_at(self.lam, progress)}

    def _variables(self, space: LatentSpace) -> tuple[list[int], list[int]]:
        """Gaussian dimensions and Concrete variables that the anchors select."""
        if self.anchors[-1] >= space.n_topics:
            raise ValueError(
                f"anchors={self.anchors!r} contains topic {self.anchors[-1]}, "
                f"but topics are numbered 0 to {space.n_topics - 1}"
            )
        dim_of = space.gaussian.cumsum() - 1
        dims = [int(dim_of[a]) for a in self.anchors if space.gaussian[a]]
        groups = sorted({int(space.topic_groups[a]) for a in self.anchors if not space.gaussian[a]})
        return dims, [c for d in groups for c in space.concretes_in(slice(d, d + 1))]
