"""Densities of all samples under the posteriors of all documents, with their gradients.

Two autograd functions dominate the cost of the grouped objective. The densities of whole groups are one
matrix product. The marginals of single dimensions need one exponential per sample, document and dimension;
they are computed block by block in a buffer that fits in the CPU cache, so a (samples, documents, dimensions)
tensor is never built.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from hftopic._compiled import usable
from hftopic.latent.posterior import LOG_2PI, MeanFieldPosterior
from hftopic.objective.minibatch import Mixing, MixtureWeights

LOG_2 = math.log(2)  # exponents are in base 2, because exp2 takes half the time of exp
# Exponents are relative to the largest one. A term of 2^-64 does not change a float32 sum, and products with
# it are not subnormal; arithmetic with subnormal numbers is many times slower.
LOWEST_EXPONENT = -64.0
FARTHEST = 64.0  # |z|/σ whose square has a float32 rounding error of 64² 2^-24
# Entries of the buffer of (dimensions, samples, documents). On the CPU it fits in cache; on a GPU a larger
# buffer needs fewer calls.
CACHED_ENTRIES = 2**19
GPU_ENTRIES = 2**26


def group_densities(z: Tensor, components: MeanFieldPosterior, groups: Sequence[slice]) -> list[Tensor]:
    """log2 q(z_d|x_m) of each sample z_r and document m, shape (R, M), in bits, for each group d.

    Parameters
    ----------
    z : Tensor, shape (R, K)
    components : MeanFieldPosterior
        Posterior of the M documents.
    groups : sequence of slice
        Dimensions of each group.
    """
    apply: Callable[..., Tensor] = _GroupDensity.apply
    return [apply(z[:, d], components.mean[:, d], components.log_variance[:, d]) for d in groups]


def dimension_marginals(z: Tensor, components: MeanFieldPosterior, mixing: Mixing) -> Tensor:
    """log Σ_m w_m q(z_e|x_m) of each sample and single dimension, shape (R, K), in nats.

    If ``mixing`` has ``partners``, sample r must be drawn from document r, and its mixture contains only the
    documents of its run.
    """
    apply: Callable[..., Tensor] = _DimensionMarginals.apply
    return apply(z, components.mean, components.log_variance, mixing)


def log_mixed(bits: Tensor, weights: MixtureWeights) -> Tensor:
    """log Σ_m w_m 2^bits_rm, shape (R,), in nats; differentiable in ``bits`` (R, M)."""
    apply: Callable[..., Tensor] = _LogMixed.apply
    return apply(bits, weights)


class _GroupDensity(torch.autograd.Function):
    """-½ Σ_e ((z_e - μ_e)²/σ_e² + log 2πσ_e²) in bits, with the square expanded: (R, 2K+1) times (2K+1, M).

    If σ is small and |z| is large, the expansion suffers from cancellation, so it is computed in float64.
    """

    @staticmethod
    def forward(ctx: Any, z: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
        ctx.save_for_backward(z, mean, log_variance)
        ctx.dtype = _dtype_of_squares(z, log_variance)
        at, mu, log_v = (moment.to(ctx.dtype) for moment in (z, mean, log_variance))
        precision = torch.exp(-log_v)
        constant = (precision * mu.square() + log_v + LOG_2PI).sum(1, keepdim=True)
        documents = torch.cat([-0.5 * precision, precision * mu, -0.5 * constant], 1) / LOG_2
        return (_powers(at) @ documents.T).to(z.dtype)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        z, mean, log_variance = ctx.saved_tensors
        n, precision = z.shape[1], torch.exp(-log_variance) / LOG_2
        pulls = upstream[0] @ torch.cat([precision, precision * mean], 1)
        into_z = pulls[:, n:] - z * pulls[:, :n]
        at, mu, precision, shares = (t.to(ctx.dtype) for t in (z, mean, precision, upstream[0]))
        sums = (_powers(at).T @ shares).T
        squares, firsts, zeroth = sums[:, :n], sums[:, n:-1], sums[:, -1:]
        into_mean = precision * (firsts - mu * zeroth)
        spread = precision * (squares - 2 * mu * firsts + mu.square() * zeroth)
        into_log_variance = 0.5 * (spread - zeroth / LOG_2)
        return into_z, into_mean.to(mean.dtype), into_log_variance.to(mean.dtype)


def _dtype_of_squares(z: Tensor, log_variance: Tensor) -> torch.dtype:
    """float64 if the float32 error in (z - μ)²/σ² could exceed 3e-4.

    On a GPU it is always float64, because a check would need a synchronisation.
    """
    if z.device.type != "cpu" or z.numel() == 0:
        return torch.float64
    farthest = z.detach().abs().amax(0) * torch.exp(-0.5 * log_variance.detach()).amax(0)
    return z.dtype if float(farthest.amax()) < FARTHEST else torch.float64


def _powers(z: Tensor) -> Tensor:
    """Columns z², z and 1, shape (R, 2K+1)."""
    return torch.cat([z.square(), z, z.new_ones(len(z), 1)], 1)


class _LogMixed(torch.autograd.Function):
    """Log of a weighted sum of exponentials; its gradient is the share of each document in the sum."""

    @staticmethod
    def forward(ctx: Any, bits: Tensor, weights: MixtureWeights) -> Tensor:
        log_sums, shares, total = _mix_rows(bits, weights)
        ctx.save_for_backward(shares, total)
        return log_sums

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:
        shares, total = ctx.saved_tensors
        return shares * (LOG_2 * upstream[0] / total)[:, None], None


def _mix_rows(bits: Tensor, weights: MixtureWeights) -> tuple[Tensor, Tensor, Tensor]:
    """Log sums in nats, shape (R,), the terms as parts of the largest, (R, M), and their sums, (R,)."""
    if usable(bits.numel(), bits):
        from hftopic._compiled.calls import mix_rows

        return mix_rows(bits, weights)
    highest = bits.amax(1, keepdim=True)
    shares = weights.relative_(bits - highest, unit=LOG_2).clamp_min_(LOWEST_EXPONENT).exp2_()
    total = shares.sum(1)
    return (total.log2() + highest[:, 0]) * LOG_2 + weights.other, shares, total


class _DimensionMarginals(torch.autograd.Function):
    """Marginals of single dimensions as mixtures.

    On the CPU the forward pass also computes the gradients of Σ_r of each marginal, while the exponentials
    are in cache. They are sufficient if every sample has the same weight in the loss. Otherwise, and on a
    GPU, the backward pass recomputes the exponentials.
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
    """The marginals (R, K) and, if ``upstream`` (R, K) is given, the gradients of Σ upstream * marginals."""
    marginals, into_z = torch.empty_like(z), torch.empty_like(z)
    into_mean, into_log_variance = torch.zeros_like(mean), torch.zeros_like(mean)
    for part in mixing.parts(len(z), len(mean)):
        rows, documents, n_runs = part.rows, part.documents, part.n_runs
        given = z[rows], mean[documents], log_variance[documents]
        weighed = () if upstream is None else (upstream[rows],)
        places = marginals[rows], into_z[rows], into_mean[documents], into_log_variance[documents]
        if usable(given[0].numel() * part.size, *given, *weighed):
            from hftopic._compiled.calls import mix_runs

            mix_runs(given, weighed, places, n_runs, part.weights)
            continue
        answers = _mix_curves(
            *(_curves(tensor, n_runs) for tensor in (*given, *weighed)), weights=part.weights
        )
        for place, answer in zip(places, answers, strict=upstream is not None):
            place.copy_(answer.reshape(z.shape[1], answer.shape[1] * n_runs).T)
    return marginals, () if upstream is None else (into_z, into_mean, into_log_variance)


