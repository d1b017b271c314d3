"""The prior p(z) in training and analysis: log density at every level, and a check for a bounded loss."""

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
    """p(z): a Gaussian, and independent classes for each Concrete variable.

    Attributes
    ----------
    space : LatentSpace
    mean : Tensor, shape (K,)
    covariance : Tensor, shape (K,) or (K, K)
        Covariance matrix, or the variances if the dimensions are independent.
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
        """Variance of each dimension, shape (K,)."""
        return self.covariance if self.factorises else self.covariance.diagonal()

    def log_prob(self, z: Tensor, posterior: MeanFieldPosterior) -> Levels:
        """log p of a sample (B, K) at each level, averaged over the classes of ``posterior``."""
        return self._levels(z, torch.zeros_like(z), posterior)

    def expected_log_prob(self, posterior: MeanFieldPosterior) -> Levels:
        """E_q[log p] at each level in closed form."""
        return self._levels(posterior.mean, posterior.log_variance.exp(), posterior)

    def kl(self, posterior: MeanFieldPosterior) -> Tensor:
        """KL(q(z|x) || p(z)) of the joint z in closed form, shape (B,), in nats."""
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
        """The prior of each variable as a posterior of ``n_documents`` documents, for empty documents."""
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
        """The same mean for the marginal of one block of dimensions, shape (B,)."""
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
    """Check that the loss is bounded for these weights.

    The log p terms of the objective are ½ zᵀ M z, with M = Σ_levels c blockdiag(Σ⁻¹ of the level's blocks),
    where c is the weight of a level minus the weight of the next outer level. For two levels,
    M = β Σ⁻¹ + (γ - β) blockdiag(Σ_dd⁻¹) + (w - γ) diag(Σ_ee)⁻¹. M must have no negative eigenvalue.

    Parameters
    ----------
    prior : LatentPrior
    weights : sequence of float
        Weights of the levels, outermost first: β of each level of groups, γ, w.

    Raises
    ------
    ValueError
        M has a negative eigenvalue; the message gives it and says what to change.
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
            "with these weights the loss is unbounded below: the matrix of the prior's terms has the "
            f"eigenvalue {lowest:.3g} but all eigenvalues must be >= 0. Use weaker prior correlations, or "
            "choose beta, gamma and dimension_weight closer to each other"
        )
