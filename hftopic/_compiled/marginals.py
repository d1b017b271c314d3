"""Marginals of single dimensions: what :mod:`hftopic.objective.pairwise` computes in PyTorch, in one pass.

The densities of a sample under all documents of its run, their sum, and what the gradients need of them stay
in the first cache.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numba import carray
from torch import Tensor

from hftopic._compiled import kernels
from hftopic._compiled.kernels import LOG_2, LOWEST_EXPONENT, claimed, exp2, largest, pointer, real
from hftopic._compiled.threads import run

LOG_2PI = math.log(2 * math.pi)


def mix_runs(
    given: Sequence[Tensor], upstream: Sequence[Tensor], places: Sequence[Tensor], n_runs: int, weights: Any
) -> None:
    """Write log mixtures log Σ_m w_m q(z_e|x_m), and gradients of the sum of upstream times mixture.

    Parameters
    ----------
    given : sequence of Tensor
        Samples (R, K), means and log variances (M, K).
    upstream : sequence of Tensor
        None, or one of shape (R, K). Without any, no gradients are written.
    places : sequence of Tensor
        Where to write the log mixtures (R, K), and the gradients of each of the given.
    n_runs : int
        Samples and documents are divided into so many equal runs.
    weights : MixtureWeights
    """
    z, mean, _ = given
    run(
        LOOPS[z.dtype],
        n_runs * z.shape[1],
        *(n_runs, z.shape[1], len(z) // n_runs, len(mean) // n_runs, weights.first, len(upstream)),
        *((weights.own - weights.other) / LOG_2, (weights.following - weights.other) / LOG_2, weights.other),
        *(*given, *(upstream or given[:1]), *places),
    )


@kernels.part()
def _loop(numbers: Any, number: Any) -> None:
    """All dimensions of all runs; ``number`` is the type of the tensors."""
    n_runs, n_dims, n_samples = numbers[2], numbers[3], numbers[4]
    n_documents, first, with_gradients = numbers[5], numbers[6], numbers[7]
    own, following, other = number(real(numbers[8])), number(real(numbers[9])), number(real(numbers[10]))
    samples, documents = (n_runs, n_samples, n_dims), (n_runs, n_documents, n_dims)
    z = carray(pointer(numbers[11]), samples, number)
    mean = carray(pointer(numbers[12]), documents, number)
    log_variance = carray(pointer(numbers[13]), documents, number)
    upstream = carray(pointer(numbers[14]), samples, number)
    log_sums = carray(pointer(numbers[15]), samples, number)
    into_z = carray(pointer(numbers[16]), samples, number)
    into_mean = carray(pointer(numbers[17]), documents, number)
    into_log_variance = carray(pointer(numbers[18]), documents, number)
    mu, scale = np.empty(n_documents, number), np.empty(n_documents, number)
    constant, t = np.empty(n_documents, number), np.empty(n_documents, number)
    density, shares = np.empty(n_documents, number), np.empty(n_documents, number)
    firsts, squares = np.empty(n_documents, number), np.empty(n_documents, number)
    task = claimed(numbers)
    while task < n_runs * n_dims:
        of_run, k = task // n_dims, task % n_dims
        for m in range(n_documents):
            mu[m] = mean[of_run, m, k]
            scale[m] = np.exp(number(-0.5) * log_variance[of_run, m, k]) * number(math.sqrt(0.5 / LOG_2))
            constant[m] = (log_variance[of_run, m, k] + number(LOG_2PI)) * number(-0.5 / LOG_2)
            shares[m] = firsts[m] = squares[m] = 0
        for r in range(n_samples):
            at = z[of_run, r, k]
            for m in range(n_documents):
                t[m] = (at - mu[m]) * scale[m]
                density[m] = constant[m] - t[m] * t[m]
            if own != 0:
                density[first + r] += own
            if following != 0:
                density[(first + r + 1) % n_documents] += following
            highest = largest(density)
            total = number(0)
            for m in range(n_documents):
                density[m] = exp2(max(density[m] - highest, number(LOWEST_EXPONENT)))
                total += density[m]
            log_sums[of_run, r, k] = (highest + np.log2(total)) * number(LOG_2) + other
            if not with_gradients:
                continue
            share = upstream[of_run, r, k] / total
            pulled = number(0)
            for m in range(n_documents):
                of_document = density[m] * share
                pull = of_document * t[m]
                shares[m] += of_document
                firsts[m] += pull
                squares[m] += pull * t[m]
                pulled += pull * scale[m]
            into_z[of_run, r, k] = pulled * number(-2 * LOG_2)
        if with_gradients:
            for m in range(n_documents):
                into_mean[of_run, m, k] = number(2 * LOG_2) * scale[m] * firsts[m]
                into_log_variance[of_run, m, k] = number(LOG_2) * squares[m] - number(0.5) * shares[m]
        task = claimed(numbers)


@kernels.kernel
def _float32(numbers: Any) -> None:
    _loop(numbers, np.float32)


@kernels.kernel
def _float64(numbers: Any) -> None:
    _loop(numbers, np.float64)


LOOPS = {torch.float32: _float32, torch.float64: _float64}
