"""The prior p(z) in training and analysis: its log density at every level, and when a loss is bounded."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from hftopic.latent.posterior import LOG_2PI, MeanFieldPosterior, log_normal
from hftopic.latent.space import LatentSpace, Levels


@dataclass(frozen=True)
class LatentPrior:
    """p(z): a Gaussian, and independent classes of each Concrete variable.

    Attributes
    ----------
    space : LatentSpace
    mean : Tensor, shape (K,)
    covariance : Tensor, shape (K,) or (K, K)
        Variances where dimensions are independent.
    """

    space: LatentSpace
    mean: Tensor
    covariance: Tensor

    @property
    def factorises(self) -> bool:
        """Whether all variables are independent."""
        return self.covariance.ndim == 1

    @property
    def variance(self) -> Tensor:
        """Of each dimension, shape (K,)."""
        return self.covariance if self.factorises else self.covariance.diagonal()

    def log_prob(self, z: Tensor, posterior: MeanFieldPosterior) -> Levels:
        """log p of a sample (B, K) at each level, averaged over the classes of ``posterior``."""
        return self._levels(z, torch.zeros_like(z), posterior)

    def expected_log_prob(self, posterior: MeanFieldPosterior) -> Levels:
        """E_q[log p] at each level in closed form."""
        return self._levels(posterior.mean, posterior.log_variance.exp(), posterior)

    def kl(self, posterior: MeanFieldPosterior) -> Tensor:
        """KL(q(z|x) || p(z)) of z whole in closed form, shape (B,), in nats."""
        if self.factorises:
            return self.kl_of_variables(posterior).sum(1)
        return posterior.negative_entropy().sum(1) - self.expected_log_prob(posterior).joint

    def kl_of_variables(self, posterior: MeanFieldPosterior) -> Tensor:
        """KL(q(z_e|x) || p(z_e)) of each variable alone in closed form, shape (B, V), in nats."""
        log_ratio = posterior.log_variance - self.variance.log()
        scaled = (posterior.mean - self.mean).square() / self.variance
        classes = [
            (log_pi.exp() * (log_pi - log_p)).sum(1, keepdim=True)
            for log_pi, log_p in zip(posterior.log_classes, self.log_classes(), strict=True)
        ]
        return torch.cat([0.5 * (log_ratio.exp() + scaled - 1 - log_ratio), *classes], 1)

    def log_classes(self) -> list[Tensor]:
        """log p(c) of each Concrete variable, shape (classes,) each."""
        return [concrete.log_prior().to(self.mean) for concrete in self.space.concretes]

    def expand(self, n_documents: int) -> MeanFieldPosterior:
        """The prior of each variable in the form of a posterior, for documents without words."""
        return MeanFieldPosterior(
            self.mean.expand(n_documents, -1),
            self.variance.log().expand(n_documents, -1),
            tuple(log_p.expand(n_documents, -1) for log_p in self.log_classes()),
        )

    def _levels(self, point: Tensor, spread: Tensor, posterior: MeanFieldPosterior) -> Levels:
        """Mean of log p over Gaussians around ``point`` with variances ``spread``, shape (B, K) each."""
        classes = [
            (log_pi.exp() * log_p).sum(1)
            for log_pi, log_p in zip(posterior.log_classes, self.log_classes(), strict=True)
        ]
        dims = log_normal(point, self.mean, self.variance.log()) - 0.5 * spread / self.variance
        block = None if self.factorises else partial(self._log_block, point, spread)
        return self.space.levels_of(dims, classes, block)

    def _log_block(self, point: Tensor, spread: Tensor, dims: slice) -> Tensor:
        """The same of one block of dimensions, whose marginal has its block of the covariance, shape (B,)."""
        if dims.start == dims.stop:
            return point.new_zeros(len(point))
        root = torch.linalg.cholesky(self.covariance[dims, dims])
        whitened = torch.linalg.solve_triangular(root, (point[:, dims] - self.mean[dims]).T, upper=False)
        precision = torch.cholesky_inverse(root).diagonal()
        log_determinant = 2 * root.diagonal().log().sum()
        n = dims.stop - dims.start
        total: Tensor = whitened.square().sum(0) + spread[:, dims] @ precision + log_determinant + n * LOG_2PI
        return -0.5 * total


def check_bounded(prior: LatentPrior, weights: Sequence[float]) -> None:
    """Refuse weights with which the prior's terms push z away without end.

    The objective's log p terms are ½ zᵀ M z, with M = Σ_levels c blockdiag(Σ⁻¹ of the level's blocks) and c a
    level's weight less that of the level outside it. For two levels that is
    β Σ⁻¹ + (γ - β) blockdiag(Σ_dd⁻¹) + (w - γ) diag(Σ_ee)⁻¹, and M must have no negative eigenvalue.

    Parameters
    ----------
    prior : LatentPrior
    weights : sequence of float
        Of the levels from the outside in: β of each level of groups, γ, w.

    Raises
    ------
    ValueError
        With the eigenvalue and what to change.
    """
    if prior.space.n_dims == 0:
        return
    covariance = prior.covariance.double()
    covariance = torch.diag(covariance) if prior.factorises else covariance
    steps = np.diff([0.0, *weights])
    bounds = [[prior.space.dims_in(node) for node in nodes] for nodes in prior.space.partitions]
    bounds.append([slice(e, e + 1) for e in range(prior.space.n_dims)])
    total = torch.zeros_like(covariance)
    for step, blocks in zip(steps.tolist(), bounds, strict=True):
        for dims in blocks:
            total[dims, dims] += step * torch.linalg.inv(covariance[dims, dims])
    eigenvalues = torch.linalg.eigvalsh(total)
    lowest, highest = float(eigenvalues[0]), float(eigenvalues.abs().max())
    if lowest < -1e-9 * max(1.0, highest):
        raise ValueError(
            "with these weights the loss falls without bound: the matrix of the prior's terms has the "
            f"eigenvalue {lowest:.3g} and must have none below 0. Give the prior weaker correlations, "
            "or bring beta, gamma and the weight of each dimension nearer to each other"
        )
