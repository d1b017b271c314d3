"""What the compiled loops compute, with tensors."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from hftopic._compiled.loops import LOG_2, compiled
from hftopic._compiled.threads import run


def mix_runs(
    given: Sequence[Tensor], upstream: Sequence[Tensor], places: Sequence[Tensor], n_runs: int, weights: Any
) -> None:
    """Write log mixtures log Σ_m w_m q(z_e|x_m), and gradients of the sum of upstream times mixture.

    Parameters
    ----------
    given : sequence of Tensor
        Samples (R, K), means and log variances (M, K).
    upstream : sequence of Tensor
        One of shape (R, K), or none: no gradients are written then.
    places : sequence of Tensor
        Where to write the log mixtures (R, K), and the gradients of each of the given.
    n_runs : int
        Samples and documents are divided into so many equal runs.
    weights : MixtureWeights
    """
    z, mean, _ = given
    run(
        compiled("runs" if upstream else "mixtures", z.dtype),
        n_runs * z.shape[1],
        *(n_runs, z.shape[1], len(z) // n_runs, len(mean) // n_runs, weights.first),
        *_relative(weights),
        *(*given, *upstream, *(places if upstream else places[:1])),
    )


def mix_rows(bits: Tensor, weights: Any) -> tuple[Tensor, Tensor, Tensor]:
    """log Σ_m w_m 2^bits_rm, shape (R,), in nats, the terms as parts of the largest, (R, M), and their sums.

    Parameters
    ----------
    bits : Tensor, shape (R, M)
    weights : MixtureWeights
    """
    log_sums, totals, terms = bits.new_empty(len(bits)), bits.new_empty(len(bits)), torch.empty_like(bits)
    given = *bits.shape, weights.first, *_relative(weights), bits
    run(compiled("rows", bits.dtype), len(bits), *given, log_sums, totals, terms)
    return log_sums, terms, totals


def score(logits: Tensor, bias: Tensor, batch: Any, gradient: bool) -> Tensor:
    """Σ_v x_v log2 p_v, where p is the softmax in base 2 of ``logits`` + ``bias``, shape (B,).

    Each row of logits is in cache while it becomes probabilities, and then the gradient.

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
    run(
        compiled("scores", logits.dtype),
        len(logits),
        *logits.shape,
        int(gradient),
        logits,
        bias,
        *documents,
        scores,
    )
    return scores


def add_tile(logits: Tensor, start: int, batch: Any, sums: Sequence[Tensor]) -> None:
    """Add the logits of some words to sums over the words of each document.

    Parameters
    ----------
    logits : Tensor, shape (B, W)
        Those of the words from ``start`` on.
    start : int
    batch : Batch
        The counts x of the documents, sorted by word, and their words.
    sums : sequence of Tensor, each of shape (B,)
        They are overwritten: the place of the next count, int64; Σ_v x_v logits_v; a peak, -inf if nothing
        has been added; and Σ_v 2^(logits_v - peak).
    """
    documents = batch.counts, batch.words, batch.offsets
    run(compiled("tiles", logits.dtype), len(logits), *logits.shape, start, logits, *documents, *sums)


def _relative(weights: Any) -> tuple[float, float, float]:
    """Log weights of the own and of the following document in bits, less that of others, and that in nats."""
    own, following = weights.own - weights.other, weights.following - weights.other
    return own / LOG_2, following / LOG_2, weights.other
