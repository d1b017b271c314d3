r"""Moments of z = log Σ exp z_i, the latent variable of merged topics.

A softmax of variables z gives a topic exp(z_i) / Σ_j exp(z_j). With log (exp z_1 + exp z_2) instead of two of
them, it gives the sum of their two proportions, and all other proportions stay: this is what merging means.
A variable that is left out divides the others by their sum: this is what dropping means.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

NODES = 64  # of the Gauss-Hermite quadrature


class Sums(NamedTuple):
    """Gaussian with the moments of the merged variables."""

    mean: Tensor  # (K',)
    covariance: Tensor  # (K', K')
    slopes: Tensor  # (K', K), the mean of the derivative of each sum in each variable


def sum_of_independent(mean: Tensor, variance: Tensor, members: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Mean and variance of log Σ exp z_i of some independent Gaussians, (B,) each, in float64.

    Two are exact up to the quadrature. More are added one by one, each sum taken for a Gaussian.
    """
    first, *others = members
    total, spread = mean[:, first].double(), variance[:, first].double()
    for other in others:
        total, spread, _ = _pair(
            total, spread, mean[:, other].double(), variance[:, other].double(), torch.zeros_like(spread)
        )
    return total, spread


def sums_of(mean: Tensor, covariance: Tensor, members: Sequence[Sequence[int]]) -> Sums:
    """The sums of some of the variables of a Gaussian, in float64, as exact as :func:`sum_of_independent`.

    By Stein's lemma, the covariance of a sum with another Gaussian variable is that of the linear function
    with the mean slopes of the sum.

    Parameters
    ----------
    mean : Tensor, shape (K,)
    covariance : Tensor, shape (K, K)
    members : sequence of sequences of int
    """
    sums = [_sum_of(mean.double(), covariance.double(), topics) for topics in members]
    means, variances, slopes = (torch.stack(one) for one in zip(*sums, strict=True))
    joint = slopes @ covariance.double() @ slopes.T
    return Sums(means, joint - torch.diag(joint.diagonal()) + torch.diag(variances), slopes)


def means_of_sums(mean: Tensor, covariance: Tensor, members: Sequence[Sequence[int]]) -> Tensor:
    """Means of the sums for Gaussians with one covariance, from (B, K) to (B, K'), in float64."""
    return torch.stack([_sum_of(mean.double(), covariance.double(), topics)[0] for topics in members], 1)


def _sum_of(mean: Tensor, covariance: Tensor, members: Sequence[int]) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and variance of the sum, (...), and its mean slopes, (..., K), for means (..., K)."""
    first, *others = members
    total, slope = mean[..., first], torch.zeros_like(mean)
    slope[..., first] = 1.0
    spread = covariance[first, first].expand_as(total)
    for other in others:
        both, own = (slope * covariance[other]).sum(-1), covariance[other, other].expand_as(total)
        total, spread, weight = _pair(total, spread, mean[..., other], own, both)
        slope = weight[..., None] * slope
        slope[..., other] = 1 - weight
    return total, spread, slope


def _pair(a: Tensor, var_a: Tensor, b: Tensor, var_b: Tensor, both: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean and variance of log (exp a + exp b), and the mean of its derivative in a, for Gaussians a and b.

    It is b + softplus(a - b), and Cov(b, softplus(d)) = Cov(b, d) E[sigmoid(d)].
    """
    nodes, weights = np.polynomial.hermite.hermgauss(NODES)
    points = torch.from_numpy(nodes * math.sqrt(2)).to(a.device)
    share = torch.from_numpy(weights / weights.sum()).to(a.device)
    deviation = (var_a + var_b - 2 * both).clamp_min(0).sqrt()
    d = (a - b)[..., None] + deviation[..., None] * points
    soft = functional.softplus(d)
    mean, weight = (soft * share).sum(-1), (torch.sigmoid(d) * share).sum(-1)
    variance = ((soft - mean[..., None]).square() * share).sum(-1)
    return b + mean, var_b + 2 * (both - var_b) * weight + variance, weight