def _curves(moments: Tensor, n_runs: int) -> Tensor:
    """Reshape (n R, K) to (K n, R): one contiguous row for each dimension of each run."""
    n_rows, n_dims = moments.shape
    return moments.detach().T.reshape(n_dims * n_runs, n_rows // n_runs).contiguous()


def _mix_curves(
    z: Tensor,
    mean: Tensor,
    log_variance: Tensor,
    upstream: Tensor | None = None,
    *,
    weights: MixtureWeights,
) -> list[Tensor]:
    """Log mixtures of E one-dimensional problems with R points (E, R) and M documents (E, M), and gradients.

    A density is 2^(c - t²), with t = (z - μ) s, s = sqrt(log2(e)/2)/σ, c = -log2(σ sqrt(2π)). The computation
    uses blocks of problems and points that fit in the cache.
    """
    scale = torch.exp(-0.5 * log_variance) * math.sqrt(0.5 / LOG_2)
    constant = (log_variance + LOG_2PI) * (-0.5 / LOG_2)
    log_sums = torch.empty_like(z)
    if upstream is not None:
        pulled = torch.empty_like(z)  # Σ_m share s t
        shares = torch.zeros_like(mean)  # Σ_r share
        moments = mean.new_zeros(len(mean), 2, mean.shape[1])  # Σ_r share t and Σ_r share t z
        powers = torch.stack([torch.ones_like(z), z], 1)
    height, depth = _block(z, mean)
    buffers = z.new_empty(2, height * depth * mean.shape[1])
    for e in range(0, len(z), depth):
        of = slice(e, e + depth)
        mu, s, c = mean[of, None], scale[of, None], constant[of, None]
        for start in range(0, z.shape[1], height):
            rows = slice(start, start + height)
            points = z[of, rows, None]
            shape = (len(points), points.shape[1], mean.shape[1])
            t, density = buffers[:, : math.prod(shape)].view(2, *shape)
            torch.sub(points, mu, out=t).mul_(s)
            torch.addcmul(c, t, t, value=-1, out=density)
            weights.relative_(density, start, LOG_2)
            highest = density.amax(2, keepdim=True)
            total = density.sub_(highest).clamp_min_(LOWEST_EXPONENT).exp2_().sum(2)
            torch.add(highest[:, :, 0], total.log2(), out=log_sums[of, rows])
            if upstream is None:
                continue
            share = density.mul_((upstream[of, rows] / total)[:, :, None])
            shares[of] += share.sum(1)
            pull = t.mul_(share)
            moments[of] += powers[of, :, rows] @ pull
            torch.sum(pull.mul_(s), 2, out=pulled[of, rows])
    log_sums.mul_(LOG_2).add_(weights.other)
    if upstream is None:
        return [log_sums]
    zeroth, first = moments.unbind(1)
    squares = scale * (first - mean * zeroth)  # Σ_r share t²
    return [log_sums, -2 * LOG_2 * pulled, 2 * LOG_2 * scale * zeroth, LOG_2 * squares - 0.5 * shares]


def _block(z: Tensor, mean: Tensor) -> tuple[int, int]:
    """Numbers of points and of problems in a block; its buffer has shape (problems, points, documents)."""
    most, width = CACHED_ENTRIES if z.device.type == "cpu" else GPU_ENTRIES, mean.shape[1]
    height = min(z.shape[1], max(1, most // width))
    return max(1, height), max(1, min(len(z), most // (width * max(1, height))))
