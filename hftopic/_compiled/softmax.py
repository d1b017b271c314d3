"""Log likelihood of sparse counts under a softmax, and its gradient by the logits, row by row.

It is that of :mod:`hftopic.networks.likelihood`. Each row of logits is in cache while it becomes
probabilities and then the gradient.
"""

from typing import Any

import numpy as np
import torch
from numba import carray
from torch import Tensor

from hftopic._compiled.kernels import claimed, exp2, kernel, largest, part, pointer
from hftopic._compiled.threads import run

LOWEST_EXPONENT = -126.0  # smaller powers of 2 are subnormal in float32


def score(logits: Tensor, bias: Tensor, batch: Any, gradient: bool) -> Tensor:
    """Σ_v x_v log2 p_v, where p is the softmax in base 2 of ``logits`` + ``bias``, shape (B,).

    Parameters
    ----------
    logits : Tensor, shape (B, V)
        They are overwritten, with the gradient of the sum of the scores in units of log 2 if it is asked for.
    bias : Tensor, shape (V,)
    batch : Batch
        The counts x of the documents, and their words.
    gradient : bool
    """
    scores = logits.new_empty(len(logits))
    documents = batch.counts, batch.words, batch.offsets
    run(LOOPS[logits.dtype], len(logits), *logits.shape, int(gradient), logits, bias, *documents, scores)
    return scores


@part()
def _loop(numbers: Any, number: Any) -> None:
    """All documents; ``number`` is the type of the tensors."""
    n_documents, n_words, with_gradient = numbers[2], numbers[3], numbers[4]
    all_logits = carray(pointer(numbers[5]), (n_documents, n_words), number)
    bias = carray(pointer(numbers[6]), (n_words,), number)
    offsets = carray(pointer(numbers[9]), (n_documents + 1,), np.int64)
    counts = carray(pointer(numbers[7]), (offsets[n_documents],), number)
    words = carray(pointer(numbers[8]), (offsets[n_documents],), np.int64)
    scores = carray(pointer(numbers[10]), (n_documents,), number)
    document = claimed(numbers)
    while document < n_documents:
        logits = all_logits[document]
        for v in range(n_words):
            logits[v] += bias[v]
        highest = largest(logits)
        at_words, length = number(0), number(0)
        for i in range(offsets[document], offsets[document + 1]):
            at_words += counts[i] * (logits[words[i]] - highest)
            length += counts[i]
        total = number(0)
        for v in range(n_words):
            logits[v] = exp2(max(logits[v] - highest, number(LOWEST_EXPONENT)))
            total += logits[v]
        scores[document] = at_words - length * np.log2(total)
        if with_gradient:
            share = -length / total
            for v in range(n_words):
                logits[v] *= share
            for i in range(offsets[document], offsets[document + 1]):
                logits[words[i]] += counts[i]
        document = claimed(numbers)


@kernel
def _float32(numbers: Any) -> None:
    _loop(numbers, np.float32)


@kernel
def _float64(numbers: Any) -> None:
    _loop(numbers, np.float64)


LOOPS = {torch.float32: _float32, torch.float64: _float64}
