"""Inference marginals: log q(z), log q(z_d) and log q(z_d,e) as mixtures over documents.

Each is the log of a weighted sum, over documents x', of q(z|x') at a sample z. One autograd function computes
the three levels together, a dimension at a time in buffers of one (rows, documents) block, so that nothing of
shape (rows, documents, dimensions) exists.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from hftopic.latent import LOG_2PI, GaussianPosterior, LatentSpace, Levels

# Entries in one (rows, documents) block: 1 MB of float32 stays in a core's cache.
BLOCK_ENTRIES = 2**18


def log_marginals(z: Tensor, posterior: GaussianPosterior, space: LatentSpace, n_documents: int) -> Levels:
    """Estimate of the marginals at the batch's own samples, from the batch alone.

    log q̂(z^b) = log [ (1/N) q(z^b|x^b) + (N-1)/(N(B-1)) Σ_{b'≠b} q(z^b|x^b') ], at each level
    (Esmaeili et al. 2019, section 3.1). The document itself is in the corpus for certain and weighs 1/N;
    the others stand for a sample of the remaining N-1. With B = N the estimate is exact.

    Parameters
    ----------
    z : Tensor, shape (B, K)
        ``z[b]`` drawn from the posterior of document b.
    posterior : GaussianPosterior
        Of the B documents of the batch, drawn without replacement.
    space : LatentSpace
    n_documents : int
        N, the documents trained on, at least B.

    Returns
    -------
    Levels
        In nats; differentiable in ``z`` and in the posterior's moments.
    """
    own, other = log_weights(len(z), n_documents)
    return _levels(z, posterior, space, own=own, other=other)


def log_weights(batch_size: int, n_documents: int) -> tuple[float, float]:
    """Log weights of a document's own component and of each other one; the weights sum to 1.

    Raises
    ------
    ValueError
        A batch of one document, or one larger than the corpus.
    """
    if not 2 <= batch_size <= n_documents:
        raise ValueError(
            f"the marginals need a batch of 2 documents or more, at most all {n_documents}; got {batch_size}"
        )
    return -math.log(n_documents), math.log((n_documents - 1) / (n_documents * (batch_size - 1)))


def log_mixture(z: Tensor, posterior: GaussianPosterior, space: LatentSpace) -> Levels:
    """Marginals at any samples under the full mixture (1/M) Σ_m q(z|x_m), for evaluation.

    Parameters
    ----------
    z : Tensor, shape (R, K)
    posterior : GaussianPosterior
        Of M documents.
    space : LatentSpace
    """
    weight = -math.log(len(posterior.mean))
    return _levels(z, posterior, space, own=weight, other=weight)


def _levels(z: Tensor, posterior: GaussianPosterior, space: LatentSpace, own: float, other: float) -> Levels:
    apply: Callable[..., tuple[Tensor, Tensor, Tensor]] = _Mixture.apply
    return Levels(*apply(z, posterior.mean, posterior.log_variance, space, own, other))


class _Components:
    """Log densities of a block of samples under every document, one dimension at a time.

    Dimensions come first in memory (K, M), so that each is one contiguous run.
    """

    def __init__(self, mean: Tensor, log_variance: Tensor, own_over_other: float) -> None:
        self.mean = mean.T.contiguous()
        self.precision = torch.exp(-0.5 * log_variance).T.contiguous()  # 1/σ
        self.constant = (-0.5 * (log_variance + LOG_2PI)).T.contiguous()
        self.own_over_other = own_over_other

    def scaled(self, z: Tensor, e: int, out: Tensor) -> Tensor:
        """(z_e - μ_e) / σ_e, shape (R, M)."""
        return torch.sub(z[:, e, None], self.mean[e], out=out).mul_(self.precision[e])

    def log_density(self, scaled: Tensor, e: int, out: Tensor) -> Tensor:
        """log q(z_e|x'), shape (R, M)."""
        return torch.addcmul(self.constant[e], scaled, scaled, value=-0.5, out=out)

    def favour_own(self, log_density: Tensor, first_row: int) -> Tensor:
        """Log densities with each sample's own document weighted against the others, in place."""
        if self.own_over_other:
            log_density.diagonal(offset=first_row).add_(self.own_over_other)
        return log_density


def _row_blocks(n_rows: int, n_columns: int) -> list[slice]:
    height = max(1, BLOCK_ENTRIES // n_columns)
    return [slice(start, min(start + height, n_rows)) for start in range(0, n_rows, height)]


def _logsumexp_(block: Tensor) -> Tensor:
    """Row-wise log of a sum of exponentials that uses the block as its working space."""
    highest = block.amax(1, keepdim=True)
    return block.sub_(highest).exp_().sum(1).log_().add_(highest[:, 0])


class _Mixture(torch.autograd.Function):
    """Three levels of log Σ_m w_m q(z|x_m), forward and backward in cache-sized blocks.

    The backward pass needs the responsibilities r = w_m q(z|x_m) / q̂(z) of every level; it computes them
    again rather than keep them.
    """

    @staticmethod
    def forward(
        ctx: Any, z: Tensor, mean: Tensor, log_variance: Tensor, space: LatentSpace, own: float, other: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        components = _Components(mean, log_variance, own - other)
        dims = torch.empty_like(z)
        groups = z.new_empty(len(z), space.n_groups)
        joint = z.new_empty(len(z))
        for rows in _row_blocks(len(z), len(mean)):
            block = z[rows]
            scaled, density = (z.new_empty(len(block), len(mean)) for _ in range(2))
            in_joint = torch.zeros_like(density)
            for d, group in enumerate(space.slices):
                in_group = torch.zeros_like(density)
                for e in range(group.start, group.stop):
                    components.scaled(block, e, out=scaled)
                    in_group += components.log_density(scaled, e, out=density)
                    dims[rows, e] = _logsumexp_(components.favour_own(density, rows.start))
                in_joint += in_group
                groups[rows, d] = _logsumexp_(components.favour_own(in_group, rows.start))
            joint[rows] = _logsumexp_(components.favour_own(in_joint, rows.start))
        ctx.save_for_backward(z, mean, log_variance)
        ctx.space, ctx.own_over_other = space, own - other
        return joint + other, groups + other, dims + other

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        z, mean, log_variance = ctx.saved_tensors
        components = _Components(mean, log_variance, ctx.own_over_other)
        into_z = torch.empty_like(z)
        into_mean, into_log_variance = torch.zeros_like(components.mean), torch.zeros_like(components.mean)
        for rows in _row_blocks(len(z), len(mean)):
            levels = Levels(*(gradient[rows] for gradient in upstream))
            _backward_rows(
                components, ctx.space, z[rows], rows.start, levels, into_z[rows], into_mean, into_log_variance
            )
        return into_z, into_mean.T, into_log_variance.T, None, None, None


def _backward_rows(
    components: _Components,
    space: LatentSpace,
    z: Tensor,
    first_row: int,
    upstream: Levels,
    into_z: Tensor,
    into_mean: Tensor,
    into_log_variance: Tensor,
) -> None:
    """Gradients of one block of samples: written into ``into_z``, added to the components'."""
    scaled, density = (z.new_empty(len(z), components.mean.shape[1]) for _ in range(2))
    shared = _group_responsibilities(components, space, z, first_row, upstream, scaled, density)
    powers = torch.ones(2, len(z), dtype=z.dtype, device=z.device)  # rows 1 and z_e
    for d, group in enumerate(space.slices):
        for e in range(group.start, group.stop):
            components.scaled(z, e, out=scaled)
            components.favour_own(components.log_density(scaled, e, out=density), first_row)
            share = torch.softmax(density, 1)
            torch.addcmul(shared[d], share, upstream.dims[:, e, None], out=density)  # Σ_levels g r
            share_of_document = powers[0] @ density
            scaled *= density
            powers[1] = z[:, e]
            zeroth, first = powers @ scaled  # Σ_b g r t and Σ_b g r t z, where t = (z-μ)/σ
            precision = components.precision[e]
            into_z[:, e] = -(scaled @ precision)
            into_mean[e] += precision * zeroth
            squares = precision * (first - components.mean[e] * zeroth)  # Σ_b g r t²
            into_log_variance[e] += 0.5 * (squares - share_of_document)


def _group_responsibilities(
    components: _Components,
    space: LatentSpace,
    z: Tensor,
    first_row: int,
    upstream: Levels,
    scaled: Tensor,
    density: Tensor,
) -> list[Tensor]:
    """Weighted responsibilities of the joint and of each group, added up: one (R, M) a group."""
    log_groups = []
    in_joint = torch.zeros_like(density)
    for group in space.slices:
        in_group = torch.zeros_like(density)
        for e in range(group.start, group.stop):
            components.scaled(z, e, out=scaled)
            in_group += components.log_density(scaled, e, out=density)
        log_groups.append(in_group)
        in_joint += in_group
    of_joint = torch.softmax(components.favour_own(in_joint, first_row), 1).mul_(upstream.joint[:, None])
    return [
        torch.softmax(components.favour_own(in_group, first_row), 1)
        .mul_(upstream.groups[:, d, None])
        .add_(of_joint)
        for d, in_group in enumerate(log_groups)
    ]
