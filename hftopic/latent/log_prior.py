"""The prior p(z) in training and analysis: log density at every level, and a check for a bounded loss."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from hftopic._cached import cached_property
from hftopic._devices import sent
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
    class_log_probabilities : tuple of Tensor, shape (classes,) each, optional
        log p(c) of each Concrete variable; by default those of the variables' own priors.
    """

    space: LatentSpace
    mean: Tensor
    covariance: Tensor
    class_log_probabilities: tuple[Tensor, ...] | None = None

    @property
    def factorises(self) -> bool:
        """Whether all variables are independent."""
        return self.covariance.ndim == 1

    @property
    def variance(self) -> Tensor:
        """Variance of each dimension, shape (K,)."""
        return self.covariance if self.factorises else self.covariance.diagonal()

    def to(self, device: torch.device) -> "LatentPrior":
        """The same prior on a device."""
        classes = self.class_log_probabilities
        return replace(
            self,
            mean=sent(self.mean, device),
            covariance=sent(self.covariance, device),
            class_log_probabilities=classes and tuple(sent(of, device) for of in classes),
        )

    def log_prob(self, z: Tensor, posterior: MeanFieldPosterior) -> Levels:
        """log p of a sample (B, K) at each level, averaged over the classes of ``posterior``."""
        return self._levels(z, torch.zeros_like(z), posterior)

    def expected_log_prob(self, posterior: MeanFieldPosterior) -> Levels:
        """E_q[log p] at each level in closed form."""
        return self._levels(posterior.mean, posterior.log_variance.exp(), posterior)

    def expected_log_prob_of(
        self, dims: Sequence[int], concretes: Sequence[int], posterior: MeanFieldPosterior
    ) -> Tensor:
        """E_q[log p] of the joint of some variables in closed form, shape (B,)."""
        chosen = torch.tensor(dims, dtype=torch.int64, device=self.mean.device)
        gaussian = self._log_block(posterior.mean, posterior.log_variance.exp(), chosen)
        of_classes = self._class_means(posterior)
        return sum((of_classes[c] for c in concretes), gaussian)

    def expected_sums(self, posterior: MeanFieldPosterior) -> list[Tensor]:
        """Sums over the parts of each level of E_q[log p], as :meth:`Levels.sums`, shape (B,) each.

        They are those of :meth:`expected_log_prob`, but much faster: each level is one Gaussian whose blocks
        are independent of each other, and the levels share matrix products.
        """
        whitening, precision, constant = self._whitening
        whitened = (posterior.mean - self.mean) @ whitening
        squares = whitened.square().reshape(len(whitened), len(constant), -1).sum(2)
        sums = -0.5 * (squares + posterior.log_variance.exp() @ precision + constant)
        return list(sum((mean[:, None] for mean in self._class_means(posterior)), sums).unbind(1))

    @cached_property
    def _whitening(self) -> tuple[Tensor, Tensor, Tensor]:
        """For L levels: whitening matrices (K, L K), diagonals of the precisions (K, L), and constants (L,).

        They are computed in float64, and are NaN if the covariance is not positive definite, as after
        training has diverged.
        """
        with torch.no_grad():
            whole = (torch.diag(self.covariance) if self.factorises else self.covariance).double()
            masks = sent(torch.from_numpy(self.space.level_masks), whole.device)
            roots, failed = torch.linalg.cholesky_ex(torch.where(masks, whole, 0.0))
            roots = roots.masked_fill((failed > 0)[:, None, None], torch.nan)
            identity = torch.eye(len(whole), dtype=whole.dtype, device=whole.device)
            inverses = torch.linalg.solve_triangular(roots, identity.expand_as(roots), upper=False)
            log_determinants = 2 * roots.diagonal(dim1=1, dim2=2).log().sum(1)
            parts = (
                inverses.permute(2, 0, 1).flatten(1),
                inverses.square().sum(1).T,
                log_determinants + len(whole) * LOG_2PI,
            )
            whitening, precision, constant = (part.to(self.covariance.dtype) for part in parts)
        return whitening, precision, constant

    def kl(self, posterior: MeanFieldPosterior) -> Tensor:
        """KL(q(z|x) || p(z)) of the joint z in closed form, shape (B,), in nats."""
        if self.factorises:
            return self.kl_of_variables(posterior).sum(1)
        return posterior.negative_entropy().sum(1) - self.expected_sums(posterior)[0]

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
        if self.class_log_probabilities is not None:
            return list(self.class_log_probabilities)
        return [concrete.log_prior().to(self.mean) for concrete in self.space.concretes]

    def expand(self, n_documents: int) -> MeanFieldPosterior:
        """The prior of each variable as a posterior of ``n_documents`` documents, for empty documents."""
        return MeanFieldPosterior(
            self.mean.expand(n_documents, -1),
            self.variance.log().expand(n_documents, -1),
            tuple(log_p.expand(n_documents, -1) for log_p in self.log_classes()),
        )

    def _class_means(self, posterior: MeanFieldPosterior) -> list[Tensor]:
        """E_q[log p(c)] of each Concrete variable, shape (B,) each."""
        return [
            (log_pi.exp() * log_p).sum(1)
            for log_pi, log_p in zip(posterior.log_classes, self.log_classes(), strict=True)
        ]

    def _levels(self, point: Tensor, spread: Tensor, posterior: MeanFieldPosterior) -> Levels:
        """Mean of log p over Gaussians around ``point`` with variances ``spread``, shape (B, K) each."""
        classes = self._class_means(posterior)
        dims = log_normal(point, self.mean, self.variance.log()) - 0.5 * spread / self.variance
        block = None if self.factorises else partial(self._log_block, point, spread)
        return self.space.levels_of(dims, classes, block)

    def _log_block(self, point: Tensor, spread: Tensor, dims: slice | Tensor) -> Tensor:
        """The same mean for the marginal of one block of dimensions, shape (B,)."""
        centred = point[:, dims] - self.mean[dims]
        n = centred.shape[1]
        if n == 0:
            return point.new_zeros(len(point))
        matrix = torch.diag(self.covariance) if self.factorises else self.covariance
        root, failed = torch.linalg.cholesky_ex(matrix[dims][:, dims])
        root = root.masked_fill(failed > 0, torch.nan)  # as after training has diverged
        whitened = torch.linalg.solve_triangular(root, centred.T, upper=False)
        precision = torch.cholesky_inverse(root).diagonal()
        log_determinant = 2 * root.diagonal().log().sum()
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
    covariance = prior.covariance.double()
    covariance = torch.diag(covariance) if prior.factorises else covariance
    lowest = lowest_eigenvalue(prior.space, covariance, weights)
    if lowest < 0:
        raise ValueError(
            "with these weights the loss is unbounded below: the matrix of the prior's terms has the "
            f"eigenvalue {lowest:.3g} but all eigenvalues must be >= 0. Use weaker prior correlations, or "
            "choose beta, gamma and dimension_weight closer to each other"
        )


def lowest_eigenvalue(space: LatentSpace, covariance: Tensor, weights: Sequence[float]) -> float:
    """Lowest eigenvalue of the matrix M of :func:`check_bounded`; 0 if it is negative by rounding only.

    ``covariance`` has shape (K, K) and is float64.
    """
    if space.n_dims == 0:
        return 0.0
    steps = np.diff([0.0, *weights])
    *of_levels, of_dims = steps.tolist()
    total = torch.diag(of_dims / covariance.diagonal())
    for step, nodes in zip(of_levels, space.partitions, strict=True):
        for dims in map(space.dims_in, nodes):
            total[dims, dims] += step * torch.linalg.inv(covariance[dims, dims])
    eigenvalues = torch.linalg.eigvalsh(total)
    lowest, highest = float(eigenvalues[0]), float(eigenvalues.abs().max())
    return 0.0 if -1e-9 * max(1.0, highest) <= lowest < 0 else lowest
