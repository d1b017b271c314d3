"""Densities of samples under the posteriors of documents, all pairs of them, with their gradients.

Two autograd functions carry nearly all the cost of the grouped objective. Densities of whole groups are one
matrix product in float64. Marginals of single dimensions take an exponential for every sample, document and
dimension; they are worked out in a buffer that stays in a core's cache, so that nothing of shape (samples,
documents, dimensions) exists.
"""

import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor

from hftopic.mixtures import Mixing, MixtureWeights
from hftopic.posterior import LOG_2PI, MeanFieldPosterior

LOG_2 = math.log(2)  # exponents are in base 2: that exponential takes half the time of the one in base e
# Relative to the largest, 2^-64 adds nothing to a sum, and products with it stay normal numbers: processors take a
# hundred times as long over subnormal ones.
LOWEST_EXPONENT = -64.0
# Entries of the buffer of (dimensions, samples, documents): what two cores keep in cache; on a GPU, few calls.
CACHED_ENTRIES = 2**19
GPU_ENTRIES = 2**26


def group_densities(z: Tensor, components: MeanFieldPosterior, groups: Sequence[slice]) -> list[Tensor]:
    """log q(z_d|x_m) of each sample z_r and document m, shape (R, M), in nats, for each group d.

    Parameters
    ----------
    z : Tensor, shape (R, K)
    components : MeanFieldPosterior
        Of the M documents.
    groups : sequence of slice
        Dimensions of each group.
    """
    apply: Callable[..., Tensor] = _GroupDensity.apply
    return [apply(z[:, d], components.mean[:, d], components.log_variance[:, d]) for d in groups]


def dimension_marginals(z: Tensor, components: MeanFieldPosterior, mixing: Mixing) -> Tensor:
    """log Σ_m w_m q(z_e|x_m) of each sample and single dimension, shape (R, K), in nats.

    Samples are mixed over their run of documents only, where ``mixing`` has partners; then sample r is that of
    document r.
    """
    apply: Callable[..., Tensor] = _DimensionMarginals.apply
    return apply(z, components.mean, components.log_variance, mixing)


def log_mixed(log_density: Tensor, weights: MixtureWeights) -> Tensor:
    """log Σ_m w_m exp(log_density_rm), shape (R,), in nats; differentiable in ``log_density`` (R, M)."""
    apply: Callable[..., Tensor] = _LogMixed.apply
    return apply(log_density, weights)


class _GroupDensity(torch.autograd.Function):
    """-½ Σ_e ((z_e - μ_e)²/σ_e² + log 2πσ_e²), with the square expanded: a product of (R, 2K+1) by (2K+1, M).

    Where σ is small and z far out the expansion cancels, which float64 has the digits for.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
        ctx.save_for_backward(z, mean, log_variance)
        mu, log_v = mean.double(), log_variance.double()
        precision = torch.exp(-log_v)
        constant = (precision * mu.square() + log_v + LOG_2PI).sum(1, keepdim=True)
        documents = torch.cat([-0.5 * precision, precision * mu, -0.5 * constant], 1)
        return (_powers(z.double()) @ documents.T).to(z.dtype)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        z, mean, log_variance = ctx.saved_tensors
        n, precision = z.shape[1], torch.exp(-log_variance)
        pulls = upstream[0] @ torch.cat([precision, precision * mean], 1)
        into_z = pulls[:, n:] - z * pulls[:, :n]
        mu, precision = mean.double(), precision.double()
        squares, firsts, zeroth = (_powers(z.double()).T @ upstream[0].double()).T.split([n, n, 1], 1)
        into_mean = precision * (firsts - mu * zeroth)
        spread = precision * (squares - 2 * mu * firsts + mu.square() * zeroth)
        into_log_variance = 0.5 * (spread - zeroth)
        return into_z, into_mean.to(mean.dtype), into_log_variance.to(mean.dtype)


def _powers(z: Tensor) -> Tensor:
    """z², z and 1 side by side, shape (R, 2K+1)."""
    return torch.cat([z.square(), z, z.new_ones(len(z), 1)], 1)


class _LogMixed(torch.autograd.Function):
    """Log of a weighted sum of exponentials; the shares of the documents in it are its gradient."""

    @staticmethod
    def forward(ctx: Any, log_density: Tensor, weights: MixtureWeights) -> Tensor:
        exponents = weights.relative_(log_density * (1 / LOG_2), unit=LOG_2)
        highest = exponents.amax(1, keepdim=True)
        shares = exponents.sub_(highest).clamp_min_(LOWEST_EXPONENT).exp2_()
        total = shares.sum(1)
        ctx.save_for_backward(shares.div_(total[:, None]))
        return (total.log2() + highest[:, 0]) * LOG_2 + weights.other

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        (shares,) = ctx.saved_tensors
        return shares * upstream[0][:, None], None


class _DimensionMarginals(torch.autograd.Function):
    """Marginals of single dimensions as mixtures.

    On the CPU the forward pass leaves with the gradients of Σ_r of each marginal, while the exponentials are in
    cache. They are all that a loss needs in which every sample has the same weight; for others, and on a
    GPU, the backward pass computes the exponentials again.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, mean: Tensor, log_variance: Tensor, mixing: Mixing) -> Tensor:
        ctx.mixing = mixing
        at_once = any(ctx.needs_input_grad) and z.device.type == "cpu"
        result, gradients = _mix_dimensions(
            z, mean, log_variance, mixing, torch.ones_like(z) if at_once else None
        )
        ctx.save_for_backward(z, mean, log_variance, *gradients)
        return result

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        z, mean, log_variance, *gradients = ctx.saved_tensors
        weights = upstream[0]
        if gradients and bool((weights == weights[:1]).all()):
            return *(gradient * weights[:1] for gradient in gradients), None
        _, gradients = _mix_dimensions(z, mean, log_variance, ctx.mixing, weights)
        return *gradients, None


