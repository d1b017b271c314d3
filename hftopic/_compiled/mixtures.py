"""Logs of weighted sums of powers of 2, row by row, with their terms."""

from typing import Any

import numpy as np
import torch
from numba import carray
from torch import Tensor

from hftopic._compiled import kernels
from hftopic._compiled.kernels import LOG_2, LOWEST_EXPONENT, claimed, exp2, largest, pointer, real
from hftopic._compiled.threads import run


def mix_rows(bits: Tensor, weights: Any) -> tuple[Tensor, Tensor, Tensor]:
    """log Σ_m w_m 2^bits_rm, shape (R,), in nats, the terms as parts of the largest, (R, M), and their sums.

    Parameters
    ----------
    bits : Tensor, shape (R, M)
    weights : MixtureWeights
    """
    log_sums, totals, terms = bits.new_empty(len(bits)), bits.new_empty(len(bits)), torch.empty_like(bits)
    relative = (weights.own - weights.other) / LOG_2, (weights.following - weights.other) / LOG_2
    given = *bits.shape, weights.first, *relative, weights.other, bits
    run(LOOPS[bits.dtype], len(bits), *given, log_sums, totals, terms)
    return log_sums, terms, totals


@kernels.part()
def _loop(numbers: Any, number: Any) -> None:
    """All rows; ``number`` is the type of the tensors."""
    n_rows, n_documents, first = numbers[2], numbers[3], numbers[4]
    own, following, other = number(real(numbers[5])), number(real(numbers[6])), number(real(numbers[7]))
    bits = carray(pointer(numbers[8]), (n_rows, n_documents), number)
    log_sums = carray(pointer(numbers[9]), (n_rows,), number)
    totals = carray(pointer(numbers[10]), (n_rows,), number)
    all_terms = carray(pointer(numbers[11]), (n_rows, n_documents), number)
    r = claimed(numbers)
    while r < n_rows:
        terms = all_terms[r]
        for m in range(n_documents):
            terms[m] = bits[r, m]
        if own != 0:
            terms[first + r] += own
        if following != 0:
            terms[(first + r + 1) % n_documents] += following
        highest = largest(terms)
        total = number(0)
        for m in range(n_documents):
            terms[m] = exp2(max(terms[m] - highest, number(LOWEST_EXPONENT)))
            total += terms[m]
        totals[r] = total
        log_sums[r] = (highest + np.log2(total)) * number(LOG_2) + other
        r = claimed(numbers)


@kernels.kernel
def _float32(numbers: Any) -> None:
    _loop(numbers, np.float32)


@kernels.kernel
def _float64(numbers: Any) -> None:
    _loop(numbers, np.float64)


LOOPS = {torch.float32: _float32, torch.float64: _float64}