def _mix_dimensions(
    z: Tensor, mean: Tensor, log_variance: Tensor, mixing: Mixing, upstream: Tensor | None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """The marginals (R, K); with ``upstream`` (R, K) also the gradients of Σ upstream * marginals."""
    pass_ = _Pass(*(moment.detach().T.contiguous() for moment in (z, mean, log_variance)), upstream)
    runs = mixing.runs(len(z))
    for rows in runs:
        documents = rows if len(runs) > 1 else slice(0, len(mean))
        weights = mixing.weights(documents.stop - documents.start)
        for part, dims in pass_.blocks(rows, documents):
            pass_.run(part, documents, dims, weights, part.start - rows.start)
        pass_.log_sums[:, rows] += weights.other
    return pass_.log_sums.T, () if upstream is None else pass_.gradients()


class _Pass:
    """Sums over a block of dimensions, samples and documents at a time; dimensions come first in memory.

    A density is 2 to the power of c - t², with t = (z - μ) s, s = sqrt(log2(e)/2)/σ and c = -log2(σ sqrt(2π)).
    """

    def __init__(self, z: Tensor, mean: Tensor, log_variance: Tensor, upstream: Tensor | None) -> None:
        self.z, self.mean = z, mean  # (K, R) and (K, M)
        self.upstream = None if upstream is None else upstream.T
        self.scale = torch.exp(-0.5 * log_variance) * math.sqrt(0.5 / LOG_2)
        self.constant = (log_variance + LOG_2PI) * (-0.5 / LOG_2)
        self.log_sums = torch.empty_like(z)
        if upstream is not None:
            self.pulled = torch.empty_like(z)  # Σ_m share s t
            self.shares = torch.zeros_like(mean)  # Σ_r share
            self.moments = mean.new_zeros(len(mean), 2, mean.shape[1])  # Σ_r share t and Σ_r share t z
            self.powers = torch.stack([torch.ones_like(z), z], 1)
        self.most_entries = CACHED_ENTRIES if z.device.type == "cpu" else GPU_ENTRIES
        self.buffers = z.new_empty(2, max(self.most_entries, mean.shape[1]))

    def blocks(self, rows: slice, documents: slice) -> list[tuple[slice, slice]]:
        """Samples and dimensions of each block of the samples in ``rows``."""
        width = documents.stop - documents.start
        height = min(rows.stop - rows.start, max(1, self.most_entries // width))
        depth = max(1, self.most_entries // (width * height))
        parts = [slice(a, min(a + height, rows.stop)) for a in range(rows.start, rows.stop, height)]
        return list(product(parts, [slice(e, e + depth) for e in range(0, len(self.z), depth)]))

    def run(
        self, rows: slice, documents: slice, dims: slice, weights: MixtureWeights, first_row: int
    ) -> None:
        """One block, with log sums relative to the weight of an "other" document."""
        z, mean, scale = self.z[dims, rows, None], self.mean[dims, None, documents], self.scale[dims, None, documents]
        shape = torch.broadcast_shapes(z.shape, mean.shape)
        t, density = self.buffers[:, : math.prod(shape)].view(2, *shape)
        torch.sub(z, mean, out=t).mul_(scale)
        torch.addcmul(self.constant[dims, None, documents], t, t, value=-1, out=density)
        weights.relative_(density, first_row, LOG_2)
        highest = density.amax(2, keepdim=True)
        total = density.sub_(highest).clamp_min_(LOWEST_EXPONENT).exp2_().sum(2)
        torch.add(highest[:, :, 0], total.log2(), out=self.log_sums[dims, rows]).mul_(LOG_2)
        if self.upstream is None:
            return
        share = density.mul_((self.upstream[dims, rows] / total)[:, :, None])
        self.shares[dims, documents] += share.sum(1)
        pull = t.mul_(share)
        self.moments[dims, :, documents] += self.powers[dims, :, rows] @ pull
        torch.sum(pull.mul_(scale), 2, out=self.pulled[dims, rows])

    def gradients(self) -> tuple[Tensor, Tensor, Tensor]:
        """Of the samples, (R, K), and of the documents' means and log variances, (M, K)."""
        zeroth, first = self.moments.unbind(1)
        squares = self.scale * (first - self.mean * zeroth)  # Σ_r share t²
        into_log_variance = LOG_2 * squares - 0.5 * self.shares
        return -2 * LOG_2 * self.pulled.T, (2 * LOG_2 * self.scale * zeroth).T, into_log_variance.T
